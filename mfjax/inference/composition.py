"""Composing the three images from two sources and their features, tile by tile.

Memory besides that of the images does not grow with their size. The network has two statistics of whole images: the
relation of channels, which weights them in channel attention, and the level about which contrast is raised. So all
tiles are super-resolved first, and then fused with the statistics of all tiles. In between, super-resolved tiles are
kept, or made again where memory does not suffice.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from mfjax import images, representation
from mfjax.alignment.windows import Window
from mfjax.errors import MfjaxError
from mfjax.inference import sizes, tiles, watching, windows
from mfjax.inference.canvases import TileSide, choose_tiling
from mfjax.inference.fusion import Fusion
from mfjax.inference.pure import branches_of
from mfjax.inference.tiles import Tile, Tiling
from mfjax.model import ModelConfig
from mfjax.model.extent import Extent
from mfjax.model.network import Branch, FusionBranch, Summary, SuperResolutionBranch
from mfjax.model.placement import Placement
from mfjax.size import Size

Params = Mapping[str, Any]
Progress = Callable[[Sequence[Tile]], Iterable[Tile]]


class Source(NamedTuple):
    """A source image and its features."""

    image: np.ndarray  # luma in [0, 1], [h, w]
    features: np.ndarray  # F^dw, [h, w, c]
    is_average: bool = False  # True: it is the average of a larger image, and so its own super-resolved image
    window: Window | None = None  # the part of the output that it covers; None: it covers it exactly

    def __repr__(self) -> str:
        image, features = map(representation.array, (self.image, self.features))
        return f"Source(image {image}, features {features}, is_average={self.is_average}, window={self.window!r})"

    @property
    def size(self) -> Size:
        """Returns (height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def size_under(self) -> Size:
        """Returns the (height, width) of what lies under the output, rounded down."""
        return self.size if self.window is None else self.window.under(self.size)

    def shown(self, made: np.ndarray, part: tuple[slice, ...] = ()) -> np.ndarray:
        """Returns the image to show as this source super-resolved: the network's, or the source if it is an average.

        Args:
            made: the network's image of a part of the output.
            part: the rows and columns of that part; by default all.
        """
        return self.image[part] if self.is_average else made


def compose(
    config: ModelConfig,
    params: Params,
    sources: tuple[Source, Source],
    size: Size,
    *,
    dtypes: tuple[DTypeLike, DTypeLike, DTypeLike] = (np.float32,) * 3,
    tile: TileSide = "auto",
    progress: Progress = iter,
    seen: np.ndarray | None = None,
    exact: bool = False,
) -> Fusion:
    """Returns the three images at `size`, clipped to [0, 1] and in the ranges of their types.

    Args:
        config: the network's architecture.
        params: its parameters.
        sources: infrared, visible; neither larger than the output along any axis.
        size: the output's (height, width).
        dtypes: types of the fused, infrared and visible image.
        tile: pixels a side of a canvas; "auto" chooses a size that takes little work.
        progress: wraps the tiles, each of which comes twice, such as `tqdm.tqdm`.
        seen: true where both sources show something, `[H, W]`; whole images' statistics are of these pixels. By default
            they do so everywhere.
        exact: predict all filters, also where interpolated ones are faster and give the same to 0.05 gray levels.

    Raises:
        MfjaxError: tiles of that size are too small for these factors, or a source is larger than the output.
    """
    for rows, cols in (source.size_under for source in sources):
        if rows > size[0] or cols > size[1]:
            raise MfjaxError(
                f"a source is {rows}x{cols}, larger than the output of {size[0]}x{size[1]}; "
                "make it by Fuser.source for that size"
            )
    tiled = choose_tiling(config, [source.size_under for source in sources], size, tile)
    keep = len(tiled.tiles) * _branch_bytes(config, tiled.canvas) <= sizes.working_memory()
    out = Fusion(*(np.empty(size, dtype) for dtype in dtypes))
    branches = branches_of(config, params)

    def super_resolved(each: Tile) -> list[tuple[Branch, jax.Array]]:
        """Returns both sources super-resolved under a tile, each with the relation of its channels."""
        pairs = zip(branches, sources, strict=True)
        options = size, tiled, seen, exact
        return [_super_resolved_tile(config, branch, source, each, *options) for branch, source in pairs]

    kept: list[Sequence[Branch]] = []
    totals = _Totals(config.features)
    steps = iter(progress(2 * tiled.tiles))
    for each in itertools.islice(steps, len(tiled.tiles)):
        found, relations = zip(*super_resolved(each), strict=True)
        made = [_own(branch.image, each) for branch in found]
        for to, source, image in zip(out[1:], sources, made, strict=True):
            to[_place(each)] = stored(source.shown(image, _place(each)), to.dtype)
        totals.add(relations, made[0], made[1], None if seen is None else seen[_place(each)])
        if keep:
            kept.append(found)
        watching.composed(made[0].size)

    summary = totals.summary()
    for i, each in enumerate(steps):
        pair = kept[i] if keep else [branch for branch, _ in super_resolved(each)]
        fused = _fuse(config, params["fusion"], *pair, summary, tiles.extent(each, size))
        out.fused[_place(each)] = stored(_own(fused, each), out.fused.dtype)
        watching.composed(out.fused[_place(each)].size)
    return out


class _Totals:
    """Sums over tiles, in double precision, of the statistics of whole images that the fusion branch needs."""

    def __init__(self, features: int) -> None:
        self._relations, self._level, self._pixels = np.zeros((2, 1, 1, 1, features)), 0.0, 0

    def add(
        self, relations: Sequence[jax.Array], ir: np.ndarray, vis: np.ndarray, seen: np.ndarray | None = None
    ) -> None:
        """Adds both sources' relations of channels under a tile, and its super-resolved pixels that are `seen`."""
        self._relations += [np.asarray(relation, np.float64) for relation in relations]
        larger = np.where(np.abs(ir) >= np.abs(vis), ir, vis)  # `select_by_magnitude`
        self._level += float(larger.sum(dtype=np.float64, where=True if seen is None else seen))
        self._pixels += larger.size if seen is None else int(np.count_nonzero(seen))

    def summary(self) -> Summary:
        """Returns the statistics of all pixels."""
        pixels = max(self._pixels, 1)
        ir, vis = (self._relations / pixels).astype(np.float32)
        return Summary((ir, vis), np.full((1, 1, 1, 1), self._level / pixels, np.float32))


def enlarge(config: ModelConfig, branch: Params, source: Source, size: Size) -> np.ndarray:
    """Returns a source super-resolved to a size that is no smaller, float32 `[H, W]` clipped to [0, 1].

    Args:
        config: the network's architecture.
        branch: the parameters of the source's super-resolution branch.
        source: the source.
        size: the output's (height, width).
    """
    tiled = choose_tiling(config, [source.size], size, "auto")
    out = np.empty(size, np.float32)
    for each in tiled.tiles:
        found, _ = _super_resolved_tile(config, branch, source, each, size, tiled)
        out[_place(each)] = np.clip(_own(found.image, each), 0, 1)
        watching.composed(out[_place(each)].size)
    return out


def stored(image: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """Returns an image clipped to [0, 1] and converted to a type and its range.

    Args:
        image: the image, of any shape.
        dtype: the type.
    """
    return images.from_float(np.clip(image, 0, 1), dtype)


def _place(tile: Tile) -> tuple[slice, slice]:
    """Returns the rows and columns of the output that a tile makes."""
    return tile.rows.own, tile.cols.own


def _own(image: jax.Array, tile: Tile) -> np.ndarray:
    """Returns a tile's own pixels, `[rows, cols]`, of an image of its canvas, `[1, H, W, 1]`."""
    return np.asarray(image)[0, tile.rows.inner, tile.cols.inner, 0]


def _refined(
    config: ModelConfig, params: Params, image: jax.Array, features: jax.Array, placement: Placement
) -> Branch:
    branch: Any = SuperResolutionBranch(config).apply({"params": params}, image, features, placement, method="refine")
    return branch


def _super_resolved_tile(
    config: ModelConfig,
    params: Params,
    source: Source,
    tile: Tile,
    size: Size,
    tiled: Tiling,
    seen: np.ndarray | None = None,
    exact: bool = False,
) -> tuple[Branch, jax.Array]:
    """Returns a source super-resolved under a tile's canvas, and its channels' relation summed over own seen pixels."""
    window, own_size = source.window, source.size
    if window is None:
        factor, first = tiles.whole_factor(own_size, size), tiles.corner(tile, own_size, size)
        placement = tiles.placement(tile, own_size, size, tiled.canvas, exact=exact)
    else:
        factor, first = None, windows.corner(tile, own_size, size, window)
        placement = windows.placement(tile, own_size, size, tiled.canvas, window, exact=exact)
    here = first, tiles.source_canvas(tiled.canvas, factor)
    image, features = (tiles.cut(a, *here)[None] for a in (source.image, source.features))
    own = np.zeros(tiled.canvas, bool)
    own[tile.rows.inner, tile.cols.inner] = True if seen is None else seen[_place(tile)]
    return _super_resolve(config, tiled.canvas, factor, params, image[..., None], features, placement, own)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _super_resolve(
    config: ModelConfig,
    canvas: Size,
    factor: int | None,
    params: Params,
    image: jax.Array,
    features: jax.Array,
    placement: Placement,
    own: jax.Array,
) -> tuple[Branch, jax.Array]:
    if factor is not None:
        up, down = tiles.whole_grids(canvas, factor)
        placement = placement._replace(up=up, down=down)
    branch = _refined(config, params, image, features, placement)
    mine = jnp.where(own[..., None], branch.upscaled, 0)
    return branch, (mine * mine.sum(axis=-1, keepdims=True)).sum(axis=(1, 2), keepdims=True)


@functools.partial(jax.jit, static_argnums=0)
def _fuse(config: ModelConfig, params: Params, ir: Branch, vis: Branch, summary: Summary, extent: Extent) -> jax.Array:
    fused: Any = FusionBranch(config, extent).apply({"params": params}, ir, vis, summary)
    return fused


def _branch_bytes(config: ModelConfig, canvas: Size) -> int:
    """Returns the bytes that a tile of both branches takes: images, upscaled features and residuals, in float32."""
    return 2 * 4 * math.prod(canvas) * (1 + (1 + config.compensations) * config.features)
