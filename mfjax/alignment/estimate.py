"""Estimating where a visible image lies under an infrared one: searched by a network, refined on edges."""

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mfjax.alignment import edges, fitting, geometry, warps
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH, LEAST_CONFIDENCE, Model, ModelChoice
from mfjax.size import Size

if TYPE_CHECKING:  # they import JAX
    from mfjax.alignment.search import Candidate
    from mfjax.alignment.views import Descriptions

# Views in which edges are compared, from coarse to fine: pixels of the longer side, smoothing, the most that is fitted.
Level = tuple[int, float, Model]
COARSE: Level = (256, 4.0, "similarity")
LEVELS: tuple[Level, ...] = (
    (256, 3.0, "affine"),
    (256, 2.0, "homography"),
    (512, 1.5, "homography"),
)
# "auto" takes an affine map if it is that far from the similarity, in pixels at a width of 512, and if the correlation
# of edges' orientations is so much higher; chosen on views of training pairs, half of them stretched by 4 to 12 %.
STRETCHED = 3.0
FITS_BETTER = 0.03
SQUARE_PIXELS = 0.03  # relative difference of aspects from which on the search also begins with square pixels

# The chance that a map is right, fitted to known warps of training pairs (`benchmarks/alignment.py --calibrate`) when
# candidates were chosen by their support. Fitted anew since, it refused right maps of small images, so it stays.
EVIDENCE = ("correlation", "support", "log spread", "share of the infrared view that visible shows")
WEIGHTS = (7.39, 24.2, -2.04, -7.89)
BIAS = -3.62

# Median errors of known warps over what edges let expect: these know nothing of parallax and of blunders of theirs.
EXCESS = 6.0

AGREE = 0.03  # share of the width up to which two estimates are of one map
OFF = 0.03  # share of the width from which on two images are called misaligned
ALIGNED = 0.35  # correlation of edges of two images that are aligned, whatever else is found


class Estimate(NamedTuple):
    """A map from visible to infrared unit coordinates, and how good it is."""

    matrix: Matrix
    confidence: float  # in [0, 1]
    residual: float  # expected error at the corners in pixels at a width of 512, unless it is altogether wrong
    evidence: tuple[float, ...] = ()  # by which confidence was told
    model: Model = "similarity"  # the kind of map that it is


def estimate(ir: np.ndarray, vis: np.ndarray, *, model: ModelChoice = "auto", start: Matrix | None = None) -> Estimate:
    """Returns the map between two images.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        model: the kind of map that is sought; "auto" is a similarity, or an affine map where that clearly fits better,
            as of pictures that were cropped and stretched.
        start: a map that is about right, within some 3 % of the width, from which on it is refined; by default all
            shifts to a quarter of the view, scales of 0.64 to 1.64 and rotations to 7° are searched.
    """
    from mfjax.alignment import search  # it imports JAX

    describe, kind = _descriptions(), "similarity" if model == "auto" else model
    if start is None:
        candidates = search.candidates(describe, ir, vis, _starts(ir.shape, vis.shape), kind)
    else:
        most: Model = "shift" if kind == "shift" else "similarity"
        of_ir, size = search.settling_map(describe, ir), (ir.shape[0], ir.shape[1])
        candidates = [search.settled(describe, of_ir, size, vis, start, {}, most)]
    _, candidate = max((_begun(ir, vis, each, kind) for each in candidates), key=lambda each: each[0])
    found = _refined(ir, vis, candidate, kind)
    return _stretched(ir, vis, found, candidate.support) if model == "auto" else found


def looks_misaligned(ir: np.ndarray, vis: np.ndarray, matrix: Matrix | None = None) -> float | None:
    """Returns by what share of the width two images are measurably off, None if they are not.

    It takes some hundredths of a second for two images whose edges are where those of the other are.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        matrix: the map from the visible to the infrared image that is doubted; by default both show the same view.
    """
    if min(*ir.shape, *vis.shape) < 64:
        return None
    told = np.eye(3) if matrix is None else matrix
    near = edges.refine(ir, vis, told, {}, "similarity", length=COARSE[0], smooth=COARSE[1])
    if near.correlation > ALIGNED and max(map(abs, near.parameters.values())) < OFF:
        return None
    found = estimate(ir, vis)
    off = float(np.abs(geometry.mapped(found.matrix, geometry.CORNERS) - geometry.mapped(told, geometry.CORNERS)).max())
    return off if found.confidence > LEAST_CONFIDENCE and off > OFF else None


def _stretched(ir: np.ndarray, vis: np.ndarray, found: Estimate, support: float) -> Estimate:
    """Returns the affine map near a similarity if edges clearly fit better by it, else the similarity."""
    from mfjax.alignment.search import Candidate

    size = ir.shape[0], ir.shape[1]
    parameters: dict[str, float] = {}
    for level in LEVELS[:-1]:  # the finest takes most of the time, and few pairs need it
        parameters = _refine(ir, vis, found.matrix, parameters, level, "affine").parameters
    if warps.corner_error(_map(found.matrix, parameters, size), found.matrix, size) < STRETCHED:
        return found
    affine = _refined(ir, vis, Candidate(parameters, found.matrix, support), "affine", LEVELS[-1:])
    better = affine.evidence[0] - found.evidence[0]
    apart = warps.corner_error(affine.matrix, found.matrix, size)
    return affine if apart > STRETCHED and better > FITS_BETTER else found


def _begun(ir: np.ndarray, vis: np.ndarray, candidate: "Candidate", model: Model) -> tuple[float, "Candidate"]:
    """Returns how well edges fit after the coarsest refinement of a candidate, and what it became."""
    found = _refine(ir, vis, candidate.start, candidate.parameters, COARSE, model, steps=3)  # enough to compare by
    return found.correlation, candidate._replace(parameters=found.parameters)


def _refine(
    ir: np.ndarray,
    vis: np.ndarray,
    start: Matrix,
    parameters: dict[str, float],
    level: Level,
    model: Model,
    *,
    steps: int = 6,
) -> edges.Refined:
    """Returns the parameters that one level of refinement leads to."""
    length, smooth, most = level
    now = min(model, most, key=lambda each: len(fitting.PARAMETERS[each]))
    return edges.refine(ir, vis, start, parameters, now, length=length, smooth=smooth, steps=steps)


def _refined(
    ir: np.ndarray, vis: np.ndarray, candidate: "Candidate", model: Model, levels: tuple[Level, ...] = LEVELS
) -> Estimate:
    """Returns the estimate that edges lead to from a similarity."""
    parameters, start, support = candidate
    for level in levels:
        found = _refine(ir, vis, start, parameters, level, model)
        parameters = found.parameters
    matrix = _map(start, parameters, (ir.shape[0], ir.shape[1]))
    if not _is_possible(matrix):
        return Estimate(start, 0.0, float(ALIGNED_WIDTH), (0.0, 0.0, 9.0, 0.0), model)
    spread = max(found.spread, 1e-3) if math.isfinite(found.spread) else 1e3
    evidence = found.correlation, support, math.log(spread), geometry.share_seen(np.linalg.inv(matrix))
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence, strict=True))
    return Estimate(matrix / matrix[2, 2], 1 / (1 + math.exp(-score)), EXCESS * spread, evidence, model)


def _map(start: Matrix, parameters: dict[str, float], size: Size) -> Matrix:
    """Returns the map that parameters make of another one, for an infrared image of a size."""
    square = warps.to_square(size)
    return np.asarray(np.linalg.inv(square) @ fitting.matrix_of(parameters) @ square @ start)


def _starts(ir: tuple[int, ...], vis: tuple[int, ...]) -> list[Matrix]:
    """Returns the maps to search around: one view on the other as a whole, and with square pixels if that differs."""
    aspect = (vis[0] / vis[1]) / (ir[0] / ir[1])
    starts: list[Matrix] = [np.eye(3)]
    if abs(math.log(aspect)) > SQUARE_PIXELS:
        starts.append(np.array([[1, 0, 0], [0, aspect, (1 - aspect) / 2], [0, 0, 1.0]]))
    return starts


def _is_possible(matrix: Matrix) -> bool:
    """Returns true if a map keeps all corners before the camera, and its inverse too."""
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > 1e6:
        return False
    corners = np.c_[geometry.CORNERS, np.ones(4)]
    return all((corners @ each[2] > 0.05 * each[2, 2]).all() for each in (matrix, np.linalg.inv(matrix)))


@functools.cache
def _descriptions() -> "Descriptions":
    """Returns the bundled descriptor, loaded once."""
    from mfjax.alignment.views import Descriptions

    return Descriptions.load()
