"""The paper's losses, Section III.D. Images are `[n, h, w, 1]` in [0, 1]; every loss is a scalar.

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
    """The two terms of Eq. (17): what is minimised is `deviation - contrast`."""

    deviation: jax.Array  # D, Eq. (18)
    contrast: jax.Array  # C, Eq. (19)

    @property
    def total(self) -> jax.Array:
        """L_contrast, Eq. (17)."""
        return self.deviation - self.contrast


def mean_absolute_error(a: jax.Array, b: jax.Array) -> jax.Array:
    """The l1 norm of Eq. (16) as a mean over pixels."""
    return jnp.abs(a - b).mean()


def sr_loss(output: FusionOutput, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """The two terms of the pixel loss on super-resolved sources (Eq. 16, first line)."""
    return mean_absolute_error(output.ir, ir) + mean_absolute_error(output.vis, vis)


def fusion_loss(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """The two terms of the pixel loss on the fused image (Eq. 16, second line)."""
    return mean_absolute_error(fused, ir) + mean_absolute_error(fused, vis)


def pixel_loss(output: FusionOutput, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """L_pixel of the three reconstructions against both high-resolution sources (Eq. 16)."""
    return sr_loss(output, ir, vis) + fusion_loss(output.fused, ir, vis)


def deviation(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> jax.Array:
    """D: the mean square distance of the fused image from the sources' average (Eq. 18)."""
    return jnp.square(fused - (ir + vis) / 2).mean()


def intensity_distance(ir_difference: jax.Array, vis_difference: jax.Array) -> jax.Array:
    """d_int, in (0, 1]: small where the sources differ between two pixels (Eq. 21)."""
    return 1 - jnp.tanh((jnp.abs(ir_difference) + jnp.abs(vis_difference)) / 2)


def contrast_loss_exact(fused: jax.Array, ir: jax.Array, vis: jax.Array) -> ContrastLoss:
    """The contrast loss over all ordered pairs of different pixels (Eqs. 17-21).

    Holds (h·w)² floats an image: for small images and tests. `contrast_loss` is its unbiased estimate.
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
    """The contrast loss estimated from `pairs` random pixel pairs an image (Eqs. 17-21).

    Pairs are drawn with probability proportional to 1/d_pos, so their plain mean estimates the weighted one of
    `contrast_loss_exact` without bias. One vectorised gather; the gradient is that of the sampled pairs.
    """
    n, h, w, _ = fused.shape
    here, there = sample_pairs(key, (n, pairs), (h, w))

    def difference(x: jax.Array) -> jax.Array:  # [n, pairs]
        x = x.reshape(n, -1)
        return jnp.take_along_axis(x, here, axis=1) - jnp.take_along_axis(x, there, axis=1)

    ratio = jnp.abs(difference(fused)) / intensity_distance(difference(ir), difference(vis))
    return ContrastLoss(deviation(fused, ir, vis), CONTRAST_WEIGHT * ratio.mean())


def total_loss(pixel: jax.Array, contrast: ContrastLoss, weight: float) -> jax.Array:
    """L_total of phase two: the pixel loss plus λ, here `weight`, times the contrast loss (Eq. 22)."""
    return pixel + weight * contrast.total


def sample_pairs(key: jax.Array, shape: tuple[int, ...], size: tuple[int, int]) -> tuple[jax.Array, jax.Array]:
    """Flat indices of random pairs of different pixels, each of `shape`, as likely as the inverse of their distance.

    First the displacement is drawn, by how many pairs have it times 1/d_pos, then where in the image the pair lies.
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
    """Cumulative probability of displacements (down, across), row by row; of each and its opposite only one counts."""
    down, across = np.arange(h)[:, None], np.arange(-(w - 1), w)[None]
    counts = (h - down) * (w - np.abs(across))
    one_of_two = (down > 0) | (across > 0)
    distance = np.hypot(down, across)
    weights = np.where(one_of_two, counts / np.where(one_of_two, distance, 1), 0).ravel()
    return (np.cumsum(weights) / weights.sum()).astype(np.float32)
