"""Maps as estimating needs them: in square coordinates, applied to images, and compared.

Unit coordinates are not square. So rotations and scales are spoken of in *square* coordinates: from the image's centre,
in widths.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import geometry
from mfjax.alignment.geometry import CORNERS, Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH
from mfjax.size import Size


def to_square(size: Size) -> Matrix:
    """Returns the map from unit coordinates to square ones: from the centre, in widths.

    Args:
        size: the image's (height, width).
    """
    aspect = size[0] / size[1]
    return np.array([[1, 0, -0.5], [0, aspect, -aspect / 2], [0, 0, 1.0]])


def warp(image: NDArray, matrix: Matrix, size: Size, *, interpolation: int = cv2.INTER_LINEAR) -> NDArray:
    """Returns an image as another view shows it, averaged where the view has fewer pixels; mirrored beyond its ends.

    Args:
        image: `[h, w]` or `[h, w, c]`, of at most 4 channels.
        matrix: the map from the image's unit coordinates to the view's.
        size: the view's (height, width).
        interpolation: OpenCV's constant.
    """
    return moved(averaged(image, matrix, size), matrix, size, interpolation=interpolation)


def moved(
    image: NDArray,
    matrix: Matrix,
    size: Size,
    *,
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_REFLECT,
) -> NDArray:
    """Returns what `warp` does of an image that is not to be averaged.

    Args:
        image: `[h, w]` or `[h, w, c]`.
        matrix: the map from the image's unit coordinates to the view's.
        size: the view's (height, width).
        interpolation: OpenCV's constant.
        border: OpenCV's constant for what lies outside the image.
    """
    source = image.shape[0], image.shape[1]
    to_source = geometry.to_pixels(source) @ np.linalg.inv(geometry.to_pixels(size) @ matrix)
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(image, to_source, size[::-1], flags=flags, borderMode=border)


def averaged(image: NDArray, matrix: Matrix, size: Size) -> NDArray:
    """Returns the image with about as many pixels as it has in a view, if there it has fewer.

    Args:
        image: `[h, w]` or `[h, w, c]`.
        matrix: the map from its unit coordinates to the view's.
        size: the view's (height, width).
    """
    sides = geometry.mapped(geometry.to_pixels(size) @ matrix, np.array([[0.5, 0.5], [1.0, 0.5], [0.5, 1.0]]))
    across, down = 2 * np.linalg.norm(sides[1] - sides[0]), 2 * np.linalg.norm(sides[2] - sides[0])
    height, width = image.shape[:2]
    smaller = min(height, max(1, math.ceil(down))), min(width, max(1, math.ceil(across)))
    if smaller[0] > 0.8 * height and smaller[1] > 0.8 * width:
        return image
    return cv2.resize(image, smaller[::-1], interpolation=cv2.INTER_AREA)


def corner_error(found: Matrix, true: Matrix, size: Size) -> float:
    """Returns the mean distance at the corners of the infrared image, in pixels at a width of 512.

    It is the distance from a corner to where the found map takes the visible point that belongs there.

    Args:
        found: a map from the visible to the infrared image.
        true: the right one.
        size: the infrared image's (height, width).
    """
    moved = geometry.mapped(found @ np.linalg.inv(true), CORNERS)
    sides = ALIGNED_WIDTH * np.array([1, size[0] / size[1]])
    return float(np.linalg.norm((moved - CORNERS) * sides, axis=-1).mean())


def of_corners(corners: NDArray) -> Matrix:
    """Returns the map that takes the corners of unit coordinates to these places.

    Args:
        corners: (x, y) of each of `geometry.CORNERS`, `[4, 2]`.
    """
    return np.asarray(cv2.getPerspectiveTransform(CORNERS.astype(np.float32), corners.astype(np.float32)), np.float64)


def covered(matrix: Matrix, size: Size) -> NDArray[np.bool_]:
    """Returns true at the pixels of a view that a mapped image shows, `[h, w]`.

    Args:
        matrix: the map from the image's unit coordinates to the view's.
        size: the view's (height, width).
    """
    rows, cols = np.indices(size)
    points = np.stack([(cols + 0.5) / size[1], (rows + 0.5) / size[0]], axis=-1)
    x, y = np.moveaxis(geometry.mapped(np.linalg.inv(matrix), points), -1, 0)
    covered: NDArray[np.bool_] = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    return covered
