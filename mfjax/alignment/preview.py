"""A picture to judge an alignment by: the infrared edges on the visible image, and a checkerboard of both."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment.geometry import Matrix
from mfjax.alignment.warping import resampled

WIDTH = 800  # pixels of each panel
FIELDS = 8  # fields of the checkerboard along its width
STRONG = 98  # percentile of gradients that is drawn at full strength
COLOUR = np.array([1.0, 0.35, 0.0], np.float32)  # of infrared edges


def preview(ir: NDArray, vis: NDArray, matrix: Matrix) -> NDArray[np.uint8]:
    """Returns two panels side by side, RGB, in the visible image's view: edges on it, and a checkerboard.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        matrix: the map from the visible to the infrared image.
    """
    size = max(2, round(WIDTH * vis.shape[0] / vis.shape[1])), WIDTH
    visible = np.clip(cv2.resize(vis.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA), 0, 1)
    infrared = resampled(_stretched(ir.astype(np.float32)), matrix, size)
    y, x = ((np.arange(side) + 0.5) / side for side in size)
    places = np.stack(np.broadcast_arrays(x[None], y[:, None], 1.0), axis=-1) @ matrix.T
    seen = ((places[..., :2] >= 0) & (places[..., :2] <= places[..., 2:])).all(axis=-1)
    edges = (_edges(infrared) * seen)[..., None]
    drawn = (1 - edges) * (0.75 * visible[..., None]) + edges * COLOUR
    field = WIDTH // FIELDS
    rows, cols = (np.arange(side) // field for side in size)
    board = np.where(((rows[:, None] + cols) % 2 == 1) & seen, infrared, visible)
    panels = np.concatenate([drawn, np.repeat(board[..., None], 3, axis=-1)], axis=1)
    return np.rint(255 * panels).astype(np.uint8)


def _stretched(image: NDArray) -> NDArray:
    """Returns an image whose 1st and 99th percentile are black and white."""
    low, high = np.percentile(image, (1, 99))
    return np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _edges(image: NDArray) -> NDArray:
    """Returns the strength of an image's edges, from 0 to 1."""
    smooth = cv2.GaussianBlur(image, (0, 0), 1.2)
    strength = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return np.clip(strength / max(float(np.percentile(strength, STRONG)), 1e-6), 0, 1) ** 1.5
