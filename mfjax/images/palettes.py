"""False-colour palettes of thermal cameras: heat in their colours, and the way back from colours to heat.

Sources: iron is that of FLIR's cameras, as their files carry it; rainbow is "jet" of OpenCV and MATLAB.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images.numbers import is_colour, luma

Palette = Literal["auto", "iron", "rainbow", "white-hot", "black-hot"]

# Colours from cold to hot in equal steps, between which others lie on straight lines.
STOPS = {
    "iron": (
        *((16, 16, 16), (35, 15, 110), (83, 9, 148), (125, 12, 162), (159, 24, 155), (188, 40, 134), (208, 62, 101)),
        *((224, 87, 69), (236, 114, 37), (241, 142, 15), (245, 169, 8), (244, 193, 22), (240, 215, 63)),
        *((233, 230, 135), (235, 235, 235)),
    ),
    "rainbow": (
        *((0, 0, 128), (0, 0, 255), (0, 128, 255), (0, 255, 255), (128, 255, 128), (255, 255, 0)),
        *((255, 128, 0), (255, 0, 0), (128, 0, 0)),
    ),
}
NAMES = (*STOPS, "white-hot", "black-hot")
FAR = 40  # distance of a colour from the nearest one of a palette from which on it is none of it
MOST_FAR = 0.25  # share of such colours up to which an image has a palette: text, a logo, a frame
_CHUNK = 2**16
_BAR_LENGTH, _BAR_SPAN, _BAR_STEP, _BAR_WIDTH = 0.3, 180, 14, 3  # share of a side, gray levels, levels a pixel, pixels


class Inverted(NamedTuple):
    """The heat that a palette's colours stand for."""

    heat: NDArray[np.uint8]
    """From 0, the coldest, to 255, [h, w]."""
    palette: str
    far: float
    """The share of pixels whose colours are none of the palette's."""


def invert(image: NDArray, palette: Palette = "auto") -> Inverted:
    """Returns the heat that the colours of an image stand for.

    Args:
        image: gray [h, w] or RGB [h, w, 3], uint8.
        palette: its palette; "auto": the one that its colours fit best.

    Raises:
        MfjaxError: there is no such palette, the image has more than 8 bits, is gray where the palette has colours, or
            fits none.
    """
    if palette != "auto" and palette not in NAMES:
        raise MfjaxError(f"palette is {palette!r}; it is auto, {', '.join(NAMES)}")
    if image.dtype != np.uint8:
        raise MfjaxError(f"a palette has colours of 8 bits, and the image has {image.dtype} values; leave it out")
    if palette in ("white-hot", "black-hot") or (palette == "auto" and not is_colour(image)):
        gray = luma(image)
        return Inverted(255 - gray, "black-hot", 0) if palette == "black-hot" else Inverted(gray, "white-hot", 0)
    if not is_colour(image):
        raise MfjaxError(f"is gray, so its palette is white-hot or black-hot, not {palette}")
    if palette != "auto":
        return _nearest(image, palette)
    best = min((_nearest(image, name) for name in STOPS), key=lambda found: found.far)
    if best.far > MOST_FAR:
        raise MfjaxError(f"has colours of no known palette; it is one of {', '.join(NAMES)}, or save temperatures")
    return best


def painted(heat: NDArray, palette: str) -> NDArray[np.uint8]:
    """Returns heat in the colours of a palette, RGB [h, w, 3].

    Args:
        heat: from 0, the coldest, to 1, the hottest, [h, w].
        palette: one of `NAMES`.

    Raises:
        MfjaxError: there is no such palette.
    """
    if palette not in NAMES:
        raise MfjaxError(f"palette is {palette!r}; it is one of {', '.join(NAMES)}")
    places = np.rint(255 * np.clip(heat, 0, 1)).astype(np.uint8)
    return np.rint(_table(palette)).astype(np.uint8)[places]


def palette_of(image: NDArray) -> str | None:
    """Returns the name of the palette that the colours of an image are from; None if there is none.

    Args:
        image: gray [h, w] or RGB [h, w, 3], of any type.
    """
    if image.dtype != np.uint8 or not is_colour(image):
        return None
    step = max(1, min(image.shape[:2]) // 128)
    found = min((_nearest(image[::step, ::step], name) for name in STOPS), key=lambda found: found.far)
    return found.palette if found.far <= MOST_FAR else None


def has_scale_bar(heat: NDArray[np.uint8]) -> bool:
    """Returns true if an image has a scale bar: a strip in which heat goes evenly from one end to the other.

    Args:
        heat: the image, inverted.
    """
    whole = heat.astype(np.int16)
    return any(_has_bar_down(turned) for turned in (whole, whole[::-1], whole.T, whole.T[::-1]))


def _has_bar_down(heat: NDArray[np.int16]) -> bool:
    """Returns true if heat falls evenly along some neighbouring columns."""
    rows, cols = heat.shape
    length, start, found = np.zeros(cols, int), heat[0].copy(), np.zeros(cols, bool)
    for row in range(1, rows):
        step = heat[row - 1] - heat[row]
        even = (step >= -4) & (step <= _BAR_STEP)
        length = np.where(even, length + 1, 0)
        start = np.where(even, start, heat[row])
        found |= (length >= _BAR_LENGTH * rows) & (start - heat[row] >= _BAR_SPAN)
    return bool(np.convolve(found, np.ones(_BAR_WIDTH, int), "valid").max(initial=0) == _BAR_WIDTH)


def _nearest(image: NDArray[np.uint8], palette: str) -> Inverted:
    """Returns the place of each pixel's colour, or the nearest one, in a palette."""
    table = _table(palette)
    squares = (table**2).sum(axis=-1)
    pixels = image.reshape(-1, 3)
    heat, far = np.empty(len(pixels), np.uint8), 0
    for at in range(0, len(pixels), _CHUNK):
        some = pixels[at : at + _CHUNK].astype(np.float32)
        distances = squares - 2 * (some @ table.T)
        heat[at : at + _CHUNK] = distances.argmin(axis=1)
        far += int(np.count_nonzero(distances.min(axis=1) + (some**2).sum(axis=-1) > FAR**2))
    return Inverted(heat.reshape(image.shape[:2]), palette, far / len(pixels))


def _table(palette: str) -> NDArray[np.float32]:
    """Returns the 256 colours of a palette from cold to hot, [256, 3]."""
    ends = {"white-hot": ((0, 0, 0), (255, 255, 255)), "black-hot": ((255, 255, 255), (0, 0, 0))}
    stops = np.asarray(STOPS[palette] if palette in STOPS else ends[palette], np.float32)
    places = np.linspace(0, len(stops) - 1, 256)
    table = np.stack([np.interp(places, np.arange(len(stops)), stops[:, i]) for i in range(3)], axis=-1)
    return table.astype(np.float32)
