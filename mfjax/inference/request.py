"""Requests: a pair of images, checked and as luma, with the size, type and colour that the output is to have."""

import logging
from collections.abc import Hashable
from typing import NamedTuple, TypedDict

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import DTypeLike

from mfjax import images, memory, representation
from mfjax.alignment.frames import Frame, View, check_view
from mfjax.inference import sizes, views
from mfjax.inference.colour import Color, colourise, wants_colour
from mfjax.inference.fusion import Fusion
from mfjax.inference.ranges import IrRange
from mfjax.inference.sources import as_source, doubt_order, infrared_luma, visible_values
from mfjax.inference.stepping import LARGEST_FACTOR
from mfjax.inference.views import Align, Windows
from mfjax.size import Size

logger = logging.getLogger("mfjax")


class FuseOptions(TypedDict, total=False):
    """The options of a `Fuser`'s call that concern a pair, with the meaning and defaults that they have there."""

    size: sizes.PartialSize | None
    scale: float | None
    color: Color
    ir_range: IrRange
    stretch: bool
    align: Align
    view: View


class Request(NamedTuple):
    """Two sources, and the size, type and colour of the output."""

    ir: np.ndarray  # luma in [0, 1], [h, w]
    vis: np.ndarray  # luma in [0, 1], [h', w']
    size: Size  # the output's size
    dtype: np.dtype  # the output's type
    colours: np.ndarray | None  # the visible image [h', w', 3] in [0, 1] for an output in colour; None for gray
    frame: Frame | None = None  # the view of an output whose sources were aligned
    windows: Windows = (None, None)  # the places of infrared and visible under it, unless they cover it exactly

    def __repr__(self) -> str:
        sources = f"ir {representation.array(self.ir)}, vis {representation.array(self.vis)}"
        colour = "gray" if self.colours is None else "colour"
        return f"Request({sources}, output {self.size[0]}x{self.size[1]} {self.dtype} in {colour})"

    @classmethod
    def of(
        cls,
        ir: ArrayLike,
        vis: ArrayLike,
        *,
        size: sizes.PartialSize | None = None,
        scale: float | None = None,
        color: Color = "auto",
        ir_range: IrRange = None,
        stretch: bool = False,
        align: Align = None,
        view: View = "visible",
        largest_factor: float = LARGEST_FACTOR,
    ) -> "Request":
        """Returns the request that the arguments of a `Fuser`'s call make.

        Args:
            ir: as of a call.
            vis: as of a call.
            size: as of a call.
            scale: as of a call.
            color: as of a call.
            ir_range: as of a call.
            stretch: as of a call.
            align: as of a call.
            view: as of a call.
            largest_factor: the model's, on which the memory depends that fusing takes.

        Raises:
            FileNotFoundError, MfjaxError: the sources or options are not as a call needs them, or the free memory
                is too small.
        """
        ir, vis = as_source(ir, "infrared", nan=True), as_source(vis, "visible")
        dtype, in_colour = np.result_type(ir, vis), wants_colour(color, vis)
        doubt_order(ir, vis)
        shapes = ir.shape[:2], vis.shape[:2]
        aligned = views.is_given(align)
        check_view(view, aligned=aligned)

        def checked(ir: Size, vis: Size, *, out: Size | None = None) -> Size:
            """Returns the output's size for sources of some sizes, after checking that memory suffices."""
            out = out or sizes.output_size(ir, vis, size=size, scale=scale)
            options = {"colour": in_colour, "largest_factor": largest_factor}
            sizes.check_memory(ir, vis, out, memory.recent_host_memory(), **options)
            return out

        if not aligned:
            sizes.check_aspects(*shapes, stretch=stretch)
        out = checked(*shapes)
        luma, values = infrared_luma(ir, ir_range), visible_values(vis)
        colours, frame = values, None
        windows: Windows = (None, None)
        if aligned:
            alignment = views.alignment_for(align, luma, images.to_luma(values))
            frame = views.frame_of(alignment, view, luma.shape, values.shape)
            out = checked(frame.size, frame.size)
            luma, values, colours, frame, windows = views.framed(alignment, view, luma, values)
            checked(luma.shape, values.shape[:2], out=out)
        return cls(luma, images.to_luma(values), out, dtype, colours if in_colour else None, frame, windows)

    @property
    def shapes(self) -> tuple[Size, ...]:
        """Returns the sizes of the infrared source, the visible source and the output."""
        return (*(image.shape[:2] for image in (self.ir, self.vis)), self.size)

    @property
    def place(self) -> Hashable:
        """Returns what must be equal of requests that are fused at once: places of sources, and where both are seen."""
        gaps = self._partly_seen
        return self.windows, gaps and (gaps.to_other.tobytes(), gaps.view)

    @property
    def composed_dtypes(self) -> tuple[DTypeLike, DTypeLike, DTypeLike]:
        """Returns the types in which `finish` takes the fused, infrared and visible image."""
        if self._partly_seen is not None:
            return np.float32, np.float32, np.float32
        luma = self.dtype if self.colours is None else np.float32
        return luma, self.dtype, luma

    def finish(self, made: Fusion) -> Fusion:
        """Returns the images in the type and colour that the request asks for.

        Args:
            made: the images as luma, in the types of `composed_dtypes`.
        """
        if self._partly_seen is not None:
            made = Fusion(*views.with_soft_edge(self._partly_seen, self.size, *made))
        colours = self.colours
        if colours is None:
            return Fusion(*(images.from_float(image, self.dtype) for image in made)) if self._partly_seen else made
        if self._partly_seen is not None:
            colours = views.without_colour(self._partly_seen, colours)
            made = made._replace(ir=images.from_float(made.ir, self.dtype))
        fused, vis = colourise((made.fused, made.vis), colours, self.dtype)
        return Fusion(fused, made.ir, vis)

    @property
    def seen(self) -> np.ndarray | None:
        """Returns true where both sources show something, `[H, W]`; None if they do so everywhere."""
        return None if self._partly_seen is None else self._partly_seen.seen(self.size) > 0

    @property
    def _partly_seen(self) -> Frame | None:
        """Returns the frame if a source does not fill it."""
        return None if self.frame is None or self.frame.is_filled else self.frame
