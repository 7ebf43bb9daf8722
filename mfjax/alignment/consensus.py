"""The one map of two cameras that are fixed to each other, from the estimates of many of their pairs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import edges, geometry, warps
from mfjax.alignment.estimate import AGREE, Estimate, estimate
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH, Model, ModelChoice

LENGTH, SMOOTH = 96, 2.0  # pixels of the longer side, and of smoothing, by which scenes are compared


def estimate_rig(
    irs: Sequence[NDArray],
    viss: Sequence[NDArray],
    *,
    model: ModelChoice = "auto",
    starts: Sequence[Matrix | None] | None = None,
) -> tuple[Estimate, list[Estimate]]:
    """Returns the one map of two cameras that are fixed to each other, and the estimates of all their pairs.

    The map is that of the pair on which most confidence of all pairs' estimates agrees, with what these say averaged.
    "auto" is one kind for all: the one that has most confidence. Different scenes that agree confirm each other; frames
    of one scene repeat what one of them says, and are no surer together.

    Args:
        irs: infrared lumas.
        viss: as many visible lumas.
        model: as of `estimate`.
        starts: for each pair the map to begin with, as of `estimate`.
    """
    begun = [None] * len(irs) if starts is None else starts
    pairs = [*zip(irs, viss, begun, strict=True)]
    each = [estimate(ir, vis, model=model, start=start) for ir, vis, start in pairs]
    kind: Model = "similarity" if model == "auto" else model
    if model == "auto" and sum((1 if one.model == "affine" else -1) * one.confidence for one in each) > 0:
        kind = "affine"
    each = [  # those of the other kind are found again: a similarity can't go on from an affine map
        one if one.model == kind else estimate(ir, vis, model=kind, start=start)
        for one, (ir, vis, start) in zip(each, pairs, strict=True)
    ]
    size = irs[0].shape[0], irs[0].shape[1]
    trust = np.array([one.confidence for one in each])
    apart = np.array([[warps.corner_error(a.matrix, b.matrix, size) for b in each] for a in each])
    agreeing = apart < AGREE * ALIGNED_WIDTH
    middle = int((agreeing @ trust + 1e-6 * trust).argmax())
    chosen = agreeing[middle]
    weights = trust[chosen] + 1e-6
    corners = np.array([geometry.mapped(one.matrix, geometry.CORNERS) for one in each])[chosen]
    matrix = warps.of_corners(np.einsum("n,nij->ij", weights / weights.sum(), corners))
    same = np.maximum(_alike(irs), _alike(viss))[np.ix_(chosen, chosen)]
    doubt = float(np.prod((1 - np.minimum(trust[chosen], 0.99)) ** (1 / same.sum(axis=1))))
    disagreement = float(trust[~chosen].sum() / max(trust.sum(), 1e-9))
    confidence = (1 - doubt) * (1 - disagreement)
    told = np.array([one.residual for one in each])[chosen]
    off = np.array([warps.corner_error(one.matrix, matrix, size) for one in each])[chosen]
    residual = float(np.sqrt(np.average(told**2 + off**2, weights=weights)))  # one map does not fit all distances
    return Estimate(matrix, confidence, residual, model=kind), each


def _alike(images: Sequence[NDArray]) -> NDArray[np.float64]:
    """Returns how far the edges of images correlate, from 0 (different scenes) to 1 (the same one), `[n, n]`.

    Args:
        images: lumas of one aspect.
    """
    size = edges.view_size((images[0].shape[0], images[0].shape[1]), LENGTH)
    found = np.array([edges.orientations(warps.warp(each, np.eye(3), size), SMOOTH) for each in images])
    found = (found - found.mean(axis=-1, keepdims=True)).reshape(len(images), -1)
    length = np.linalg.norm(found, axis=1)
    alike = np.clip(found @ found.T / (np.outer(length, length) + 1e-9), 0, 1).astype(np.float64)
    np.fill_diagonal(alike, 1.0)
    return alike
