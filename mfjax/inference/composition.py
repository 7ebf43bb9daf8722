"""From two sources and their features to the three images: tile by tile, in memory that grows with the picture only.

Two numbers of the network are of whole images: the relation of channels, from which channel attention weighs them, and
the level about which contrast is raised. So all tiles are super-resolved, and then fused with what was found in all.
Super-resolved tiles are kept for that, or made again where the memory does not suffice.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.inference import sizes, tiles
from mfjax.inference.tiles import Tile, Tiling
from mfjax.model import ModelConfig
from mfjax.model.extent import Extent
from mfjax.model.network import Branch, FusionBranch, Summary, SuperResolutionBranch
from mfjax.model.placement import Placement, Size

# A picture is worked on in canvases of the first of these sizes that shows what a pixel depends on: of the first, but
# for networks of many compensations, and so by few programs.
CANVASES = ((288, 384), (512, 640), (1024, 1280), (2048, 2560))

Params = Mapping[str, Any]
TileSide = int | Literal["auto"]
Progress = Callable[[Sequence[Tile]], Iterable[Tile]]


class Whole(Protocol):
    """What makes the three images at once, for some sizes."""

    def takes(self, sources: Sequence[Size], size: Size) -> bool:
        """Whether it does for these."""

    def __call__(self, images: Sequence[np.ndarray], features: Sequence[np.ndarray], size: Size) -> list[np.ndarray]:
        """Fused, infrared and visible, linear, `[H, W]`."""


class Source(NamedTuple):
    """A source, what the extractor found in it, and what makes an image of both."""

    image: np.ndarray  # luma in [0, 1], [h, w]
    features: np.ndarray  # F^dw, [h, w, c]
    params: Params  # of its super-resolution branch
    is_average: bool = False  # of a larger one: it is its own super-resolved image, of the output's size

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def shown(self, made: np.ndarray, part: tuple[slice, ...] = ()) -> np.ndarray:
        """What to give as super-resolved for a part of the output, of which the network made that."""
        return self.image[part] if self.is_average else made


class Fusion(NamedTuple):
    """What fusing a pair gives, each of the output's size."""

    fused: np.ndarray  # [H, W], or [H, W, 3] in colour
    ir: np.ndarray  # [H, W], the super-resolved infrared source
    vis: np.ndarray  # [H, W], or [H, W, 3] in colour, the super-resolved visible source


def compose(
    config: ModelConfig,
    fusion: Params,
    sources: tuple[Source, Source],
    size: Size,
    *,
    dtypes: tuple[DTypeLike, DTypeLike, DTypeLike] = (np.float32,) * 3,
    tile: TileSide = "auto",
    progress: Progress = iter,
    whole: Whole | None = None,
) -> Fusion:
    """The three images at `size`, clipped to [0, 1] and in the ranges of their types.

    Args:
        config: the network's architecture.
        fusion: the parameters of its fusion branch.
        sources: infrared, visible; neither larger than the output along any axis.
        size: the output's (height, width).
        dtypes: of fused, infrared and visible.
        tile: pixels a side of a canvas; "auto" is what makes little work.
        progress: wraps the tiles, each of which comes twice.
        whole: what makes images without tiles, where it can.

    Raises:
        ValueError: tiles of that size are too small for these factors, or a source is larger than the output.
    """
    as_fused, as_ir, as_vis = dtypes

    def stored(image: ArrayLike, dtype: DTypeLike) -> np.ndarray:
        return images.from_float(np.clip(np.asarray(image), 0, 1), dtype)

    shapes = [source.size for source in sources]
    if larger := [shape for shape in shapes if shape[0] > size[0] or shape[1] > size[1]]:
        there, here = (f"{rows}x{cols}" for rows, cols in (larger[0], size))
        raise MfjaxError(
            f"a source is {there}, larger than the output of {here}; make it by Fuser.source for that size"
        )
    if tile == "auto" and whole is not None and whole.takes(shapes, size):
        made = whole([each.image for each in sources], [each.features for each in sources], size)
        made[1:] = (source.shown(image) for source, image in zip(sources, made[1:], strict=True))
        return Fusion(*map(stored, made, dtypes))

    tiled = choose_tiling(config, shapes, size, tile)
    keep = len(tiled.tiles) * _branch_bytes(config, tiled.canvas) <= sizes.working_memory()
    out = Fusion(*(np.empty(size, dtype) for dtype in dtypes))
    kept: list[list[Branch]] = []
    relations, level = np.zeros((2, 1, 1, 1, config.features)), 0.0
    steps = iter(progress(2 * tiled.tiles))
    for each in itertools.islice(steps, len(tiled.tiles)):
        own, inner = (each.rows.own, each.cols.own), (each.rows.inner, each.cols.inner)
        found = [_of_tile(config, source, each, size, tiled) for source in sources]
        ir, vis = (np.asarray(branch.image)[0, *inner, 0] for branch, _ in found)
        out.ir[own], out.vis[own] = (
            stored(source.shown(image, own), dtype)
            for source, image, dtype in zip(sources, (ir, vis), (as_ir, as_vis), strict=True)
        )
        relations += [np.asarray(relation, np.float64) for _, relation in found]
        level += float(np.where(np.abs(ir) >= np.abs(vis), ir, vis).sum(dtype=np.float64))  # of `select_by_magnitude`
        if keep:
            kept.append([branch for branch, _ in found])

    of_ir, of_vis, mean = (
        np.asarray(total / math.prod(size), np.float32) for total in (*relations, np.full((1, 1, 1, 1), level))
    )
    summary = Summary((of_ir, of_vis), mean)
    for i, each in enumerate(steps):
        branches = kept[i] if keep else [_of_tile(config, source, each, size, tiled)[0] for source in sources]
        fused = _fuse(config, fusion, *branches, tiles.extent(each, size), summary)
        own, inner = (each.rows.own, each.cols.own), (each.rows.inner, each.cols.inner)
        out.fused[own] = stored(np.asarray(fused)[0, *inner, 0], as_fused)
    return out


def enlarge(config: ModelConfig, source: Source, size: Size) -> np.ndarray:
    """A source super-resolved to a size that is no smaller, float32 `[H, W]` clipped to [0, 1]."""
    tiled = choose_tiling(config, [source.size], size, "auto")
    out = np.empty(size, np.float32)
    for each in tiled.tiles:
        branch, _ = _of_tile(config, source, each, size, tiled)
        found = np.asarray(branch.image)[0, each.rows.inner, each.cols.inner, 0]
        out[each.rows.own, each.cols.own] = np.clip(found, 0, 1)
    return out


def choose_tiling(config: ModelConfig, sources: Sequence[Size], size: Size, tile: TileSide) -> Tiling:
    """How to work on an output: in canvases of `tile` pixels a side, or by "auto" of one of `CANVASES`.

    Raises:
        ValueError: they are too small for these factors.
    """
    if tile != "auto":
        return _of_side(config, sources, size, tile)
    for canvas in CANVASES:
        try:
            return tiles.tiling(config, sources, size, canvas)
        except ValueError as error:
            too_small = error
    raise too_small


def _of_side(config: ModelConfig, sources: Sequence[Size], size: Size, tile: int) -> Tiling:
    """The output in canvases of `tile` pixels a side, rounded up to what canvases are multiples of."""
    largest = max(itertools.chain(size, *sources)) + tiles.ALIGNED  # has room for all of the images
    first = -(-min(max(tile, 1), largest) // tiles.ALIGNED) * tiles.ALIGNED
    for side in itertools.count(first, tiles.ALIGNED):
        try:
            tiled = tiles.tiling(config, sources, size, (side, side))
        except ValueError:
            continue
        if side > first or tile < 1:
            raise MfjaxError(f"tile is {tile}; for these sizes it must be at least {side}")
        return tiled
    raise AssertionError("there is always one")


def _refined(
    config: ModelConfig, params: Params, image: jax.Array, features: jax.Array, placement: Placement
) -> Branch:
    branch: Any = SuperResolutionBranch(config).apply({"params": params}, image, features, placement, method="refine")
    return branch


def _of_tile(config: ModelConfig, source: Source, tile: Tile, size: Size, tiled: Tiling) -> tuple[Branch, jax.Array]:
    """A source super-resolved under a tile's canvas, and the relation of channels summed over the tile's own pixels."""
    factor = tiles.whole_factor(source.size, size)
    here = tiles.corner(tile, source.size, size), tiles.source_canvas(tiled.canvas, factor)
    image, features = (tiles.cut(a, *here)[None] for a in (source.image, source.features))
    placement = tiles.placement(tile, source.size, size, tiled.canvas)
    own = [(np.int32(part.inner.start), np.int32(part.inner.stop)) for part in tile]
    return _super_resolve(config, tiled.canvas, factor, source.params, image[..., None], features, placement, own)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _super_resolve(
    config: ModelConfig,
    canvas: Size,
    factor: int | None,
    params: Params,
    image: jax.Array,
    features: jax.Array,
    placement: Placement,
    own: Sequence[tuple[jax.Array, jax.Array]],
) -> tuple[Branch, jax.Array]:
    if factor is not None:
        up, down = tiles.whole_grids(canvas, factor)
        placement = placement._replace(up=up, down=down)
    branch = _refined(config, params, image, features, placement)
    rows, cols = ((first <= i) & (i < end) for (first, end), i in zip(own, map(jnp.arange, canvas), strict=True))
    mine = jnp.where((rows[:, None] & cols)[..., None], branch.upscaled, 0)
    return branch, (mine * mine.sum(axis=-1, keepdims=True)).sum(axis=(1, 2), keepdims=True)


@functools.partial(jax.jit, static_argnums=0)
def _fuse(config: ModelConfig, params: Params, ir: Branch, vis: Branch, extent: Extent, summary: Summary) -> jax.Array:
    fused: Any = FusionBranch(config).apply({"params": params}, ir, vis, extent, summary)
    return fused


def _branch_bytes(config: ModelConfig, canvas: Size) -> int:
    """Of both branches of a tile: image, upscaled features and residuals, in float32."""
    return 2 * 4 * math.prod(canvas) * (1 + (1 + config.compensations) * config.features)
