"""Methods of OpenCV that align two images, each a `mfjax.evaluation.alignment.Method` that needs no model.

All of them see logarithms of gradients, of which infrared and visible images have more in common than of levels.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import ModelChoice, geometry
from mfjax.evaluation.alignment.measuring import Method

WIDTH = 512  # pixels of both views' width, at which peers work
RATIO = 0.8  # of a match's distance to that of the second best one, above which it is dropped (Lowe)
RANSAC_PIXELS = 4.0


def opencv_peers(model: ModelChoice) -> dict[str, Method]:
    """Returns no alignment, phase correlation, ECC and SIFT with RANSAC, by their names.

    Args:
        model: the kind of maps that is sought; ECC and SIFT seek a homography for a homography, else an affine map.
    """
    kind = "homography" if model == "homography" else "affine"
    return {
        "no alignment": none,
        "phase correlation": phase,
        f"ECC, {kind}": partial(ecc, motion=cv2.MOTION_HOMOGRAPHY if kind == "homography" else cv2.MOTION_AFFINE),
        f"SIFT on edges, RANSAC, {kind}": partial(sift, homography=kind == "homography"),
    }


def none(ir: NDArray, vis: NDArray) -> NDArray:
    """Returns the map of views that show the same.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    return np.eye(3)


def phase(ir: NDArray, vis: NDArray) -> NDArray:
    """Returns the shift by OpenCV's phase correlation.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    a, b = map(_edges, same_size(ir, vis))
    (x, y), _ = cv2.phaseCorrelate(b - b.mean(), a - a.mean(), cv2.createHanningWindow(a.shape[::-1], cv2.CV_32F))
    return np.array([[1, 0, x / a.shape[1]], [0, 1, y / a.shape[0]], [0, 0, 1.0]])


def ecc(ir: NDArray, vis: NDArray, *, motion: int) -> NDArray | None:
    """Returns the map by OpenCV's ECC, from coarse to fine; None if no level converges.

    Args:
        ir: the infrared view.
        vis: the visible view.
        motion: OpenCV's constant for the kind of maps.
    """
    a, b = map(_edges, same_size(ir, vis))
    to_vis, converged = np.eye(3), False
    for level in (8, 4, 2, 1):
        size = a.shape[1] // level, a.shape[0] // level
        small = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (a, b)]
        pixels = geometry.to_pixels(size[::-1])
        matrix = (pixels @ to_vis @ np.linalg.inv(pixels)).astype(np.float32)
        matrix = matrix / matrix[2, 2] if motion == cv2.MOTION_HOMOGRAPHY else matrix[:2]
        criteria = cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-5
        try:
            _, matrix = cv2.findTransformECC(*small, matrix, motion, criteria, None, 5)  # type: ignore[call-overload]
        except cv2.error:  # it does not converge
            continue
        whole = matrix if motion == cv2.MOTION_HOMOGRAPHY else np.vstack([matrix, [0, 0, 1]])
        to_vis, converged = np.linalg.inv(pixels) @ whole @ pixels, True
    return _sound(to_vis, np.linalg.inv) if converged else None


def sift(ir: NDArray, vis: NDArray, *, homography: bool) -> NDArray | None:
    """Returns the map by SIFT's matches on images of gradients; None if there are too few.

    Args:
        ir: the infrared view.
        vis: the visible view.
        homography: seek a homography, else an affine map.
    """
    both = same_size(ir, vis)
    drawn = [(255 * (each - each.min()) / (np.ptp(each) + 1e-9)).astype(np.uint8) for each in map(_edges, both)]
    detector = cv2.SIFT_create()  # type: ignore[attr-defined]
    (points, of_ir), (others, of_vis) = (detector.detectAndCompute(each, None) for each in drawn)
    if of_ir is None or of_vis is None or min(len(of_ir), len(of_vis)) < 2:
        return None
    matches = cv2.BFMatcher().knnMatch(of_vis, of_ir, k=2)
    good = [first for first, second in matches if first.distance < RATIO * second.distance]
    if len(good) < (4 if homography else 3):
        return None
    pixels = geometry.to_pixels(drawn[0].shape)
    ends = [np.array([each.pt for each in some]) for some in (others, points)]
    source, target = ends[0][[m.queryIdx for m in good]], ends[1][[m.trainIdx for m in good]]
    if homography:
        matrix, _ = cv2.findHomography(source, target, cv2.RANSAC, RANSAC_PIXELS)
    else:
        matrix, _ = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PIXELS)
        matrix = None if matrix is None else np.vstack([matrix, [0, 0, 1]])
    return None if matrix is None else _sound(matrix, lambda found: np.linalg.inv(pixels) @ found @ pixels)


def same_size(ir: NDArray, vis: NDArray) -> tuple[NDArray, NDArray]:
    """Returns both views at the size in which peers work.

    Args:
        ir: the infrared view.
        vis: the visible view.
    """
    size = WIDTH, round(WIDTH * ir.shape[0] / ir.shape[1])
    return cv2.resize(ir, size, interpolation=cv2.INTER_CUBIC), cv2.resize(vis, size, interpolation=cv2.INTER_AREA)


def _sound(matrix: NDArray, made: Callable[[NDArray], NDArray]) -> NDArray | None:
    """Returns what is made of a matrix, or None if it has no inverse."""
    return made(matrix) if np.isfinite(matrix).all() and np.linalg.cond(matrix) < 1e8 else None


def _edges(image: NDArray) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.5)
    return np.log(1e-2 + np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)))
