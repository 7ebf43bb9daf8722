"""Metrics of the structure of each source that the fused image lost.

Other metrics reward a copy of the brighter source, although it leaves structure out: dark writing in one image where
the other is bright, or people that are darker than the snow behind them. These metrics count it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.metrics.common import Image, UndefinedError
from mfjax.metrics.registry import metric

SIGMA = 3.0  # standard deviation of the Gaussian window, pixels
LEAST_DEVIATION = 10.0  # local standard deviation in gray levels below which a window has only grain
LEAST_CORRELATION = 0.5  # local correlation below which a structure is gone, swamped or inverted


@metric("structure_lost_ir", best="lower", least=0, most=1, source="this project's own")
def infrared(ir: Image, vis: Image, fused: Image) -> float:
    """structure_lost_ir: share of the windows in which infrared has the stronger structure that the fused image lost.

    A window has structure if its standard deviation is at least 10 gray levels, and it is lost if its correlation with
    the fused image is below 0.5.
    """
    return _lost(ir, vis, fused, "infrared")


@metric("structure_lost_vis", best="lower", least=0, most=1, source="this project's own")
def visible(ir: Image, vis: Image, fused: Image) -> float:
    """structure_lost_vis: share of the windows in which visible has the stronger structure that the fused image lost.

    Structure and its loss are those of structure_lost_ir.
    """
    return _lost(vis, ir, fused, "visible")


def _lost(source: Image, other: Image, fused: Image, name: str) -> float:
    mean, mean_f = _mean(source), _mean(fused)
    deviation, deviation_f = _deviation(source, mean), _deviation(fused, mean_f)
    dominant: NDArray[np.bool_] = (deviation >= LEAST_DEVIATION) & (deviation >= _deviation(other, _mean(other)))
    if not dominant.any():
        raise UndefinedError(f"{name} has the stronger structure nowhere, so none of it can be lost")
    covariance = _mean(source * fused) - mean * mean_f
    correlation = covariance / np.maximum(deviation * deviation_f, 1e-6)
    return float(np.mean(correlation[dominant] < LEAST_CORRELATION))


def _mean(x: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(x, (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT_101))


def _deviation(x: Image, mean: Image) -> Image:
    return np.sqrt(np.maximum(_mean(x * x) - mean**2, 0))
