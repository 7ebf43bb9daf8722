"""What several metrics share: 8-bit arrays to score, the stretch, windows.

Images are float64 `[h, w]` with gray levels from 0 to 255, as in the reference code of the field.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float64]


class UndefinedError(Exception):
    """A metric has no value for these images; the message says why."""


def stretch(x: Image) -> Image:
    """The image's own range stretched to whole levels from 0 to 255; an all-black one stays as it is.

    Raises:
        UndefinedError: the image is constant and not black.
    """
    low, high = x.min(), x.max()
    if low == high:
        if low:
            raise UndefinedError("an image is constant, so it has no range to stretch")
        return x
    return np.floor((x - low) / (high - low) * 255 + 0.5)  # halves go up; divided first, for the same ties


def gaussian(size: int, sigma: float) -> Image:
    """A window of weights that sum to one, `[size, size]`."""
    offset = np.arange(size) - (size - 1) / 2
    line = np.exp(-(offset**2) / (2 * sigma**2))
    window = np.outer(line, line)
    return np.asarray(window / window.sum(), np.float64)


def valid(x: Image, window: Image) -> Image:
    """Correlation with a window wherever it fits into the image, `[h - s + 1, w - s + 1]`."""
    edge = len(window) // 2
    if min(x.shape) < len(window):
        raise UndefinedError(f"images are {x.shape[0]}x{x.shape[1]}; the window needs {len(window)} pixels a side")
    filtered = cv2.filter2D(x, cv2.CV_64F, window)
    return np.asarray(filtered[edge:-edge, edge:-edge])


def same(x: Image, kernel: Image) -> Image:
    """Correlation with a kernel, zeros outside the image, `[h, w]`."""
    return np.asarray(cv2.filter2D(x, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT))


def sobel(x: Image) -> tuple[Image, Image]:
    """Horizontal and vertical derivative by Sobel's kernels, zeros outside the image."""
    kernel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])
    return same(x, kernel), same(x, kernel.T)
