"""How close an image comes to the one it should be.

Images are gray `[h, w]`, two of equal size: integers from 0 to their type's largest value, or floats in [0, 1].
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError

WINDOW, SIGMA = 11, 1.5  # of SSIM's Gaussian, pixels
C1, C2 = 0.01**2, 0.03**2  # keep SSIM's fractions stable where an image is black or flat


def psnr(reference: NDArray, image: NDArray) -> float:
    """Peak signal-to-noise ratio in dB: 10 log₁₀(1 / mean squared error) of values in [0, 1].

    Infinite for equal images.

    Raises:
        MfjaxError: the images are not both `[h, w]` of one size.
    """
    a, b = _pair(reference, image)
    error = np.mean(np.square(a - b))
    return float(-10 * np.log10(error)) if error > 0 else float("inf")


def ssim(reference: NDArray, image: NDArray) -> float:
    """Mean structural similarity, at most 1, which equal images have.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
    TIP 13(4), 2004: an 11×11 Gaussian window of σ 1.5 wherever it fits into the image, K₁ = 0.01, K₂ = 0.03.

    Raises:
        MfjaxError: the images are not both `[h, w]` of one size, or smaller than the window.
    """
    a, b = _pair(reference, image)
    if min(a.shape) < WINDOW:
        raise MfjaxError(f"images are {a.shape[0]}x{a.shape[1]}; SSIM needs {WINDOW}x{WINDOW} or more")
    mean_a, mean_b = _local_mean(a), _local_mean(b)
    variances = _local_mean(a * a) - mean_a**2 + _local_mean(b * b) - mean_b**2
    covariance = _local_mean(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)  # Eq. (6)
    structure = (2 * covariance + C2) / (variances + C2)  # contrast and structure, Eqs. (9), (10) and C3 = C2 / 2
    return float(np.mean(luminance * structure))  # Eqs. (13), (17)


def _pair(reference: NDArray, image: NDArray) -> list[NDArray[np.float64]]:
    """Both images in [0, 1]."""
    if reference.ndim != 2 or reference.shape != image.shape:
        raise MfjaxError(f"reference is {reference.shape} and image {image.shape}; pass two [h, w] of one size")
    return [x.astype(np.float64) / (np.iinfo(x.dtype).max if x.dtype.kind in "iu" else 1) for x in (reference, image)]


def _local_mean(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean under the Gaussian window at every place where it fits, `[h - 10, w - 10]`."""
    blurred = cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA)
    edge = WINDOW // 2
    return np.asarray(blurred[edge:-edge, edge:-edge], np.float64)
