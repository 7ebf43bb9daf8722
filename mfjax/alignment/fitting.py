"""Fitting a map to places that were found in both images, some of them wrongly."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import geometry
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import Model

# What a map may change: (1 + s + e, f - r, x; f + r, 1 + s - e, y; g, h, 1) in square coordinates.
PARAMETERS: dict[Model, tuple[str, ...]] = {
    "shift": ("x", "y"),
    "similarity": ("x", "y", "s", "r"),
    "affine": ("x", "y", "s", "r", "e", "f"),
    "homography": ("x", "y", "s", "r", "e", "f", "g", "h"),
}
# How much of each is expected before anything is seen, so that few places don't bend a map.
EXPECTED = {"x": 0.15, "y": 0.15, "s": 0.35, "r": 0.08, "e": 0.03, "f": 0.015, "g": 0.035, "h": 0.035}

STEPS = 12
OUTLIER = 2.0  # deviations from which on a place counts less (Cauchy)


class Places(NamedTuple):
    """Places of the infrared view, and where they are in the visible view, both in square coordinates of the former."""

    ir: NDArray[np.float64]  # [p, 2]
    vis: NDArray[np.float64]  # [p, 2], mapped by the map that fitting starts from
    precision: NDArray[np.float64]  # [p, 2, 2], inverse covariance of their distance


def matrix_of(values: dict[str, float]) -> Matrix:
    """Returns the map of some parameters, the others being 0."""
    x, y, s, r, e, f, g, h = (values.get(name, 0.0) for name in ("x", "y", "s", "r", "e", "f", "g", "h"))
    return np.array([[1 + s + e, f - r, x], [f + r, 1 + s - e, y], [g, h, 1.0]])


def fit(places: Places, model: Model, before: dict[str, float]) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Returns the parameters of the map that takes the visible places to the infrared ones, and how well each fits.

    Args:
        places: the places.
        model: what the map may change.
        before: the parameters of the map so far.

    Returns:
        The parameters, and weights of the places, from 1 for one that fits to 0, `[p]`.
    """
    names = PARAMETERS[model]
    prior = np.diag([EXPECTED[name] ** -2 for name in names])
    theta = np.array([before.get(name, 0.0) for name in names])
    unmapped = geometry.mapped(np.linalg.inv(matrix_of(before)), places.vis)
    for _ in range(STEPS):
        residual, jacobian = residuals(theta, names, unmapped, places.ir)
        distance = np.einsum("pi,pij,pj->p", residual, places.precision, residual)
        weights = 1 / (1 + distance / OUTLIER**2)
        weighted = places.precision * weights[:, None, None]
        hessian = np.einsum("pia,pij,pjb->ab", jacobian, weighted, jacobian) + prior
        gradient = np.einsum("pia,pij,pj->a", jacobian, weighted, residual) + prior @ theta
        theta = theta - np.linalg.solve(hessian, gradient)
    return dict(zip(names, theta.tolist(), strict=True)), weights


def residuals(
    theta: NDArray, names: tuple[str, ...], vis: NDArray, ir: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns how far mapped visible places are from infrared ones, and the derivatives of that by the parameters.

    Args:
        theta: the parameters.
        names: their names.
        vis: places of the visible view, (x, y) in square coordinates, `[p, 2]`.
        ir: those of the infrared view, `[p, 2]`.

    Returns:
        `[p, 2]` and `[p, 2, parameters]`.
    """
    matrix = matrix_of(dict(zip(names, theta, strict=True)))
    u, v = vis.T
    top, denominator = vis @ matrix[:2, :2].T + matrix[:2, 2], vis @ matrix[2, :2] + 1
    mapped = top / denominator[:, None]
    zero, one = np.zeros_like(u), np.ones_like(u)
    across = {"x": one, "y": zero, "s": u, "r": -v, "e": u, "f": v}
    down = {"x": zero, "y": one, "s": v, "r": u, "e": -v, "f": u}
    columns = []
    for name in names:
        if name in across:
            columns.append(np.stack([across[name], down[name]], axis=-1))
        else:
            columns.append(-mapped * (u if name == "g" else v)[:, None])
    return mapped - ir, np.stack(columns, axis=-1) / denominator[:, None, None]
