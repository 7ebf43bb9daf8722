"""Feature mutual information (Haghighat, Aghagolzadeh, Seyedarabi, 2011; its fast form, 2014)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mfjax.metrics.common import Image, UndefinedError
from mfjax.metrics.registry import TANG, metric

HAGHIGHAT = "Haghighat, Aghagolzadeh, Seyedarabi, Comput. Electr. Eng. 37(5), 2011; Haghighat, Razian, AICT 2014"

SIDE = 3  # pixels a side of a window
PIXELS = SIDE**2
AT_A_TIME = 2**14  # windows that are worked on at a time, since each takes some arrays of 9×9 numbers


@metric("FMI_pixel", least=0, most=1, source=HAGHIGHAT, agrees_with="its authors' own, feature 'none'")
def pixels(ir: Image, vis: Image, fused: Image) -> float:
    """FMI_pixel: normalised mutual information of 3×3 windows of the fused image with the sources', 0 to 1."""
    return _feature_information(lambda x: x, ir, vis, fused)


@metric("FMI_gradient", least=0, most=1, source=HAGHIGHAT, agrees_with="its authors' own, 'gradient'")
def gradients(ir: Image, vis: Image, fused: Image) -> float:
    """FMI_gradient: FMI_pixel of horizontal central differences in place of pixels."""
    return _feature_information(lambda x: np.gradient(x, axis=1), ir, vis, fused)


@metric("FMI_dct", least=0, most=1, source=HAGHIGHAT, agrees_with=f"its authors' own, 'dct'; {TANG}")
def cosines(ir: Image, vis: Image, fused: Image) -> float:
    """FMI_dct: FMI_pixel of the coefficients of the whole image's cosine transform in place of pixels."""
    if fused.min() == fused.max():
        raise UndefinedError("the fused image is constant: its transform is rounding errors")
    return _feature_information(lambda x: np.asarray(fft.dctn(x, norm="ortho")), ir, vis, fused)


def _feature_information(feature: Callable[[Image], Image], ir: Image, vis: Image, fused: Image) -> float:
    windows_f = _windows(feature(fused))
    total = 0.0
    for source in (ir, vis):
        windows = _windows(feature(source))
        for start in range(0, len(windows), AT_A_TIME):
            part = slice(start, start + AT_A_TIME)
            total += float(np.sum(_information(windows[part], windows_f[part])))
    return total / (2 * len(windows_f))


def _windows(x: Image) -> NDArray:
    """Returns every 3×3 window of the image, pixels column by column, `[windows, 9]`.

    Raises:
        UndefinedError: the image is smaller than a window.
    """
    if min(x.shape) < SIDE:
        raise UndefinedError(f"images are {x.shape[0]}x{x.shape[1]}; the window needs {SIDE} pixels a side")
    found = np.lib.stride_tricks.sliding_window_view(x, (SIDE, SIDE))
    return found.transpose(0, 1, 3, 2).reshape(-1, PIXELS)


def _information(x: NDArray, f: NDArray) -> NDArray:
    """Returns the mutual information of windows, `[n]`, normalised, by the joint distribution of equal correlation."""
    p_x, p_f = _distribution(x), _distribution(f)
    cumulative_x, cumulative_f = np.cumsum(p_x, axis=1), np.cumsum(p_f, axis=1)
    (centred_x, spread_x), (centred_f, spread_f) = _centred(p_x), _centred(p_f)
    scale = np.sqrt(np.sum(centred_x**2, axis=1) * np.sum(centred_f**2, axis=1))
    correlation = np.sum(centred_x * centred_f, axis=1) / np.where(scale > 0, scale, 1)
    correlation = np.where(scale > 0, correlation, 0)
    product = cumulative_f[:, :, None] * cumulative_x[:, None]
    upper = np.minimum(cumulative_f[:, :, None], cumulative_x[:, None])
    lower = np.maximum(cumulative_f[:, :, None] + cumulative_x[:, None] - 1, 0)
    bound = np.where(correlation[:, None, None] >= 0, upper, lower)
    reach = np.sum(bound - product, axis=(1, 2))
    known = (correlation != 0) & (spread_x > 0) & (spread_f > 0)
    share = np.where(known, correlation * spread_x * spread_f / np.where(known, reach, 1), 0)[:, None, None]
    mixed = np.diff(np.diff(np.pad(bound, ((0, 0), (1, 0), (1, 0))), axis=1), axis=2)
    joint = share * mixed + (1 - share) * p_f[:, :, None] * p_x[:, None]
    entropy_x, entropy_f, entropy_joint = _entropy(p_x), _entropy(p_f), _entropy(joint.reshape(len(x), -1))
    single = entropy_x + entropy_f
    value = 2 * (single - entropy_joint) / np.where(single > 0, single, 1)
    # Windows of equal distributions have full information on one another, unless all of it is in one pixel (entropy 0).
    alike = np.all(x == f, axis=1) | (np.all(p_x == p_f, axis=1) & (single > 0))
    return np.where(alike, 1, value)


def _distribution(x: NDArray) -> NDArray:
    """Returns windows as distributions over their pixels: values above the smallest, or uniform if it is constant."""
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    flat = low == high
    scaled = np.where(flat, 1, (x - low) / np.where(flat, 1, high - low))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _centred(p: NDArray) -> tuple[NDArray, NDArray]:
    """Returns probabilities less their mean, or zero if all are equal, and the pixel number's standard deviation."""
    number = np.arange(1, PIXELS + 1)
    mean = p @ number
    spread = np.sqrt(np.maximum(p @ number**2 - mean**2, 0))
    flat = p.min(axis=1) == p.max(axis=1)
    return np.where(flat[:, None], 0, p - p.mean(axis=1, keepdims=True)), spread


def _entropy(p: NDArray) -> NDArray:
    """Returns the entropy of each row in bits; negative values of the joint model count with the log of their size."""
    size = np.abs(p)
    return -np.sum(p * np.log2(np.where(size > 0, size, 1)), axis=1)
