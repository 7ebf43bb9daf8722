"""Estimating where a visible image lies under an infrared one: searched by a network, refined on edges."""

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from mfjax.alignment import edges, fitting, geometry, warps
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH, LEAST_CONFIDENCE, Model

if TYPE_CHECKING:  # it imports JAX
    from mfjax.alignment.views import Descriptions

# Views in which edges are compared, from coarse to fine: pixels of the longer side, smoothing, the most that is fitted.
LEVELS: tuple[tuple[int, float, Model], ...] = (
    (256, 4.0, "similarity"),
    (256, 3.0, "affine"),
    (256, 2.0, "homography"),
    (512, 1.5, "homography"),
)
SQUARE_PIXELS = 0.03  # relative difference of aspects from which on the search also begins with square pixels

# The chance that a map is right, fitted to known warps of training pairs (`benchmarks/alignment.py --calibrate`).
EVIDENCE = ("correlation", "support", "log spread", "share of the infrared view that visible shows")
WEIGHTS = (7.39, 24.2, -2.04, -7.89)
BIAS = -3.62

# Median errors of known warps over what edges let expect: these know nothing of parallax and of blunders of theirs.
EXCESS = 6.0

AGREE = 0.03  # share of the width up to which estimates of two pairs are of one map
OFF = 0.03  # share of the width from which on two images are called misaligned
ALIGNED = 0.35  # correlation of edges of two images that are aligned, whatever else is found


class Estimate(NamedTuple):
    """A map from visible to infrared unit coordinates, and how good it is."""

    matrix: Matrix
    confidence: float  # in [0, 1]
    residual: float  # expected error at the corners in pixels at a width of 512, unless it is altogether wrong
    evidence: tuple[float, ...] = ()  # by which confidence was told


def estimate(ir: np.ndarray, vis: np.ndarray, *, model: Model = "similarity", start: Matrix | None = None) -> Estimate:
    """Returns the map between two images.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
        model: the kind of map that is sought.
        start: a map that is about right, within some 3 % of the width, from which on it is refined; by default all
            shifts to a quarter of the view, scales of 0.64 to 1.64 and rotations to 7° are searched.
    """
    from mfjax.alignment import search  # it imports JAX

    describe = _descriptions()
    if start is None:
        found = search.likeliest(describe, ir, vis, _starts(ir.shape, vis.shape), model)
    else:
        most: Model = "shift" if model == "shift" else "similarity"
        of_ir, size = search.settling_map(describe, ir), (ir.shape[0], ir.shape[1])
        found = search.settled(describe, of_ir, size, vis, start, {}, most)
    return _refined(ir, vis, found.start, found.parameters, found.support, model)


def estimate_rig(
    irs: Sequence[np.ndarray], viss: Sequence[np.ndarray], *, model: Model = "similarity"
) -> tuple[Estimate, list[Estimate]]:
    """Returns the one map of two cameras that are fixed to each other, and the estimates of all their pairs.

    The map is that of the pair on which most confidence of all pairs' estimates agrees, with what these say averaged.

    Args:
        irs: infrared lumas.
        viss: as many visible lumas.
        model: as of `estimate`.
    """
    each = [estimate(ir, vis, model=model) for ir, vis in zip(irs, viss, strict=True)]
    size = irs[0].shape[0], irs[0].shape[1]
    trust = np.array([one.confidence for one in each])
    apart = np.array([[warps.corner_error(a.matrix, b.matrix, size) for b in each] for a in each])
    agreeing = apart < AGREE * ALIGNED_WIDTH
    middle = int((agreeing @ trust + 1e-6 * trust).argmax())
    chosen = agreeing[middle]
    weights = trust[chosen] + 1e-6
    corners = np.array([geometry.mapped(one.matrix, geometry.CORNERS) for one in each])[chosen]
    mean = np.einsum("n,nij->ij", weights / weights.sum(), corners)
    places = geometry.CORNERS.astype(np.float32), mean.astype(np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(*places), np.float64)
    doubt = float(np.prod(1 - np.minimum(trust[chosen], 0.99)))
    disagreement = float(trust[~chosen].sum() / max(trust.sum(), 1e-9))
    confidence = (1 - doubt) * (1 - disagreement)
    residual = float(np.average([one.residual for one, use in zip(each, chosen, strict=True) if use], weights=weights))
    return Estimate(matrix, confidence, residual), each


def looks_misaligned(ir: np.ndarray, vis: np.ndarray) -> float | None:
    """Returns by what share of the width two images are measurably off, None if they are not.

    It takes some hundredths of a second for two images whose edges are where those of the other are.

    Args:
        ir: infrared luma in [0, 1], [h, w].
        vis: visible luma in [0, 1], [h', w'].
    """
    if min(*ir.shape, *vis.shape) < 64:
        return None
    near = edges.refine(ir, vis, np.eye(3), {}, "similarity", length=LEVELS[0][0], smooth=LEVELS[0][1])
    if near.correlation > ALIGNED and max(map(abs, near.parameters.values())) < OFF:
        return None
    found = estimate(ir, vis)
    off = float(np.abs(geometry.mapped(found.matrix, geometry.CORNERS) - geometry.CORNERS).max())
    return off if found.confidence > LEAST_CONFIDENCE and off > OFF else None


def _refined(
    ir: np.ndarray, vis: np.ndarray, start: Matrix, parameters: dict[str, float], support: float, model: Model
) -> Estimate:
    """Returns the estimate that edges lead to from a similarity."""
    for length, smooth, most in LEVELS:
        now = min(model, most, key=lambda each: len(fitting.PARAMETERS[each]))
        found = edges.refine(ir, vis, start, parameters, now, length=length, smooth=smooth)
        parameters = found.parameters
    square = warps.to_square((ir.shape[0], ir.shape[1]))
    matrix = np.linalg.inv(square) @ fitting.matrix_of(parameters) @ square @ start
    if not _is_possible(matrix):
        return Estimate(start, 0.0, float(ALIGNED_WIDTH), (0.0, 0.0, 9.0, 0.0))
    spread = max(found.spread, 1e-3) if math.isfinite(found.spread) else 1e3
    evidence = found.correlation, support, math.log(spread), geometry.share_seen(np.linalg.inv(matrix))
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence, strict=True))
    return Estimate(matrix / matrix[2, 2], 1 / (1 + math.exp(-score)), EXCESS * spread, evidence)


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
