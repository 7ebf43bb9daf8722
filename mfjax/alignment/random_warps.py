"""Random views of registered pairs, with known maps between them: for training and for the benchmark."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import geometry, warps
from mfjax.alignment.geometry import Matrix
from mfjax.size import Size


class Warps(NamedTuple):
    """The most by which the views of two cameras may differ."""

    shift: float = 0.10  # of the infrared view's width, each way along each axis
    degrees: float = 5.0  # of rotation, each way
    scales: tuple[float, float] = (0.7, 1.5)  # width of the visible view in widths of the infrared one
    perspective: float = 0.03  # of the width: how far each corner may lie from where it is without perspective


class Views(NamedTuple):
    """Two views of a scene, the map from the visible to the infrared one, and where that lies."""

    ir: NDArray
    vis: NDArray
    matrix: Matrix
    frame: Matrix  # from the infrared view to the pair's image


def known_views(rng: np.random.Generator, ir: NDArray, vis: NDArray, limits: Warps, *, largest: float = 0.97) -> Views:
    """Returns two views that lie wholly in the images of a registered pair, and the map between them.

    Args:
        rng: the source of randomness.
        ir: the infrared image, `[h, w]`.
        vis: the visible image of the same view, of any size.
        limits: how far the views may differ.
        largest: width of the larger view, as a share of the pair's, where there is room.
    """
    shape = ir.shape[:2]
    for attempt in range(1000):
        scale = math.exp(rng.uniform(*np.log(limits.scales)))
        share = largest * 0.996**attempt / max(1.0, scale)
        frame = _frame(rng, share)  # unit coordinates of the infrared view to those of the pair
        between = random_map(rng, shape, limits, scale)  # of the visible view to those of the infrared view
        corners = geometry.mapped(frame @ between, np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]]))
        if corners.min() >= 0 and corners.max() <= 1:
            break
    else:
        raise AssertionError("smaller and smaller views fit at last")
    size_ir = round(share * shape[0]), round(share * shape[1])
    share_vis = share * scale
    size_vis = round(share_vis * vis.shape[0]), round(share_vis * vis.shape[1])
    seen_ir = warps.warp(ir, np.linalg.inv(frame), size_ir, interpolation=cv2.INTER_CUBIC)
    seen_vis = warps.warp(vis, np.linalg.inv(frame @ between), size_vis, interpolation=cv2.INTER_CUBIC)
    return Views(seen_ir, seen_vis, between, frame)


def random_map(rng: np.random.Generator, size: Size, limits: Warps, scale: float | None = None) -> Matrix:
    """Returns a random map from a visible view to an infrared one, in unit coordinates.

    Args:
        rng: the source of randomness.
        size: (height, width) of the infrared view, of which only the aspect counts; the visible view has the same one.
        limits: how far the views may differ.
        scale: width of the visible view in widths of the infrared one; by default random.
    """
    if scale is None:
        scale = math.exp(rng.uniform(*np.log(limits.scales)))
    angle = math.radians(rng.uniform(-limits.degrees, limits.degrees))
    shift = rng.uniform(-limits.shift, limits.shift, 2)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    similarity = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]], [0, 0, 1]])
    square = warps.to_square(size)
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
    at = geometry.mapped(square, corners)
    to = geometry.mapped(similarity, at + rng.uniform(-limits.perspective, limits.perspective, (4, 2)))
    bent = cv2.getPerspectiveTransform(at.astype(np.float32), to.astype(np.float32)).astype(np.float64)
    return np.linalg.inv(square) @ bent @ square


def _frame(rng: np.random.Generator, share: float) -> Matrix:
    """Returns the map from the unit coordinates of a rectangle within an image to those of the image."""
    left, top = rng.uniform(0, 1 - share, 2)
    return np.array([[share, 0, left], [0, share, top], [0, 0, 1.0]])
