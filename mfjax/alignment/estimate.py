"""A stand-in for the estimator: gradient correlation over scales and shifts. To be replaced."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from mfjax.alignment import geometry

WIDTH = 256


class Estimate(NamedTuple):
    """A map from visible to infrared unit coordinates, and how good it is."""

    matrix: np.ndarray
    confidence: float
    residual: float
    overlap: float


def estimate(
    ir: np.ndarray, vis: np.ndarray, *, model: str = "similarity", start: np.ndarray | None = None
) -> Estimate:
    """Returns the map at which edges correlate best.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        model: ignored: scale and shift are sought.
        start: ignored.
    """
    template = _edges(cv2.resize(ir, (WIDTH // 2, max(16, WIDTH // 2 * ir.shape[0] // ir.shape[1]))))
    rows, cols = template.shape
    best = (-1.0, np.eye(3))
    for scale in np.geomspace(0.7, 2.4, 40):  # visible width in infrared widths
        width = max(8, round(cols * scale))
        small = _edges(cv2.resize(vis, (width, max(8, width * vis.shape[0] // vis.shape[1]))))
        pad = cols // 4
        padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
        if padded.shape[0] < rows or padded.shape[1] < cols:
            continue
        found = cv2.matchTemplate(padded, template, cv2.TM_CCOEFF_NORMED)
        row, col = np.unravel_index(found.argmax(), found.shape)
        if found[row, col] > best[0]:
            x, y = col - pad, row - pad
            matrix = np.array([[width / cols, 0, -x / cols], [0, small.shape[0] / rows, -y / rows], [0, 0, 1]])
            best = float(found[row, col]), matrix
    return Estimate(best[1], min(max(2 * best[0], 0), 1), 1.0, geometry.share_seen(best[1]))


def estimate_rig(irs: Sequence, viss: Sequence, *, model: str = "similarity") -> tuple[Estimate, list[Estimate]]:
    """Returns the estimate of the pair that is most confident, and those of all pairs.

    Args:
        irs: infrared lumas.
        viss: visible lumas.
        model: as of `estimate`.
    """
    each = [estimate(ir, vis, model=model) for ir, vis in zip(irs, viss, strict=True)]
    return max(each, key=lambda one: one.confidence), each


def looks_misaligned(ir: np.ndarray, vis: np.ndarray) -> float | None:
    """Returns by what share of the width two images are measurably off, at a small cost; None if they are not.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
    """
    if min(*ir.shape, *vis.shape) < 64:
        return None
    found = estimate(ir, vis)
    off = float(np.abs(geometry.mapped(found.matrix, geometry.CORNERS) - geometry.CORNERS).max())
    return off if found.confidence > 0.5 and off > 0.02 else None


def _edges(image: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1)
    magnitude = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return cv2.GaussianBlur(np.sqrt(magnitude), (0, 0), 1)
