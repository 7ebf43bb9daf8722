"""A contact sheet, to judge by eye how well the pairs of a data set are registered."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.alignment import LEAST_CONFIDENCE, Alignment, warps
from mfjax.alignment.estimate import estimate
from mfjax.alignment.rig import ALIGNED_WIDTH
from mfjax.data.pairs import LumaPair
from mfjax.data.sets.alignment import alignment

WIDTH = 320  # pixels of each picture
LEAST_SIDE = 64  # pixels of images whose alignment is estimated
GAP, LINE = 6, 22  # pixels between pictures, and for a line of text
INK, PAPER = (30, 30, 30), 255
FONT = cv2.FONT_HERSHEY_SIMPLEX


def sheet(pairs: Sequence[LumaPair], title: str) -> NDArray:
    """Returns a picture of pairs, RGB uint8 [H, W, 3]: a row each with infrared, visible and the edges of both.

    Edges are red in infrared and cyan in visible, so they are white where they coincide. The line below shows the
    pair's name, its alignment score and how far visible would have to move to lie best; and what `mfjax.align` says
    from there on, which also sees wrong scales and rotations.

    Args:
        pairs: the pairs to show.
        title: text at the top.
    """
    header = _text(f"{title}: infrared, visible, edges (red: infrared, cyan: visible, white: both)")
    return np.vstack([header, *(row for pair in pairs for row in _rows(pair))])


def evenly_spaced(count: int, wanted: int) -> list[int]:
    """Returns indices that are evenly spread over a sequence, ascending.

    Args:
        count: length of the sequence.
        wanted: the largest number of indices.
    """
    return [int(index) for index in np.linspace(0, count - 1, min(count, wanted)).round()]


def _rows(pair: LumaPair) -> tuple[NDArray, NDArray]:
    """Returns the three pictures in a row, and the words below them."""
    height = max(2, round(pair.ir.shape[0] * WIDTH / pair.ir.shape[1]))
    resized = [cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA) for image in pair[1:]]
    ir_edges, vis_edges = (_edges(image) for image in resized)
    pictures = [np.dstack([image] * 3) for image in resized] + [np.dstack([ir_edges, vis_edges, vis_edges])]
    row = np.full((height + GAP, 3 * WIDTH + 4 * GAP, 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        left = GAP + number * (WIDTH + GAP)
        row[GAP:, left : left + WIDTH] = picture
    score, rows, cols = alignment(pair.ir, pair.vis)
    h, w = pair.ir.shape
    best = f"alignment {score:.2f}, best at {rows:+.0f} rows, {cols:+.0f} columns"
    return row, _text(f"{pair.name}  {h}x{w}  {best}{_estimated(pair)}")


def _estimated(pair: LumaPair) -> str:
    """Returns what the estimator says of a pair that should lie as it does; nothing of one that is too small for it."""
    size = pair.ir.shape[0], pair.ir.shape[1]
    if min(size) < LEAST_SIDE:
        return ""
    found = estimate(*(images.to_float(image) for image in pair[1:]), start=np.eye(3))
    if found.confidence < LEAST_CONFIDENCE:
        return f"; align: not sure ({found.confidence:.2f})"
    it = Alignment(found.matrix, size, size)
    off = warps.corner_error(found.matrix, np.eye(3), size) / ALIGNED_WIDTH
    turned = f"scale {it.scale:.3f}, rotation {it.rotation:+.1f}"
    return f"; align: {100 * off:.1f} % of the width off, {turned} degrees ({found.confidence:.2f})"


def _text(words: str) -> NDArray:
    """Returns a line of text as wide as a row, made smaller if it would not fit; OpenCV's letters are ASCII."""
    line = np.full((LINE, 3 * WIDTH + 4 * GAP, 3), PAPER, np.uint8)
    words = words.encode("ascii", "replace").decode()
    (width, _), _ = cv2.getTextSize(words, FONT, 0.45, 1)
    size = 0.45 * min(1, (line.shape[1] - 2 * GAP) / width)
    return cv2.putText(line, words, (GAP, LINE - 7), FONT, size, INK, 1, cv2.LINE_AA)


def _edges(image: NDArray) -> NDArray:
    """Returns the gradient magnitude of an image, uint8, stretched so that its strongest 2 % are white."""
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.8)
    magnitude = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return np.clip(magnitude / max(float(np.quantile(magnitude, 0.98)), 1.0) * 255, 0, 255).astype(np.uint8)
