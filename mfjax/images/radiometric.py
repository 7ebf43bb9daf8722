"""The content of a thermal camera's file: temperatures, and often a photo with the place where it shows them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfjax import representation
from mfjax.errors import MfjaxError
from mfjax.size import Size


@dataclass(frozen=True)
class Placement:
    """The place of the infrared view in a photo that shows more, as the camera has it."""

    ratio: float
    """The width of the photo's view, as a multiple of the infrared one's."""
    offset: tuple[int, int]
    """The distance from the photo's middle to that of the infrared view, in pixels of the photo, down and right."""

    def box(self, photo: Size, ir: Size) -> tuple[int, int, int, int]:
        """Returns the infrared view's first and last row, first and last column in the photo, the last ones excluded.

        Args:
            photo: the photo's (height, width).
            ir: the infrared image's; its aspect is that of the view.

        Raises:
            MfjaxError: the infrared view does not lie inside the photo.
        """
        width = photo[1] / self.ratio
        height = width * ir[0] / ir[1]
        found = []
        for side, length, offset in zip(photo, (height, width), self.offset, strict=True):
            first = round((side - length) / 2 + offset)
            found += [first, first + round(length)]
        top, bottom, left, right = found
        if top < 0 or left < 0 or bottom > photo[0] or right > photo[1]:
            raise MfjaxError(
                f"places its infrared view at rows {top} to {bottom}, columns {left} to {right} of a photo of "
                f"{photo[0]}x{photo[1]}; give a visible image of the same view"
            )
        return top, bottom, left, right


@dataclass(frozen=True)
class Thermal:
    """The content of a thermal camera's file."""

    celsius: NDArray[np.float32]
    """Temperatures in °C, [h, w]; NaN where the camera has none."""
    photo: NDArray[np.uint8] | None = None
    """The photo that was taken with them, RGB [h', w', 3], as it is stored."""
    placement: Placement | None = None
    """The place of the temperatures in the photo; None if there is no photo or the file does not say."""

    def __repr__(self) -> str:
        photo = f", photo {representation.array(self.photo)}" if self.photo is not None else ""
        return f"Thermal(celsius {representation.array(self.celsius)}{photo})"

    @property
    def visible(self) -> NDArray[np.uint8]:
        """Returns the part of the photo that shows the infrared view.

        Raises:
            MfjaxError: there is no photo, or its place is not known or outside of it.
        """
        if self.photo is None:
            raise MfjaxError("has no photo")
        if self.placement is None:
            raise MfjaxError("has a photo but does not say where in it the infrared view lies")
        height, width = self.photo.shape[:2]
        rows, cols = self.celsius.shape
        top, bottom, left, right = self.placement.box((height, width), (rows, cols))
        return self.photo[top:bottom, left:right]
