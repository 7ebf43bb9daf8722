"""Opened image files, and the metadata that they hold besides pixels."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mfjax import representation
from mfjax.size import Size

UPRIGHT = 1
CELSIUS = "celsius"
SIDEWAYS = (5, 6, 7, 8)  # orientations that exchange rows and columns


@dataclass(frozen=True)
class Metadata:
    """The metadata of an image file."""

    orientation: int = UPRIGHT
    """The EXIF or TIFF orientation, 1 to 8: how a viewer is to turn the stored pixels; 1 is not at all."""
    page: int = 0
    """The page that was read, counted from 0."""
    pages: int = 1
    """The number of the file's pages, previews left out."""
    bits: int | None = None
    """The bits that a value was stored in where that is less than its type holds, such as 14 in uint16."""
    nodata: float | None = None
    """The value that marks pixels without data (GDAL_NODATA); None if the file names none."""
    unit: str | None = None
    """The unit of the values, "celsius"; None if the file names none."""
    icc: bytes | None = field(default=None, repr=False)
    """The ICC profile of the colours."""
    dpi: tuple[float, float] | None = None
    """The pixels per inch, in x and in y."""
    exif: bytes | None = field(default=None, repr=False)
    """EXIF data as `mfjax.images.exif.kept` returns it, ready for an output."""

    __repr__ = representation.config


@dataclass(frozen=True)
class ImageFile:
    """An image file that was read: its pixels, and what it says about them."""

    pixels: NDArray
    """Gray [h, w] or RGB [h, w, 3]; uint8, uint16 or float32."""
    metadata: Metadata = field(default_factory=Metadata)

    def __repr__(self) -> str:
        return f"ImageFile({representation.array(self.pixels)}, {self.metadata!r})"

    @property
    def upright_size(self) -> Size:
        """Returns the (height, width) that the picture has as a viewer turns it."""
        rows, cols = self.pixels.shape[:2]
        return (cols, rows) if self.metadata.orientation in SIDEWAYS else (rows, cols)

    @property
    def border(self) -> tuple[int, int, int, int]:
        """Returns how many rows and columns of one value, that of a corner, frame the picture.

        Returns:
            The count at the top, bottom, left and right; all zero if the whole picture has one value.
        """
        rows, cols = self.pixels.shape[:2]
        found = []
        for corner, axis in (((0, 0), 1), ((-1, -1), 1), ((0, 0), 0), ((-1, -1), 0)):
            same = (self.pixels == self.pixels[corner]).reshape(rows, cols, -1).all(axis=(axis, 2))
            framed = same if corner == (0, 0) else same[::-1]
            found.append(int(framed.argmin()) if not framed.all() else 0)
        top, bottom, left, right = found
        return top, bottom, left, right


@dataclass(frozen=True)
class Decoded:
    """The content of a file as the code of its kind returns it: all channels, in the type in which they are stored."""

    pixels: NDArray
    """All channels, [h, w] or [h, w, c], of any type."""
    colours: int = 1
    """The number of the first channels that are the picture: 1 gray, 3 RGB, 0 if they are bands without a meaning."""
    extra: str = "alpha"
    """The name of the other channels."""
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    """A line, without the file's name, for everything that was left out, converted or guessed."""


def turned(pixels: NDArray, orientation: int) -> NDArray:
    """Returns an image turned and mirrored as its EXIF orientation says.

    Args:
        pixels: the image as stored, [h, w] or [h, w, c].
        orientation: 1 to 8; others mean 1.
    """
    if orientation in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
