"""Fusing arrays by a model.

The call is `fused, ir, vis = fuser(ir, vis, size=(480, 640))`, and `Fuser.apply` is its pure function:
`jax.grad(lambda ir: fuser.apply(ir, vis, size=(480, 640)).fused.mean())(ir)`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, Unpack

import jax
import numpy as np
from jax.typing import ArrayLike

from mfjax import images
from mfjax.alignment.frames import View
from mfjax.alignment.tracking import Tracker
from mfjax.alignment.windows import Window
from mfjax.inference import inputs, sizes, views, watching
from mfjax.inference.aligning import align
from mfjax.inference.backends import Backend, Sensor, choose
from mfjax.inference.canvases import TileSide
from mfjax.inference.colour import Color
from mfjax.inference.composition import Progress, Source
from mfjax.inference.detail import params_for
from mfjax.inference.engines import Engine, Precision
from mfjax.inference.fusion import Fusion
from mfjax.inference.inputs import Image
from mfjax.inference.pure import fuse_luma
from mfjax.inference.ranges import IrRange
from mfjax.inference.request import FuseOptions, Request
from mfjax.inference.stepping import averaged, is_average, largest_factor, plan_sizes
from mfjax.inference.views import Align
from mfjax.model import FusionOutput, ModelConfig
from mfjax.size import Size

USUAL_SIZE = 512, 1024  # size that images are assumed to have before any is read


@dataclass(frozen=True, eq=False)
class Fuser:
    """A model that fuses an infrared and a visible image of any two sizes to any third.

    The first call compiles programs, which takes some seconds; later ones use them for images of other sizes, too.
    """

    config: ModelConfig
    params: Mapping[str, Any]
    backend: Backend  # the model on an engine
    metadata: Mapping[str, str] = field(default_factory=dict)  # the weights file's metadata: how the model was trained

    def __repr__(self) -> str:
        parameters = sum(leaf.size for leaf in jax.tree.leaves(self.params))
        engine = type(self.backend).__name__
        return f"Fuser({self.config!r}, {parameters:,} parameters, {engine}, ×{self.largest_factor:g} in one pass)"

    @classmethod
    def of(
        cls,
        config: ModelConfig,
        params: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        *,
        engine: Engine = "auto",
        precision: Precision = "auto",
        detail: float = 1.0,
    ) -> Self:
        """Returns the fuser of an architecture and its parameters.

        Args:
            config: the network's architecture.
            params: its parameters.
            metadata: a weights file's metadata; by default none, as of a model that was trained at the paper's factors.
            engine: as of `mfjax.load`.
            precision: as of `mfjax.load`.
            detail: as of `mfjax.load`.

        Raises:
            MfjaxError: as of `mfjax.load`.
        """
        params = params_for(detail, config, params)
        metadata = metadata or {}
        largest = largest_factor(metadata)
        backend = choose(config, params, engine=engine, precision=precision, largest_factor=largest)
        return cls(config, params, backend, metadata)

    def __call__(
        self,
        ir: Image,
        vis: Image,
        *,
        size: sizes.PartialSize | None = None,
        scale: float | None = None,
        color: Color = "auto",
        ir_range: IrRange = None,
        stretch: bool = False,
        align: Align = None,
        view: View = "visible",
        tile: TileSide = "auto",
        progress: Progress = iter,
    ) -> Fusion:
        """Returns the fused image and both sources, super-resolved to its size, clipped to their type's range.

        Args:
            ir: infrared [h, w] or RGB [h, w, 3] (its luma is used), uint8, uint16 or float in [0, 1]; or a file, which
                is read by the rules of `mfjax fuse`, so that of a thermal camera's file the temperatures are fused.
            vis: visible [h', w'] or RGB [h', w', 3], likewise; of the same field of view, unless `align` is given.
            size: (height, width) of the output; one may be None and follows from the larger source's aspect.
                By default the larger source's size.
            scale: instead of `size`: the output's size as a multiple of the larger source's.
            color: "auto" gives colour if `vis` is RGB, "gray" never, and "color" always, so `vis` must be RGB.
            ir_range: the infrared values that are black and white: "full", the range of the type; "auto", the image's
                own 0.1 and 99.9 percentiles (for raw thermal data); or (low, high) in its units. By default "full",
                but "auto" for 16 bits of which at most a quarter of the range is used, which is logged. With a range,
                NaN are shown as the coldest.
            stretch: fuse sources even if their aspects differ by more than 20 %.
            align: the position of the visible image under the infrared one: "auto" finds it, an `mfjax.Alignment` or
                its matrix, a rig file, or an `mfjax.alignment.Tracker`, for which this is the next frame of a sequence.
                By default, and by "none", both show the same field of view.
            view: what the output shows: with `align`, "visible" or "infrared" is that camera's view, in which the fused
                image softly becomes that camera's where the other shows nothing; "overlap" is the largest upright
                rectangle that both show. The default size is then that of the source that is finer in this view.
            tile: pixels a side of the tiles in which the images are made; smaller tiles take less memory. The result
                does not depend on it. "auto" chooses a size that takes little work and fits into the free memory.
            progress: wraps the tiles, each of which comes twice, such as `tqdm.tqdm`.

        Returns:
            `.fused .ir .vis` as NumPy arrays of the sources' type; where these differ, of the finer one
            (`np.result_type`: uint16 for uint8 and uint16, float32 for an integer type and float32).

        Raises:
            FileNotFoundError: there is no such image or rig file.
            MfjaxError: the sources or options are not as above, a tile is too small for these sizes, or the free
                memory is too small; with `align="auto"`, the images have too little in common to be aligned.
            MemoryError: memory ran out.
        """
        options = FuseOptions(
            size=size, scale=scale, color=color, ir_range=ir_range, stretch=stretch, align=align, view=view
        )
        return self._fuse(self._request(ir, vis, options), tile, progress)

    def batch(
        self,
        ir: Iterable[Image],
        vis: Iterable[Image],
        *,
        tile: TileSide = "auto",
        **options: Unpack[FuseOptions],
    ) -> list[Fusion]:
        """Returns the images that a call makes, for each of many pairs of any sizes.

        On GPUs and on several devices, pairs of equal sizes are fused at once, spread over all devices; the results are
        those of a call except for rounding.

        Args:
            ir: infrared images, as of a call.
            vis: as many visible images.
            tile: as of a call; if it is a number, pairs are fused one by one.
            options: `size`, `scale`, `color`, `ir_range`, `stretch`, `align` and `view` of a call, for all pairs. The
                range "auto:all" fits all infrared images, so that a sequence does not flicker. The alignment "auto" is
                one for all pairs, which therefore are to be of two cameras that are fixed to each other; "track"
                follows it from frame to frame of a sequence.

        Raises:
            FileNotFoundError, MfjaxError, MemoryError: as a call raises them for one of the pairs.
            ValueError: there are more images of one kind than of the other.
        """
        pairs = list(zip(ir, vis, strict=True))
        if options.get("ir_range") == "auto:all":
            options["ir_range"] = inputs.range_of_all([each for each, _ in pairs])
        if views.is_word(options.get("align"), "auto") and pairs:
            rig = align(*zip(*pairs, strict=True), ir_range=options.get("ir_range"))
            options["align"] = views.check_confidence(rig)
        if views.is_word(options.get("align"), "track"):
            options["align"] = Tracker()
        return self.fuse_requests([self._request(*pair, options) for pair in pairs], tile=tile)

    def fuse_requests(
        self, requests: Sequence[Request], *, tile: TileSide = "auto", progress: Progress = iter
    ) -> list[Fusion]:
        """Returns the images that each of many requests asks for.

        Args:
            requests: the requests, of any sizes; those of equal sizes are fused at once where `batch` does so.
            tile: as of a call.
            progress: as of a call, for each request that is fused by itself.

        Raises:
            MfjaxError, MemoryError: as a call raises them for one of the pairs.
        """
        groups: dict[Any, list[int]] = defaultdict(list)
        for i, request in enumerate(requests):
            groups[request.shapes, request.place].append(i)
        made: dict[int, Fusion] = {}
        for numbers in groups.values():
            made |= zip(numbers, self._fuse_group([requests[i] for i in numbers], tile, progress), strict=True)
        return [made[i] for i in range(len(requests))]

    @property
    def batch_size(self) -> int:
        """Returns how many pairs of usual size `batch` fuses at once: 1, or more on several devices or on GPUs."""
        return max(1, self.backend.batch_size(USUAL_SIZE))

    def apply(
        self,
        ir: ArrayLike,
        vis: ArrayLike,
        *,
        size: Size,
        alignment: ArrayLike | None = None,
        view: View = "visible",
        exact: bool = False,
    ) -> FusionOutput:
        """Returns fused and super-resolved luma by `fuse_luma`. It is pure, for `jax.jit`, `jax.vmap` and `jax.grad`.

        Args:
            ir: infrared luma in [0, 1], [h, w] or a batch [n, h, w].
            vis: visible luma in [0, 1] of the same view, [h', w'] or [n, h', w'].
            size: the output's (H, W), any.
            alignment: the map from visible to infrared coordinates, [3, 3], as `Alignment.matrix`; may be traced.
            view: with an alignment, what the output shows, as of a call; the map of an "overlap" can't be traced.
            exact: as of `fuse_luma`.

        Raises:
            MfjaxError: as `fuse_luma`.
        """
        options: Any = {"size": size, "alignment": alignment, "view": view, "exact": exact}
        options["largest_factor"] = self.largest_factor
        return fuse_luma(self.config, self.params, ir, vis, **options)

    @cached_property
    def largest_factor(self) -> float:
        """Returns the factor up to which the network was trained and enlarges in one pass; more is done in steps."""
        return largest_factor(self.metadata)

    def source(self, luma: np.ndarray, sensor: Sensor, size: Size, window: Window | None = None) -> Source:
        """Returns an image with its features, which are nearly all of the work, so that `compose` can use them again.

        An image that is too large or too small for an output of that size is averaged or enlarged first.

        Args:
            luma: the image, [h, w] in [0, 1].
            sensor: the sensor that it is from, "ir" or "vis".
            size: the output's size.
            window: the part of the output that the image covers; by default it covers it exactly.

        Raises:
            MemoryError: memory ran out.
        """
        own, cover = (luma.shape[0], luma.shape[1]), size if window is None else window.cover(size)
        first, *larger = plan_sizes(own, cover, self.largest_factor)
        source = self.backend.extract(averaged(luma, first), sensor)
        for step in larger:
            enlarged = self.backend.enlarge(source, sensor, step)
            source = self.backend.extract(averaged(enlarged, cover), sensor)
        return source._replace(is_average=window is None and is_average(own, size), window=window)

    def compose(self, ir: Source, vis: Source, size: Size, **options: Any) -> Fusion:
        """Returns the three images of two sources, luma.

        Args:
            ir: the infrared source, by `source` for this size.
            vis: the visible source, by `source` for this size.
            size: the output's size.
            options: options of `Backend.compose`.

        Raises:
            MfjaxError, MemoryError: as `mfjax.inference.composition.compose`.
        """
        return self.backend.compose(ir, vis, size, **options)

    def _request(self, ir: Image, vis: Image, options: FuseOptions) -> Request:
        """Returns the request of a call of this model."""
        return inputs.request_of(ir, vis, options, largest_factor=self.largest_factor)

    def _fuse(self, request: Request, tile: TileSide, progress: Progress = iter) -> Fusion:
        options: Any = {"dtypes": request.composed_dtypes, "tile": tile, "progress": progress, "seen": request.seen}
        with watching.image(request, self.config, self.params, self.largest_factor):
            made = self.compose(  # no variable holds the sources, whose memory colour needs
                self.source(request.ir, "ir", request.size, request.windows[0]),
                self.source(request.vis, "vis", request.size, request.windows[1]),
                request.size,
                **options,
            )
        return request.finish(made)

    def _fuse_group(self, group: list[Request], tile: TileSide, progress: Progress) -> Iterator[Fusion]:
        """Yields the images that each of some requests of equal sizes and places asks for."""
        first = group[0]
        if tile != "auto" or len(group) == 1 or not self.backend.batch_size(*first.shapes):
            yield from (self._fuse(request, tile, progress) for request in group)
            return
        pairs = [each.ir for each in group], [each.vis for each in group]
        made = self.backend.batch(*pairs, first.size, places=first.windows, seen=first.seen)
        for request, fusion in zip(group, made, strict=True):
            yield request.finish(Fusion(*map(images.from_float, fusion, request.composed_dtypes)))
