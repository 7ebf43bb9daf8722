"""How well a pair is registered, measured from where the edges of its two images lie."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 256  # pixels across at which edges are compared
REACH = 0.08  # of the width: the largest displacement looked for, in all directions


class Alignment(NamedTuple):
    """How a visible image lies on its infrared one."""

    score: float
    """The correlation of edges as they lie, over the largest that any displacement gives; in [0, 1].

    1 where no displacement improves it, whatever the contrast of the two images; 0 without any common edge.
    """
    rows: float
    """How far down the visible image would have to move to lie best, in pixels of the images."""
    cols: float
    """The same to the right."""


def alignment(ir: NDArray, vis: NDArray) -> Alignment:
    """The alignment of two gray images [h, w] of equal size.

    The normalised correlation coefficient of smoothed gradient magnitudes at a width of 256 pixels, over displacements
    of up to 8 % of the width. A local or rotated error is seen only as far as it weakens the correlation in place.

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
    """Gradient magnitude, its square root taken so that no single edge decides, smoothed to forgive a pixel."""
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1)
    magnitude = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return cv2.GaussianBlur(np.sqrt(magnitude), (0, 0), 1)
