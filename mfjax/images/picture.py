"""Pictures that a notebook shows: an array as a PNG of moderate size, and several with labels beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import representation
from mfjax.images.numbers import from_float, to_float

LARGEST_SHOWN = 1024  # pixels of the longer side of a picture in a notebook, which keeps it in its file
PANEL_HEIGHTS = 200, 360  # pixels of the images in a panel, at least and at most
LABEL_HEIGHT = 26  # pixels
GAP = 6  # pixels between images


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that Jupyter shows where it is a cell's value."""

    pixels: NDArray[np.uint8]
    """RGB, [H, W, 3]."""

    def __repr__(self) -> str:
        return f"Picture({representation.array(self.pixels)})"

    def _repr_png_(self) -> bytes:
        return png(self.pixels)


def png(image: NDArray) -> bytes:
    """Returns an image as the content of a PNG file of 8 bits, made smaller if a side has more than 1,024 pixels.

    Args:
        image: the image, [h, w] or [h, w, 3], uint8, uint16 or float in [0, 1].
    """
    shrink = min(1.0, LARGEST_SHOWN / max(image.shape[:2]))
    _, content = cv2.imencode(".png", _resized(_rgb(image), shrink)[..., ::-1])
    return bytes(content)


def panel(images: Mapping[str, NDArray]) -> Picture:
    """Returns images beside each other, each under its label, all as high as the highest one, or 200 or 360 pixels.

    Where an image is enlarged, its pixels become squares, so that one sees how coarse it is.

    Args:
        images: the images by their labels: [h, w] or [h, w, 3], uint8, uint16 or float in [0, 1].
    """
    least, most = PANEL_HEIGHTS
    height = min(most, max(least, *(image.shape[0] for image in images.values())))
    parts = []
    for label, image in images.items():
        shown = _resized(_rgb(image), height / image.shape[0])
        (width, _), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
        strip = np.full((LABEL_HEIGHT, max(shown.shape[1], width + 2), 3), 255, np.uint8)
        cv2.putText(strip, label, (1, LABEL_HEIGHT - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        beside = strip.shape[1] - shown.shape[1]
        shown = np.pad(shown, ((0, 0), (0, beside), (0, 0)), constant_values=255)
        parts.append(np.pad(np.vstack([strip, shown]), ((0, 0), (0, GAP), (0, 0)), constant_values=255))
    return Picture(np.hstack(parts)[:, :-GAP])


def _rgb(image: NDArray) -> NDArray[np.uint8]:
    image = from_float(np.clip(to_float(image), 0, 1), np.uint8)
    return np.dstack([image] * 3) if image.ndim == 2 else image


def _resized(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if factor == 1:
        return image
    rows, cols = (max(1, round(side * factor)) for side in image.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image, (cols, rows), interpolation=how), np.uint8)
