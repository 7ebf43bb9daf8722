"""Measures how well a pair is registered, by where the edges of its two images lie."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 256  # width in pixels at which edges are compared
REACH = 0.08  # the largest displacement that is searched, in all directions, as a share of the width


class Alignment(NamedTuple):
    """The position of a visible image on its infrared one."""

    score: float
    """Correlation of the edges as they lie, divided by the largest that any displacement gives; in [0, 1].

    It is 1 if no displacement improves it, whatever the contrast of the two images, and 0 without any common edge."""
    rows: float
    """Distance in pixels by which the visible image would have to move down to lie best."""
    cols: float
    """Distance in pixels by which it would have to move to the right."""


def alignment(ir: NDArray, vis: NDArray) -> Alignment:
    """Returns the alignment of two gray images.

    It compares smoothed gradient magnitudes at a width of 256 pixels by their normalised correlation coefficient, over
    displacements of up to 8 % of the width. A local or rotated error counts only as far as it weakens the correlation.

    Args:
        ir: the infrared image, [h, w].
        vis: the visible image, of the same size.

    Raises:
        ValueError: the sizes differ.
    """
    if ir.shape != vis.shape:
        raise ValueError(f"infrared is {ir.shape} but visible {vis.shape}; bring them to one size first")
    scale = ir.shape[1] / WIDTH
    size = (WIDTH, max(8, round(ir.shape[0] / scale)))
    first, second = (_edges(cv2.resize(image, size, interpolation=cv2.INTER_AREA)) for image in (ir, vis))
    reach = min(round(REACH * WIDTH), size[1] // 4)
    inner = second[reach:-reach, reach:-reach]
    if inner.std() < 1e-3 or first.std() < 1e-3:  # flat: nothing to compare
        return Alignment(0.0, 0.0, 0.0)
    correlation = cv2.matchTemplate(first, inner, cv2.TM_CCOEFF_NORMED)  # [2 reach + 1, 2 reach + 1]
    row, col = np.unravel_index(correlation.argmax(), correlation.shape)
    best, here = float(correlation[row, col]), float(correlation[reach, reach])
    score = max(here, 0.0) / best if best > 0 else 0.0
    return Alignment(score, (int(row) - reach) * scale, (int(col) - reach) * scale)


def _edges(image: NDArray) -> NDArray:
    """Returns the square root of the gradient magnitude (no single edge decides), smoothed to forgive a pixel."""
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1)
    magnitude = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return cv2.GaussianBlur(np.sqrt(magnitude), (0, 0), 1)
