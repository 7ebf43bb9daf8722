"""The coarse search: the similarity between two views, among all that two cameras side by side may have."""

import itertools
import math
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import fitting, geometry, matching, warps
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import Model
from mfjax.alignment.views import Descriptions, inner
from mfjax.size import Size

LENGTH = 192  # pixels of the longer side of the infrared view
MARGIN = 0.25  # shares of the view that are searched beyond each of its sides
SCALES = np.exp(np.linspace(math.log(0.64), math.log(1.64), 9))  # width of the visible view in infrared ones
ANGLES = np.radians([-4.5, 0.0, 4.5])
OVERLAP_COUNTS = 0.75  # of two maps that match as well, 1: neither is preferred; 0.5: the one that overlaps more
LEAST_OVERLAP = 0.3  # share of the infrared view that the visible one must show
CANDIDATES = 3

SETTLING = 256  # pixels of the longer side of the view in which candidates are settled
REACH = 4  # places that settling may move a neighbourhood by
NOISE = 0.35  # deviation, in places, of a place that is found, from parallax and chance
SHOWN = 0.6  # share of a neighbourhood that both images must show


class Candidate(NamedTuple):
    """A similarity between two views."""

    parameters: dict[str, float]  # of `fitting.matrix_of`, which change `start`
    start: Matrix
    support: float  # share of the infrared view's neighbourhoods that are found, surely, where it says


def candidates(
    describe: Descriptions, ir: NDArray, vis: NDArray, starts: list[Matrix], model: Model
) -> list[Candidate]:
    """Returns the likeliest similarities, `CANDIDATES` of each start.

    Args:
        describe: the descriptor.
        ir: infrared luma in [0, 1], `[h, w]`.
        vis: visible luma in [0, 1].
        starts: maps from the visible to the infrared view, around which it searches.
        model: "shift" for shifts only; of all others, a similarity.
    """
    most: Model = "shift" if model == "shift" else "similarity"
    size = ir.shape[0], ir.shape[1]
    of_ir = settling_map(describe, ir)
    return [
        settled(describe, of_ir, size, vis, start, parameters, most)
        for start in starts
        for parameters in search(describe, ir, vis, start, most)
    ]


def search(describe: Descriptions, ir: NDArray, vis: NDArray, start: Matrix, model: Model) -> list[dict[str, float]]:
    """Returns the parameters of the likeliest similarities, the best first.

    Args:
        describe: the descriptor.
        ir: infrared luma, `[h, w]`.
        vis: visible luma.
        start: the map around which it searches.
        model: "shift" or "similarity".
    """
    size = describe.view_size((ir.shape[0], ir.shape[1]), LENGTH)
    margin = [4 * round(MARGIN * side / 4) for side in size]
    wide = size[0] + 2 * margin[0], size[1] + 2 * margin[1]
    to_wide = geometry.cropped(margin[0], margin[1], size, wide)
    square = warps.to_square((ir.shape[0], ir.shape[1]))
    hypotheses = [(1.0, 0.0)] if model == "shift" else list(itertools.product(SCALES, ANGLES))
    views, shown = [], []
    for scale, angle in hypotheses:
        matrix = to_wide @ np.linalg.inv(square) @ fitting.matrix_of(_turned(scale, angle)) @ square @ start
        views.append(warps.warp(vis, matrix, wide))
        shown.append(describe.shown(matrix, wide))
    of_ir = describe(warps.warp(ir, np.eye(3), size)[None], "ir")[0]
    of_vis = describe(np.stack(views), "vis")
    used = inner((of_ir.shape[0], of_ir.shape[1]))
    sums, counts = map(np.asarray, matching.all_shifts(of_ir - of_ir.mean(axis=(0, 1)), of_vis, used, np.stack(shown)))
    fit = sums / np.maximum(counts, 1) ** OVERLAP_COUNTS
    scores = np.where(counts > LEAST_OVERLAP * used.sum(), fit, -np.inf).reshape(len(hypotheses), -1)
    found = []
    for number in np.argsort(-scores.max(axis=1))[:CANDIDATES]:
        row, col = divmod(int(scores[number].argmax()), sums.shape[2])
        x = ((sums.shape[2] - 1) / 2 - col) * 4 / size[1]
        y = ((sums.shape[1] - 1) / 2 - row) * 4 / size[0] * ir.shape[0] / ir.shape[1]
        found.append({"x": x, "y": y, **_turned(*hypotheses[number])})
    return found


def settling_map(describe: Descriptions, ir: NDArray) -> jax.Array:
    """Returns the descriptions of an infrared view to which candidates are fitted, `[h, w, c]`.

    Args:
        describe: the descriptor.
        ir: infrared luma, `[h, w]`.
    """
    size = describe.view_size((ir.shape[0], ir.shape[1]), SETTLING)
    return describe(warps.warp(ir, np.eye(3), size)[None], "ir")[0]


def settled(
    describe: Descriptions,
    of_ir: jax.Array,
    own: Size,
    vis: NDArray,
    start: Matrix,
    parameters: dict[str, float],
    model: Model,
) -> Candidate:
    """Returns a candidate near parameters: fitted to the neighbourhoods that are found in both images.

    Args:
        describe: the descriptor.
        of_ir: the infrared view's `settling_map`.
        own: the infrared image's (height, width).
        vis: visible luma.
        start: the map that the parameters change.
        parameters: of `fitting.matrix_of`.
        model: what may be changed.
    """
    size, square = describe.view_size(own, SETTLING), warps.to_square(own)
    matrix = np.linalg.inv(square) @ fitting.matrix_of(parameters) @ square @ start
    of_vis = describe(warps.warp(vis, matrix, size)[None], "vis")[0]
    found = matching.match(of_ir, of_vis, describe.shown(matrix, size), describe.sharpness, REACH)
    shift, covariance, valid = (np.asarray(each, np.float64) for each in (found.shift, found.covariance, found.valid))
    use = valid > SHOWN
    if use.sum() < len(fitting.PARAMETERS[model]):
        return Candidate(parameters, start, 0.0)
    rows, cols = of_ir.shape[:2]
    place = np.array([1 / cols, own[0] / own[1] / rows])  # sides of a place in square coordinates
    points = geometry.mapped(square, matching.centres((rows, cols))[use])
    noisy = (matching.observed(covariance[use], REACH) + NOISE**2 * np.eye(2)) * place[:, None] * place
    precision = np.linalg.inv(noisy) * matching.STEP**2 / matching.WINDOW**2  # since neighbourhoods overlap
    places = fitting.Places(points, points + shift[use] * place, precision)
    parameters, weights = fitting.fit(places, model, parameters)
    sure = np.minimum(1, 0.3 / np.trace(covariance[use], axis1=1, axis2=2))
    return Candidate(parameters, start, float((weights * sure).sum() / valid.size))


def _turned(scale: float, angle: float) -> dict[str, float]:
    """Returns the parameters of a scale and a rotation in radians."""
    return {"s": scale * math.cos(angle) - 1, "r": scale * math.sin(angle)}
