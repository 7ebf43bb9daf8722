"""The part of a visible image that the infrared camera sees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.data.sets.layouts.base import SAME, View
from mfjax.errors import MfjaxError


def crop_to_view(vis: NDArray, view: View) -> NDArray:
    """Returns the part of a visible image that the infrared camera sees, at the visible image's own resolution.

    Args:
        vis: the visible image, [h, w].
        view: the part of the visible image that infrared sees.

    Raises:
        MfjaxError: infrared sees more than 1 % of a side beyond the visible image.
    """
    if np.array_equal(view, SAME):
        return vis
    corners = cv2.perspectiveTransform(np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float64), view)[0]
    if corners.min() < -0.01 or corners.max() > 1.01:
        raise MfjaxError(f"infrared's corners lie at {corners.round(3).tolist()} of the visible image, outside it")
    sides = np.linalg.norm((np.roll(corners, -1, axis=0) - corners) * vis.shape[::-1], axis=1)
    width, height = round((sides[0] + sides[2]) / 2), round((sides[1] + sides[3]) / 2)
    if min(width, height) < images.MIN_SIDE:
        raise MfjaxError(f"infrared would see {height}x{width} pixels of the visible image")
    to_visible = np.linalg.inv(to_unit(*vis.shape)) @ view @ to_unit(height, width)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(vis, to_visible, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def to_unit(rows: int, cols: int) -> NDArray[np.float64]:
    """Returns the matrix from pixels, (x, y) with (0, 0) at the centre of the first, to the unit square.

    Args:
        rows: the image's height.
        cols: the image's width.
    """
    return np.array([[1 / cols, 0, 0.5 / cols], [0, 1 / rows, 0.5 / rows], [0, 0, 1]])
