"""The arithmetic of 3×3 maps between images, in unit coordinates.

Unit coordinates are x right and y down, each from 0 to 1 from one edge of an image to the other, so that they hold at
any resolution: pixel (row i, column j) of h×w has its centre at x = (j + ½) / w, y = (i + ½) / h.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfjax.size import Size

Matrix = NDArray[np.floating]  # [3, 3]

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
CENTRE = np.array([0.5, 0.5])


def to_pixels(size: Size) -> Matrix:
    """Returns the matrix from unit coordinates to pixels, (x, y) with (0, 0) at the centre of the first one.

    Args:
        size: the image's (height, width).
    """
    return np.array([[size[1], 0, -0.5], [0, size[0], -0.5], [0, 0, 1.0]])


def mapped(matrix: Any, points: Any) -> Any:
    """Returns points moved by a map, `[…, 2]`; it takes NumPy's and JAX's arrays.

    Args:
        matrix: the map, `[3, 3]`.
        points: the points, (x, y), `[…, 2]`.
    """
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    return moved / (points @ matrix[2, :2] + matrix[2, 2])[..., None]


def jacobian(matrix: Any, point: Any = CENTRE) -> Any:
    """Returns the derivative of a map at a point, `[2, 2]`: of (x, y) after it, in the rows, by (x, y) before.

    Args:
        matrix: the map, `[3, 3]`.
        point: the point, (x, y), `[2]`; by default the image's middle.
    """
    depth = matrix[2, :2] @ point + matrix[2, 2]
    return (matrix[:2, :2] - mapped(matrix, point)[:, None] * matrix[2, :2]) / depth


def steps(matrix: Any, source: Size, size: Size) -> Any:
    """Returns how many source pixels a step of one output pixel is in the middle, along rows and columns, `[2]`.

    Args:
        matrix: the map from the output to the source.
        source: the source's (height, width).
        size: the output's (height, width).
    """
    pixels = to_pixels(source)[:2, :2] @ jacobian(matrix) @ np.diag([1 / size[1], 1 / size[0]])
    return np.hypot(*pixels)[::-1]  # the columns of the derivative are the steps right and down


def is_parallel(matrix: Matrix, source: Size, *, tolerance: float) -> bool:
    """Returns true if a map has no rotation, shear or perspective: each side of the output is parallel to a source's.

    Args:
        matrix: the map from the output to the source.
        source: the source's (height, width).
        tolerance: the most that a corner may be moved by what is left out, in source pixels.
    """
    return moved_by(matrix, parallel(matrix), source) <= tolerance


def parallel(matrix: Matrix) -> Matrix:
    """Returns a map's scale and shift along each axis, without rotation, shear and perspective.

    Args:
        matrix: the map.
    """
    corners = mapped(matrix, CORNERS)
    low = corners[[0, 3], 0].mean(), corners[[0, 1], 1].mean()
    high = corners[[1, 2], 0].mean(), corners[[2, 3], 1].mean()
    return np.array([[high[0] - low[0], 0, low[0]], [0, high[1] - low[1], low[1]], [0, 0, 1.0]])


def moved_by(one: Matrix, other: Matrix, source: Size) -> float:
    """Returns the largest distance between the places to which two maps move a corner, in source pixels.

    Args:
        one: a map from the output to the source.
        other: another one.
        source: the source's (height, width).
    """
    apart = (mapped(one, CORNERS) - mapped(other, CORNERS)) * source[::-1]
    return float(np.hypot(*apart.T).max())


def cropped(top: int, left: int, size: Size, whole: Size) -> Matrix:
    """Returns the map from a part of an image to the whole of it.

    Args:
        top: the part's first row.
        left: the part's first column.
        size: the part's (height, width) in pixels.
        whole: the image's (height, width).
    """
    (rows, cols), (height, width) = size, whole
    return np.array([[cols / width, 0, left / width], [0, rows / height, top / height], [0, 0, 1.0]])


def common_rectangle(matrix: Matrix, whole: Size) -> tuple[slice, slice] | None:
    """Returns the rows and columns of the largest upright rectangle of an image that another image shows, too.

    Args:
        matrix: the map from the image to the other one.
        whole: the image's (height, width), to whose pixels the rectangle is cut.

    Returns:
        The rows and the columns; None if there is no pixel that both show.
    """
    left, right = np.zeros(1), np.ones(1)
    for cell in (2**-7, 2**-12, 2**-17, 2**-22):  # each search around the best of the coarser one before
        reach = 128 if cell == 2**-7 else 32
        near = np.arange(-reach, reach + 1) * cell
        lefts, rights = (np.unique(np.clip(side + near, 0, 1)) for side in (left, right))
        tops, bottoms = _heights(matrix, lefts[:, None], rights[None])
        areas = np.maximum(rights - lefts[:, None], 0) * np.maximum(bottoms - tops, 0)
        i, j = np.unravel_index(areas.argmax(), areas.shape)
        left, right = lefts[[i]], rights[[j]]
    rows, cols = whole
    ends = [(tops[i, j] * rows, bottoms[i, j] * rows), (left[0] * cols, right[0] * cols)]
    found = [(math.ceil(low - 1e-3), math.floor(high + 1e-3)) for low, high in ends]
    if areas.max() <= 0 or any(low >= high for low, high in found):
        return None
    return slice(*found[0]), slice(*found[1])


def sides(matrix: Any) -> Any:
    """Returns the sides of a source as lines on the output, `[4, 3]`: p·(x, y, 1) is positive on the source's side.

    For maps that keep the whole output in front of them, divided by the map's denominator it is the distance from the
    side in the source's unit coordinates.

    Args:
        matrix: the map from the output to the source, `[3, 3]`.
    """
    x, y, w = matrix
    return [x, w - x, y, w - y]


def _heights(matrix: Matrix, left: NDArray, right: NDArray) -> tuple[NDArray, NDArray]:
    """Returns the top and bottom of the largest rectangles between some left and right ends that the source shows."""
    shape = np.broadcast_shapes(left.shape, right.shape)
    top, bottom = np.zeros(shape), np.ones(shape)
    for p, q, r in sides(matrix):
        least = r + np.minimum(p * left, p * right)  # of p·x + r, which with q·y must not be negative
        if abs(q) < 1e-12:
            bottom = np.where(least < 0, -1, bottom)
        elif q > 0:
            top = np.maximum(top, -least / q)
        else:
            bottom = np.minimum(bottom, least / -q)
    return top, bottom


def share_seen(matrix: Matrix) -> float:
    """Returns the share of an image that another one shows, too.

    Args:
        matrix: the map from the image to the other one.
    """
    seen = [(float(x), float(y)) for x, y in CORNERS]
    for p, q, r in sides(matrix):  # what lies beyond each side is cut off
        signed = [(p * x + q * y + r, (x, y)) for x, y in seen]
        seen = []
        for (here, point), (there, other) in zip(signed, signed[1:] + signed[:1], strict=True):
            if here >= 0:
                seen.append(point)
            if here * there < 0:
                t = here / (here - there)
                seen.append((point[0] + t * (other[0] - point[0]), point[1] + t * (other[1] - point[1])))
    edges = zip(seen, seen[1:] + seen[:1], strict=True)
    area = sum(x * v - u * y for (x, y), (u, v) in edges) / 2
    return min(max(float(area), 0.0), 1.0)
