"""Fusing arrays: the pure function, a model that does it, and the one call for who wants no more.

The one call is `fused = mfjax.fuse(ir, vis, size=(480, 640))`. With a model of one's own choice it is
`fused, ir, vis = mfjax.load("default")(ir, vis, size=(480, 640))`, and `Fuser.apply` is its pure function:
`jax.grad(lambda ir: fuser.apply(ir, vis, size=(480, 640)).fused.mean())(ir)`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from mfjax import images, weights
from mfjax.errors import MfjaxError
from mfjax.inference import sizes
from mfjax.inference.backends import Backend, Which, choose
from mfjax.inference.colour import Color
from mfjax.inference.composition import Fusion, Progress, Source, TileSide
from mfjax.inference.engines import Engine, Precision
from mfjax.inference.pure import fuse_any
from mfjax.inference.request import Request
from mfjax.inference.sources import IrRange
from mfjax.inference.stepping import LARGEST_FACTOR, averaged, is_average, largest_factor, plan
from mfjax.model import FusionOutput, ModelConfig

USUAL = 512, 1024  # what size images are expected to have before one is seen


def fuse_luma(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: ArrayLike,
    vis: ArrayLike,
    *,
    size: sizes.Size,
    largest_factor: float = LARGEST_FACTOR,
) -> FusionOutput:
    """Fused and super-resolved luma, linear (not clipped). Pure: jit it, vmap it, differentiate it.

    Args:
        config: the network's architecture (static under `jit`).
        params: its parameters.
        ir: infrared luma in [0, 1], [h, w] or a batch [n, h, w].
        vis: visible luma in [0, 1] of the same view, [h', w'] or [n, h', w'].
        size: the output's (H, W), any (static under `jit`).
        largest_factor: by which the network enlarges at once, as far as it was trained (static under `jit`); more is
            done in steps. A source that is larger than the output is averaged to it first.

    Returns:
        `.fused .ir .vis`, each [H, W] or [n, H, W].

    Raises:
        MfjaxError: the sources are not both [h, w] or both [n, h, w] of one n, are integers, or the size is empty.
    """
    sizes.check_request(size, None)
    if not sizes.are_luma(np.shape(ir), np.shape(vis)):
        raise MfjaxError(
            f"infrared has shape {np.shape(ir)} and visible {np.shape(vis)}; pass luma, both [h, w] or both [n, h, w]"
        )
    for name, image in (("infrared", ir), ("visible", vis)):
        if not jnp.issubdtype(jnp.result_type(image), jnp.floating):
            raise MfjaxError(f"{name} is {jnp.result_type(image)}; pass floats in [0, 1]")
    sources = [jnp.asarray(image, jnp.float32)[..., None] for image in (ir, vis)]  # [(n,) h, w, 1]
    single = sources[0].ndim == 3
    if single:
        sources = [image[None] for image in sources]
    out = fuse_any(config, params, *sources, size=size, largest_factor=largest_factor)  # each [n, H, W, 1]
    return jax.tree.map(lambda image: image[0, ..., 0] if single else image[..., 0], out)


@dataclass(frozen=True, eq=False)
class Fuser:
    """A model that fuses an infrared and a visible image of any two sizes to any third.

    The first call compiles programs, which takes some seconds; later ones use them for images of other sizes, too.
    """

    config: ModelConfig
    params: Mapping[str, Any]
    backend: Backend  # what does the work
    metadata: Mapping[str, str] = field(default_factory=dict)  # how the model was trained

    @classmethod
    def of(
        cls,
        config: ModelConfig,
        params: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        *,
        engine: Engine = "auto",
        precision: Precision = "auto",
    ) -> Self:
        """Returns the fuser of an architecture and its parameters; the options are those of `load`."""
        metadata = metadata or {}
        largest = largest_factor(metadata)
        backend = choose(config, params, engine=engine, precision=precision, largest_factor=largest)
        return cls(config, params, backend, metadata)

    def __call__(
        self,
        ir: ArrayLike,
        vis: ArrayLike,
        *,
        size: sizes.PartialSize | None = None,
        scale: float | None = None,
        color: Color = "auto",
        ir_range: IrRange = "full",
        stretch: bool = False,
        tile: TileSide = "auto",
        progress: Progress = iter,
    ) -> Fusion:
        """The fused image and both sources, super-resolved to its size, clipped to their type's range.

        Args:
            ir: infrared [h, w] or RGB [h, w, 3] (its luma is used), uint8, uint16 or float in [0, 1].
            vis: visible [h', w'] or RGB [h', w', 3], likewise; it shows the same field of view.
            size: (height, width) of the output; one may be None and follows from the larger source's aspect.
                By default the larger source's size.
            scale: instead of `size`: times the larger source's.
            color: "auto" gives colour if `vis` is RGB, "gray" never, "color" insists on it.
            ir_range: the infrared values that are black and white: "full" range of the type, "auto" from the
                image's own 0.1 and 99.9 percentiles (for raw thermal data), or (low, high) in its units.
            stretch: fuse sources whose aspects differ by more than 20 %.
            tile: pixels a side of the parts that the images are made in, to take less memory. The result does not
                depend on it. "auto" is what makes little work, within the memory that is free.
            progress: wraps the parts, each of which comes twice, such as `tqdm.tqdm`.

        Returns:
            `.fused .ir .vis` as NumPy arrays of the sources' type; where these differ, of the finer one
            (`np.result_type`: uint16 for uint8 and uint16, float32 for an integer type and float32).

        Raises:
            MfjaxError: the sources or options are not as above, a tile is too small for these sizes, or the memory
                would not suffice.
            MemoryError: it did not suffice.
        """
        options: dict[str, Any] = {"size": size, "scale": scale, "color": color, "ir_range": ir_range}
        request = Request.of(ir, vis, stretch=stretch, largest_factor=self.largest_factor, **options)
        return self._fuse(request, tile, progress)

    def batch(
        self, ir: Iterable[ArrayLike], vis: Iterable[ArrayLike], *, tile: TileSide = "auto", **options: Any
    ) -> list[Fusion]:
        """What a call gives for each of many pairs, of any sizes.

        On GPUs and on several devices, pairs of equal sizes are fused at once, spread over all of them; what they give
        is that of a call but for rounding.

        Args:
            ir: infrared images, as of a call.
            vis: as many visible ones.
            tile: as of a call; with it, pairs are fused one by one.
            options: `size`, `scale`, `color`, `ir_range` and `stretch` of a call, for all pairs.

        Raises:
            ValueError, MemoryError: as a call does for any of the pairs; or there are not as many of both.
        """
        options["largest_factor"] = self.largest_factor
        return self.fulfil([Request.of(*pair, **options) for pair in zip(ir, vis, strict=True)], tile=tile)

    def fulfil(self, requests: Sequence[Request], *, tile: TileSide = "auto") -> list[Fusion]:
        """What each of many requests asks for; `batch` makes them of its arguments."""
        groups: dict[Any, list[int]] = defaultdict(list)
        for i, request in enumerate(requests):
            groups[request.shapes].append(i)
        made: dict[int, Fusion] = {}
        for numbers in groups.values():
            made |= zip(numbers, self._fuse_group([requests[i] for i in numbers], tile), strict=True)
        return [made[i] for i in range(len(requests))]

    @property
    def at_once(self) -> int:
        """How many pairs `batch` can make use of at least: 1, or as many as there are devices, or more on GPUs."""
        return max(1, self.backend.at_once(USUAL))

    def apply(self, ir: ArrayLike, vis: ArrayLike, *, size: sizes.Size) -> FusionOutput:
        """`fuse_luma` with this model: pure, for `jax.jit`, `jax.vmap` and `jax.grad`."""
        return fuse_luma(self.config, self.params, ir, vis, size=size, largest_factor=self.largest_factor)

    @cached_property
    def largest_factor(self) -> float:
        """The factor up to which the network was trained, and enlarges at once; more is done in steps."""
        return largest_factor(self.metadata)

    def source(self, luma: np.ndarray, which: Which, size: sizes.Size) -> Source:
        """Luma in [0, 1], `[h, w]`, and what is found in it, nearly all of the work: to `compose` it several times.

        What is too large or too small for an output of that size is averaged or enlarged first.
        """
        own = luma.shape[0], luma.shape[1]
        first, *larger = plan(own, size, self.largest_factor)
        source = self.backend.extract(averaged(luma, first), which)
        for step in larger:
            enlarged = self.backend.enlarge(source, which, step)
            source = self.backend.extract(averaged(enlarged, size), which)
        return source._replace(is_average=is_average(own, size))

    def compose(self, ir: Source, vis: Source, size: sizes.Size, **options: Any) -> Fusion:
        """The three images of two sources made for that size, luma; `options` are those of `Backend.compose`."""
        return self.backend.compose(ir, vis, size, **options)

    def _fuse(self, request: Request, tile: TileSide, progress: Progress = iter) -> Fusion:
        made = self.compose(  # whose sources are not held while colour is made
            self.source(request.ir, "ir", request.size),
            self.source(request.vis, "vis", request.size),
            request.size,
            dtypes=request.made_in,
            tile=tile,
            progress=progress,
        )
        return request.finish(made)

    def _fuse_group(self, group: list[Request], tile: TileSide) -> Iterator[Fusion]:
        """What each of some requests of equal sizes asks for."""
        first = group[0]
        if tile != "auto" or len(group) == 1 or not self.backend.at_once(*first.shapes):
            yield from (self._fuse(request, tile) for request in group)
            return
        made = self.backend.batch([each.ir for each in group], [each.vis for each in group], first.size)
        for request, fusion in zip(group, made, strict=True):
            yield request.finish(Fusion(*map(images.from_float, fusion, request.made_in)))


def load(name_or_path: str | Path = "default", *, engine: Engine = "auto", precision: Precision = "auto") -> Fuser:
    """A bundled model by its name (`mfjax.weights.available()`), or one from a weights file.

    Args:
        name_or_path: the name or the file.
        engine: what does the work: "xla", or on CPUs "openvino" (`pip install 'mfjax[cpu]'`), which is faster and
            compiles faster, and leaves to XLA what follows the extractor where factors are not whole numbers; "auto"
            takes it where it is installed.
        precision: that features are extracted in, "float32" or "bfloat16"; "auto" is bfloat16 on GPUs.

    Raises:
        FileNotFoundError: there is none.
        MfjaxError: the file is not a weights file, or one of another architecture; or the engine is not installed.
    """
    config, params, metadata = weights.load(name_or_path)
    return Fuser.of(config, jax.device_put(params), metadata, engine=engine, precision=precision)


def fuse(
    ir: ArrayLike,
    vis: ArrayLike,
    *,
    size: sizes.PartialSize | None = None,
    scale: float | None = None,
    color: Color = "auto",
    ir_range: IrRange = "full",
    stretch: bool = False,
) -> np.ndarray:
    """The fused image of a pair by the default model, [H, W] or [H, W, 3], in the sources' type.

    Arguments and errors are those of a `Fuser`'s call, and the first call loads the model.
    """
    fuser = _default_fuser()
    return fuser(ir, vis, size=size, scale=scale, color=color, ir_range=ir_range, stretch=stretch).fused


_default_fuser = cache(partial(load, "default"))
