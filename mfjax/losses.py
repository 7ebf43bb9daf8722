"""The paper's losses (Section III.D). Images are `[n, h, w, 1]` in [0, 1]; every loss is a scalar.

Norms are means over pixels instead of sums, so that weights don't change with the patch size.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model import FusionOutput

# Σ_q 1/d_pos over the 10×10 grid of samples on which the authors' code evaluates the contrast. The weights of all pairs
# of a pixel are scaled to this sum at any image size, so the paper's λ (Table III, Fig. 8) keeps its meaning.
CONTRAST_WEIGHT = 25.0


class ContrastLoss(NamedTuple):
    """The two terms of Eq. (17). Training minimises `deviation - contrast`."""

    deviation: jax.Array  # D, Eq. (18)
    contrast: jax.Array  # C, Eq. (19)

    @property
    def total(self) -> jax.Array:
        """Returns L_contrast (Eq. 17)."""
        return self.deviation - self.contrast


def mean_absolute_error(a: jax.Array, b: jax.Array) -> jax.Array:
    """Returns the l1 norm of Eq. (16) as a mean over pixels.

    Args:
        a: an array of any shape.
        b: an array of the same shape.
    """
    return jnp.abs(a - b).mean()


def sr_loss(output: FusionOutput, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Returns the pixel loss of the super-resolved sources (Eq. 16, first line).

    Args:
        output: the network's three reconstructions, each `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
    """
    return mean_absolute_error(output.ir, ir) + mean_absolute_error(output.vis, vis)


def fusion_loss(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Returns the pixel loss of the fused image (Eq. 16, second line).

    Args:
        fused: the fused image, `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
    """
    return mean_absolute_error(fused, ir) + mean_absolute_error(fused, vis)


def pixel_loss(output: FusionOutput, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Returns L_pixel: all three reconstructions against both high-resolution sources (Eq. 16).

    Args:
        output: the reconstructions, each `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
    """
    return sr_loss(output, ir, vis) + fusion_loss(output.fused, ir, vis)


def deviation(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Returns D, the mean square distance of the fused image from the average of the sources (Eq. 18).

    Args:
        fused: the fused image, `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
    """
    return jnp.square(fused - (ir + vis) / 2).mean()


def intensity_distance(ir_difference: jax.Array, vis_difference: jax.Array) -> jax.Array:
    """Returns d_int, in (0, 1], which is small where the sources differ between two pixels (Eq. 21).

    Args:
        ir_difference: the difference of infrared between two pixels, in [-1, 1], of any shape.
        vis_difference: the same of visible, of the same shape.
    """
    return 1 - jnp.tanh((jnp.abs(ir_difference) + jnp.abs(vis_difference)) / 2)


def contrast_loss_exact(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> ContrastLoss:
    """Returns the contrast loss over all ordered pairs of different pixels (Eqs. 17-21).

    It holds (h·w)² floats for each image, so it suits small images and tests. `contrast_loss` is its unbiased estimate.

    Args:
        fused: the fused image, `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
    """
    n, h, w, _ = fused.shape
    rows, cols = jnp.divmod(jnp.arange(h * w), w)
    distance = jnp.hypot(rows[:, None] - rows, cols[:, None] - cols)  # Eq. (20), [h w, h w]
    weights = jnp.where(distance > 0, 1 / jnp.where(distance > 0, distance, 1), 0)

    def differences(x: jax.Array) -> jax.Array:  # [n, h w, h w]
        x = x.reshape(n, -1)
        return x[:, :, None] - x[:, None]

    ratio = jnp.abs(differences(fused)) / intensity_distance(differences(ir), differences(vis))
    contrast = CONTRAST_WEIGHT * (weights * ratio).sum(axis=(1, 2)).mean() / weights.sum()  # Eq. (19)
    return ContrastLoss(deviation(fused, ir, vis), contrast)


def contrast_loss(
    key: jax.Array, fused: jax.Array, ir: jax.Array, vis: jax.Array, *, pairs: int = 4096
) -> ContrastLoss:
    """Returns the contrast loss, estimated from random pixel pairs of each image (Eqs. 17-21).

    Pairs are drawn with a probability proportional to 1/d_pos, so that their plain mean estimates the weighted one of
    `contrast_loss_exact` without bias. It takes one vectorised gather; the gradient is that of the sampled pairs.

    Args:
        key: random key that chooses the pairs.
        fused: the fused image, `[n, h, w, 1]`, not clipped.
        ir: the infrared source at full resolution, `[n, h, w, 1]` in [0, 1].
        vis: the visible source at full resolution, like `ir`.
        pairs: number of pixel pairs for each image.
    """
    n, h, w, _ = fused.shape
    here, there = sample_pairs(key, (n, pairs), (h, w))

    def difference(x: jax.Array) -> jax.Array:  # [n, pairs]
        x = x.reshape(n, -1)
        return jnp.take_along_axis(x, here, axis=1) - jnp.take_along_axis(x, there, axis=1)

    ratio = jnp.abs(difference(fused)) / intensity_distance(difference(ir), difference(vis))
    return ContrastLoss(deviation(fused, ir, vis), CONTRAST_WEIGHT * ratio.mean())


def total_loss(pixel: jax.Array, contrast: ContrastLoss, weight: float) -> jax.Array:
    """Returns L_total of phase two: the pixel loss plus λ times the contrast loss (Eq. 22).

    Args:
        pixel: the pixel loss, a scalar.
        contrast: the contrast loss.
        weight: λ, 0 or more.
    """
    return pixel + weight * contrast.total


def sample_pairs(key: jax.Array, shape: tuple[int, ...], size: tuple[int, int]) -> tuple[jax.Array, jax.Array]:
    """Returns the flat indices of random pairs of different pixels, drawn in inverse proportion to their distance.

    It first draws the displacement, by 1/d_pos times the number of pairs that have it, then the place in the image.

    Args:
        key: random key.
        shape: shape of each of the two arrays of indices, int32.
        size: rows and columns of the image, with at least two pixels.
    """
    h, w = size
    key_displacement, key_row, key_col = jax.random.split(key, 3)
    cumulative = jnp.asarray(_displacement_distribution(h, w))
    drawn = jnp.searchsorted(cumulative, jax.random.uniform(key_displacement, shape), side="right")
    down, across = jnp.divmod(jnp.minimum(drawn, cumulative.size - 1), 2 * w - 1)
    across = across - (w - 1)  # down in [0, h), across in (-w, w)
    row = jax.random.randint(key_row, shape, 0, h - down)
    col = jax.random.randint(key_col, shape, 0, w - jnp.abs(across)) + jnp.maximum(-across, 0)
    return row * w + col, (row + down) * w + col + across


@functools.lru_cache(maxsize=32)
def _displacement_distribution(h: int, w: int) -> np.ndarray:
    """Returns the cumulative probability of displacements (down, across), row by row; opposite ones count once."""
    down, across = np.arange(h)[:, None], np.arange(-(w - 1), w)[None]
    counts = (h - down) * (w - np.abs(across))
    one_of_two = (down > 0) | (across > 0)
    distance = np.hypot(down, across)
    weights = np.where(one_of_two, counts / np.where(one_of_two, distance, 1), 0).ravel()
    return (np.cumsum(weights) / weights.sum()).astype(np.float32)
