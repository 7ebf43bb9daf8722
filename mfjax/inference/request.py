"""What is to be made of a pair of images: checked, as luma, and at last in the type and colour that was asked for."""

from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import DTypeLike

from mfjax import images
from mfjax.inference import sizes
from mfjax.inference.colour import Color, colourise, wants_colour
from mfjax.inference.composition import Fusion
from mfjax.inference.sources import IrRange, as_source, infrared_luma, visible_values
from mfjax.inference.stepping import LARGEST_FACTOR


class Request(NamedTuple):
    """Two sources and what the output is to be."""

    ir: np.ndarray  # luma in [0, 1], [h, w]
    vis: np.ndarray  # luma in [0, 1], [h', w']
    size: sizes.Size
    dtype: np.dtype
    colours: np.ndarray | None  # the visible image [h', w', 3] in [0, 1], if the output is to have its colour

    @classmethod
    def of(
        cls,
        ir: ArrayLike,
        vis: ArrayLike,
        *,
        size: sizes.PartialSize | None = None,
        scale: float | None = None,
        color: Color = "auto",
        ir_range: IrRange = "full",
        stretch: bool = False,
        largest_factor: float = LARGEST_FACTOR,
    ) -> "Request":
        """The request that the arguments of a `Fuser`'s call make; on its `largest_factor` hangs the memory it takes.

        Raises:
            ValueError: they are not as they should be, or the memory would not suffice.
        """
        ir, vis = as_source(ir, "infrared"), as_source(vis, "visible")
        shapes = ir.shape[:2], vis.shape[:2]
        in_colour = wants_colour(color, vis)
        out = sizes.output_size(*shapes, size=size, scale=scale)
        sizes.check_aspects(*shapes, stretch=stretch)
        sizes.check_memory(*shapes, out, sizes.host_memory(), colour=in_colour, largest_factor=largest_factor)
        values = visible_values(vis)
        luma = infrared_luma(ir, ir_range), images.to_luma(values)
        return cls(*luma, out, np.result_type(ir, vis), values if in_colour else None)

    @property
    def shapes(self) -> tuple[sizes.Size, ...]:
        """(height, width) of infrared, visible and output."""
        return (*(image.shape[:2] for image in (self.ir, self.vis)), self.size)

    @property
    def made_in(self) -> tuple[DTypeLike, DTypeLike, DTypeLike]:
        """The types in which `finish` takes fused, infrared and visible."""
        luma = self.dtype if self.colours is None else np.float32
        return luma, self.dtype, luma

    def finish(self, made: Fusion) -> Fusion:
        """The images as they were asked for."""
        if self.colours is None:
            return made
        fused, vis = colourise((made.fused, made.vis), self.colours, self.dtype)
        return Fusion(fused, made.ir, vis)
