"""Functions that several metrics share: the stretch of levels, windows, filters.

Images are float64 `[h, w]` with gray levels from 0 to 255, as in the field's reference code.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float64]


class UndefinedError(Exception):
    """The error of a metric that has no value for some images; its message says why."""


def stretch_levels(x: Image) -> Image:
    """Returns an image with its own range stretched to whole levels from 0 to 255; an all-black one is unchanged.

    Args:
        x: the image, `[h, w]`.

    Raises:
        UndefinedError: the image is constant and not black.
    """
    low, high = x.min(), x.max()
    if low == high:
        if low:
            raise UndefinedError("an image is constant, so it has no range to stretch")
        return x
    return np.floor((x - low) / (high - low) * 255 + 0.5)  # halves go up; divided first, for the reference's ties


def gaussian(size: int, sigma: float) -> Image:
    """Returns a Gaussian window, `[size, size]`, whose weights sum to 1.

    Args:
        size: pixels a side, odd.
        sigma: standard deviation in pixels.
    """
    offset = np.arange(size) - (size - 1) / 2
    line = np.exp(-(offset**2) / (2 * sigma**2))
    window = np.outer(line, line)
    return np.asarray(window / window.sum(), np.float64)


def correlate_valid(x: Image, window: Image) -> Image:
    """Returns the correlation with a window at every place where it fits into the image, `[h - s + 1, w - s + 1]`.

    Args:
        x: the image, `[h, w]`.
        window: the window, `[s, s]`, s odd.

    Raises:
        UndefinedError: the image is smaller than the window.
    """
    edge = len(window) // 2
    if min(x.shape) < len(window):
        raise UndefinedError(f"images are {x.shape[0]}x{x.shape[1]}; the window needs {len(window)} pixels a side")
    filtered = cv2.filter2D(x, cv2.CV_64F, window)
    return np.asarray(filtered[edge:-edge, edge:-edge])


def correlate_same(x: Image, kernel: Image) -> Image:
    """Returns the correlation with a kernel, `[h, w]`, with zeros outside the image.

    Args:
        x: the image, `[h, w]`.
        kernel: the kernel.
    """
    return np.asarray(cv2.filter2D(x, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT))


def sobel(x: Image) -> tuple[Image, Image]:
    """Returns the horizontal and the vertical derivative by Sobel's kernels, with zeros outside the image.

    Args:
        x: the image, `[h, w]`.
    """
    kernel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])
    return correlate_same(x, kernel), correlate_same(x, kernel.T)
