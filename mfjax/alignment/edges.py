"""The last refinement: Gauss-Newton on the edges of both images, by their orientation, to a fraction of a pixel."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import fitting, geometry, warps
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH, Model
from mfjax.size import Size

ORIENTATIONS = 6
BEFORE = 1.0  # pixels: smoothing before derivatives
NEAR = 10.0  # pixels: the window in which edges are made about equally strong
FLOOR = 0.01  # length of a gradient, of 1 from black to white, that is noise
STRONGEST = 3.0  # times the mean strength nearby; stronger edges count as that
RIM = 4  # pixels at the borders of images that are left out
STRIDE = 2  # pixels from one that is compared to the next; edges are smoothed by about as many
INDEPENDENT = 2e-3  # share of pixels that say something of their own: parallax moves whole regions
STILL = 0.03  # pixels at a width of 512; a step below it is the last one


class Refined(NamedTuple):
    """Refined parameters of a map, and how well the edges of both images fit then."""

    parameters: dict[str, float]
    correlation: float  # of the orientations of edges, from -1 to 1
    spread: float  # expected error at the corners in pixels at a width of 512, if these are the right edges


class _View(NamedTuple):
    edges: NDArray[np.float32]  # [h, w, orientations]
    across: NDArray[np.float32]  # their derivatives by pixels
    down: NDArray[np.float32]


def refine(
    ir: NDArray,
    vis: NDArray,
    start: Matrix,
    parameters: dict[str, float],
    model: Model,
    *,
    length: int,
    smooth: float,
    steps: int = 6,
) -> Refined:
    """Returns the parameters at which the edges of both images fit best, near those given.

    Args:
        ir: infrared luma in [0, 1], `[h, w]`.
        vis: visible luma in [0, 1].
        start: the map from the visible to the infrared image that the parameters change.
        parameters: of `fitting.matrix_of`.
        model: what may be changed.
        length: pixels of the longer side of the view in which edges are compared.
        smooth: pixels by which edges are smoothed, which is about as far as it sees.
        steps: the most steps.
    """
    size = view_size((ir.shape[0], ir.shape[1]), length)
    square = warps.to_square((ir.shape[0], ir.shape[1]))
    names = fitting.PARAMETERS[model]
    prior = np.diag([fitting.EXPECTED[name] ** -2 for name in names])
    of_ir = _view(orientations(warps.warp(ir, np.eye(3), size), smooth))
    theta = np.array([parameters.get(name, 0.0) for name in names])

    def change_of(theta: NDArray) -> Matrix:
        return fitting.matrix_of(dict(zip(names, theta.tolist(), strict=True)))

    def map_of(theta: NDArray) -> Matrix:
        return np.linalg.inv(square) @ change_of(theta) @ square @ start

    # The visible image's edges are found once; a step only moves them.
    small = warps.averaged(vis, map_of(theta), size)
    zoom = _zoom((small.shape[0], small.shape[1]), map_of(theta), size)
    of_small = orientations(small, smooth * zoom)
    rows, cols = np.indices(size)[:, ::STRIDE, ::STRIDE]
    points = np.stack([(cols + 0.5) / size[1], (rows + 0.5) / size[0]], axis=-1)
    points = geometry.mapped(square, points).reshape(-1, 2)
    correlation, spread, drift = 0.0, math.inf, math.inf
    for _ in range(steps):
        now = map_of(theta)
        of_vis = _view(warps.moved(of_small, now, size, border=cv2.BORDER_REPLICATE))
        if drift > RIM / 2:  # pixels since it was looked up
            shown, drift = _compared(now, size), 0.0
            if not shown.any():
                return Refined(parameters, 0.0, math.inf)
        residual = of_ir.edges - of_vis.edges
        square_error = np.einsum("ijk,ijk->ij", residual, residual)
        weight = (shown / (1 + square_error / (np.median(square_error[shown]) + 1e-6))).ravel()  # Cauchy
        x, y = ((one + other) * (size[1] / 2) for one, other in zip(of_ir[1:], of_vis[1:], strict=True))
        xx, xy, yy = (np.einsum("ijk,ijk->ij", a, b).ravel() * weight for a, b in ((x, x), (x, y), (y, y)))
        rx, ry = (np.einsum("ijk,ijk->ij", a, residual).ravel() * weight for a in (x, y))
        before = geometry.mapped(np.linalg.inv(change_of(theta)), points)
        _, jacobian = fitting.residuals(theta, names, before, points)  # [p, 2, parameters]
        jx, jy = jacobian[:, 0].astype(np.float32), jacobian[:, 1].astype(np.float32)
        moved = jx.T @ (jy * xy[:, None])
        hessian = jx.T @ (jx * xx[:, None]) + moved + moved.T + jy.T @ (jy * yy[:, None])
        gradient = -(jx.T @ rx + jy.T @ ry)  # content that moves right shows here what was left of it
        noise = float(weight @ square_error.ravel() / weight.sum()) / ORIENTATIONS
        counts = STRIDE**2 * INDEPENDENT / (noise + 1e-9)
        information = counts * hessian.astype(np.float64) + prior
        step = np.linalg.solve(information, counts * gradient - prior @ theta)
        theta = theta + step
        drift += float(np.abs(step).max()) * size[1]
        a, b = of_ir.edges[shown], of_vis.edges[shown]
        correlation = float((a * b).sum() / math.sqrt(float((a**2).sum() * (b**2).sum()) + 1e-12))
        spread = _spread(np.linalg.inv(information), names, size[0] / size[1])
        if np.abs(step).max() < STILL / ALIGNED_WIDTH:
            break
    return Refined(dict(zip(names, theta.tolist(), strict=True)), correlation, spread)


def orientations(luma: NDArray, smooth: float) -> NDArray[np.float32]:
    """Returns how strong edges of each orientation are, relative to their surroundings, `[h, w, ORIENTATIONS]`.

    Args:
        luma: the image, in [0, 1], `[h, w]`.
        smooth: pixels by which the strengths are smoothed.
    """
    luma = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), BEFORE)
    x, y = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=1 / 8)
    length = cv2.magnitude(x, y)
    near = cv2.GaussianBlur(length, (0, 0), NEAR) + FLOOR
    strength = np.sqrt(np.minimum(length / near, STRONGEST))
    x, y = x / (length + 1e-9), y / (length + 1e-9)
    angles = (np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS).astype(np.float32)
    made = strength[..., None] * (x[..., None] * np.cos(angles) + y[..., None] * np.sin(angles)) ** 2
    return cv2.GaussianBlur(made, (0, 0), smooth)


def _view(edges: NDArray[np.float32]) -> _View:
    """Returns edges without what all orientations share, and their derivatives, at every `STRIDE`th pixel."""
    edges = edges - (edges @ np.full(ORIENTATIONS, 1 / ORIENTATIONS, np.float32))[..., None]
    across, down = (cv2.Sobel(edges, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return _View(*(np.asarray(each[::STRIDE, ::STRIDE], np.float32) for each in (edges, across, down)))


def _compared(matrix: Matrix, size: Size) -> NDArray[np.bool_]:
    """Returns true at the pixels of a view that a mapped image shows, and that are not at either's border."""
    inner = cv2.erode(warps.covered(matrix, size).astype(np.uint8), np.ones((2 * RIM + 1,) * 2), borderValue=1) > 0
    inner[:RIM], inner[-RIM:], inner[:, :RIM], inner[:, -RIM:] = False, False, False, False
    return inner[::STRIDE, ::STRIDE]


def _spread(covariance: NDArray, names: tuple[str, ...], aspect: float) -> float:
    """Returns the expected error at a view's corners in pixels at a width of 512."""
    corners = np.array([[-0.5, -aspect / 2], [0.5, -aspect / 2], [-0.5, aspect / 2], [0.5, aspect / 2]])
    _, jacobian = fitting.residuals(np.zeros(len(names)), names, corners, corners)
    return float(np.sqrt(np.einsum("pia,ab,pib->p", jacobian, covariance, jacobian)).mean() * ALIGNED_WIDTH)


def view_size(size: Size, length: int) -> Size:
    """Returns the size of a view of an image whose longer side has so many pixels.

    Args:
        size: the image's (height, width).
        length: the pixels.
    """
    rows, cols = (max(4 * RIM, round(side * length / max(size))) for side in size)
    return rows, cols


def _zoom(size: Size, matrix: Matrix, view: Size) -> float:
    """Returns how many pixels of an image are one of the view's."""
    ends = geometry.mapped(geometry.to_pixels(view) @ matrix, np.array([[0.45, 0.5], [0.55, 0.5]]))
    return 0.1 * size[1] / max(float(np.linalg.norm(ends[1] - ends[0])), 1e-6)
