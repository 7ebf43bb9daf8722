"""Comparing two maps of descriptions: of all shifts of one over the other, and of places with their neighbourhood."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

WINDOW = 7  # places a side of the neighbourhood that is compared as a whole
STEP = 2  # places from one neighbourhood to the next
INDEPENDENT = 0.15  # share of a neighbourhood's places that say something of their own
SMALLEST = 0.04  # variance in places², below which none is believed


class Matches(NamedTuple):
    """The places at which neighbourhoods of one map were found in another."""

    shift: Any  # [h, w, 2], (x, y) in places
    covariance: Any  # [h, w, 2, 2]
    valid: Any  # [h, w], the share of the neighbourhood that both maps show


@partial(jax.jit, static_argnums=4)
def match(ir: jax.Array, vis: jax.Array, shown: jax.Array, sharpness: jax.Array, reach: int) -> Matches:
    """Returns where the neighbourhoods of the infrared map are in the visible one, at every `STEP`th place.

    Args:
        ir: descriptions of the infrared view, `[h, w, c]`.
        vis: descriptions of the visible image as that view shows it.
        shown: 1 at the places that the visible image shows, else 0, `[h, w]`.
        sharpness: what products of descriptions are multiplied by.
        reach: the largest shift in places.
    """
    h, w, _ = ir.shape
    padded = jnp.pad(vis * shown[..., None], ((reach, reach), (reach, reach), (0, 0)))
    there = jnp.pad(shown, reach)
    shifts = [(i, j) for i in range(2 * reach + 1) for j in range(2 * reach + 1)]
    products = jnp.stack([(ir * padded[i : i + h, j : j + w]).sum(axis=-1) for i, j in shifts])
    counts = jnp.stack([there[i : i + h, j : j + w] for i, j in shifts])
    sums, counts = _windows(products), _windows(counts)
    mean = sums / jnp.maximum(counts, 1)
    # A shift at which half of the neighbourhood is not shown is not chosen for the rest of it.
    mean = jnp.where(counts > 0.5 * WINDOW**2, mean, -1.0)
    chances = jax.nn.softmax(sharpness * INDEPENDENT * WINDOW**2 * mean, axis=0)
    to = jnp.array([(j - reach, i - reach) for i, j in shifts], jnp.float32)
    best = mean.argmax(axis=0)
    shift = jnp.clip(to[best], 1 - reach, reach - 1)
    surface = mean.reshape(2 * reach + 1, 2 * reach + 1, *mean.shape[1:])
    shift = shift + jnp.stack([_vertex(surface, shift, step) for step in ((1, 0), (0, 1))], axis=-1)
    apart = to[:, None, None] - shift
    covariance = jnp.einsum("dhw,dhwk,dhwl->hwkl", chances, apart, apart) + SMALLEST * jnp.eye(2)
    middle = counts[len(shifts) // 2] / WINDOW**2
    return Matches(shift, covariance, middle)


def _vertex(surface: jax.Array, shift: jax.Array, step: tuple[int, int]) -> jax.Array:
    """Returns how far beyond its highest place a surface is highest along one axis, by a parabola, `[h, w]`."""
    reach = surface.shape[0] // 2
    i, j = jnp.indices(surface.shape[2:])

    def at(times: int) -> jax.Array:
        col, row = (shift[..., k].astype(int) + reach + times * step[k] for k in (0, 1))
        return surface[row, col, i, j]

    low, top, high = at(-1), at(0), at(1)
    bend = jnp.minimum(low + high - 2 * top, -1e-6)
    return jnp.clip((low - high) / (2 * bend), -0.5, 0.5)


def _windows(maps: jax.Array) -> jax.Array:
    """Returns the sums of `[d, h, w]` over the neighbourhoods of every `STEP`th place."""
    window, steps = (1, WINDOW, WINDOW), (1, STEP, STEP)
    return jax.lax.reduce_window(maps, 0.0, jax.lax.add, window, steps, "SAME")


def centres(size: tuple[int, int]) -> np.ndarray:
    """Returns the unit coordinates of the neighbourhoods' centres, `[h, w, 2]`, for maps of a size."""
    axes = []
    for side in size:
        count = -(-side // STEP)
        before = max((count - 1) * STEP + WINDOW - side, 0) // 2  # as "SAME" pads
        axes.append((np.arange(count) * STEP - before + WINDOW // 2 + 0.5) / side)
    rows, cols = np.meshgrid(*axes, indexing="ij")
    return np.stack([cols, rows], axis=-1)


def observed(covariance: np.ndarray, reach: int) -> np.ndarray:
    """Returns covariances of shifts without what the window alone says: that they lie in it.

    A neighbourhood without structure has the window's covariance; then nothing was observed.

    Args:
        covariance: of `Matches`, `[p, 2, 2]`.
        reach: of `match`.
    """
    window = ((2 * reach + 1) ** 2 - 1) / 12
    values, vectors = np.linalg.eigh(covariance)  # [p, 2], [p, 2, 2]
    gained = np.maximum(1 / values - 1 / window, 1e-6)  # precision along each axis
    return np.einsum("pij,pj,pkj->pik", vectors, 1 / gained, vectors)


@jax.jit
def all_shifts(ir: jax.Array, vis: jax.Array, used: jax.Array, shown: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the sum of products of two maps, and the number of places, for each shift of the smaller in the larger.

    Args:
        ir: descriptions of the infrared view, `[h, w, c]`.
        vis: descriptions of some larger views, `[n, H, W, c]`.
        used: 1 at the places of the infrared view that count, else 0, `[h, w]`.
        shown: 1 at the places that the visible image shows, else 0, `[n, H, W]`.

    Returns:
        both `[n, H - h + 1, W - w + 1]`.
    """
    (h, w, _), (H, W) = ir.shape, vis.shape[1:3]
    of_vis = jnp.fft.rfft2(vis * shown[..., None], axes=(1, 2))
    of_ir = jnp.fft.rfft2(ir * used[..., None], s=(H, W), axes=(0, 1))
    sums = jnp.fft.irfft2((of_vis * of_ir.conj()).sum(axis=-1), s=(H, W), axes=(1, 2))
    counts = jnp.fft.irfft2(jnp.fft.rfft2(shown) * jnp.fft.rfft2(used, s=(H, W)).conj(), s=(H, W))
    return sums[:, : H - h + 1, : W - w + 1], counts[:, : H - h + 1, : W - w + 1]
