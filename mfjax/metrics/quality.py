"""PSNR and SSIM of an image against a reference.

Both are gray `[h, w]`, of equal size: integers from 0 to their type's largest value, or floats in [0, 1].
"""

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.metrics.structure import WINDOW, local_moments, ssim_map


def psnr(reference: NDArray, image: NDArray) -> float:
    """Returns the peak signal-to-noise ratio in dB: 10 log₁₀(1 / mean squared error) of values in [0, 1].

    It is infinite for equal images.

    Args:
        reference: the true image, `[h, w]`.
        image: the image to compare with it, `[h, w]`.

    Raises:
        MfjaxError: the images are not both `[h, w]` of one size.
    """
    a, b = _in_unit_range(reference, image)
    error = np.mean(np.square(a - b))
    return float(-10 * np.log10(error)) if error > 0 else float("inf")


def ssim(reference: NDArray, image: NDArray) -> float:
    """Returns the mean structural similarity, from −1 to 1; it is 1 for equal images.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
    TIP 13(4), 2004: an 11×11 Gaussian window of σ 1.5 wherever it fits into the image, K₁ = 0.01, K₂ = 0.03.

    Args:
        reference: the true image, `[h, w]`.
        image: the image to compare with it, `[h, w]`.

    Raises:
        MfjaxError: the images are not both `[h, w]` of one size, or smaller than the window.
    """
    a, b = _in_unit_range(reference, image)
    side = len(WINDOW)
    if min(a.shape) < side:
        raise MfjaxError(f"images are {a.shape[0]}x{a.shape[1]}; SSIM needs {side}x{side} or more")
    return float(ssim_map(local_moments(a, b, WINDOW), 1).mean())


def _in_unit_range(reference: NDArray, image: NDArray) -> list[NDArray[np.float64]]:
    """Returns both images with values in [0, 1]."""
    if reference.ndim != 2 or reference.shape != image.shape:
        raise MfjaxError(f"reference is {reference.shape} and image {image.shape}; pass two [h, w] of one size")
    return [x.astype(np.float64) / (np.iinfo(x.dtype).max if x.dtype.kind in "iu" else 1) for x in (reference, image)]
