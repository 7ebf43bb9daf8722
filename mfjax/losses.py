"""The paper's losses, Section III.D. Images are `[n, h, w, 1]` in [0, 1]; every loss is a scalar.

Norms are means over pixels instead of sums, so that weights don't change with the patch size.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model import FusionOutput
from mfjax.model.base import mean_level, pivot, smoothed

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


class Enhancement(NamedTuple):
    """What the fused image is trained towards in place of the sources."""

    gain: float  # of contrast
    sharpness: float  # spatial frequency to reach, relative to that of the sources at full resolution


def enhanced(base: jax.Array, gain: float, sharpening: jax.Array) -> jax.Array:
    """The image with its distance from the pivot multiplied by `gain`, after `sharpening` times its detail was added.

    Clipped to [0, 1]. Detail is what a Gaussian of one pixel takes away.
    """
    level = pivot(mean_level(base))
    return jnp.clip(level + gain * (base - level + sharpening * (base - smoothed(base))), 0, 1)


def sharpening_for(
    enhancement: Enhancement, base: jax.Array, ir: jax.Array, vis: jax.Array, where: jax.Array
) -> jax.Array:
    """The sharpening with which each image reaches its spatial frequency in `enhanced`, `[n]`, −1 to 3.

    That is, at sharpness 1, the one that brings Q_SF to 0, but for clipping (Zheng, Essock, Hansen, Haun, Inf. Fusion
    8(2), 2007). Below 0 it smooths. At 3 it ends, since what coarse sources lost for good no sharpening brings back.

    Args:
        enhancement: contrast and sharpness to reach.
        base: what is enhanced, `[n, h, w, 1]`, as all images.
        ir: infrared at full resolution.
        vis: visible at full resolution.
        where: pixels to look at; those that show a source of one scale.
    """
    # The squared spatial frequency of base + x·detail is a·x² + 2b·x + c.
    a = b = c = wished = jnp.zeros(base.shape[0])
    maps = base - smoothed(base), base, ir, vis
    starts = where[:, :, :-1], where[:, :-1], where[:, :-1, :-1], where[:, :-1, 1:]
    for weight, start, *differences in zip(
        (1.0, 1.0, 0.5**0.5, 0.5**0.5), starts, *map(_four_differences, maps), strict=True
    ):
        of_detail, of_base, of_ir, of_vis = (jnp.where(start, each, 0) for each in differences)
        a += weight * _sum(of_detail**2)
        b += weight * _sum(of_base * of_detail)
        c += weight * _sum(of_base**2)
        wished += weight * _sum(jnp.maximum(jnp.abs(of_ir), jnp.abs(of_vis)) ** 2)
    missing = (enhancement.sharpness / enhancement.gain) ** 2 * wished - c
    x = (jnp.sqrt(jnp.maximum(b**2 + a * missing, 0)) - b) / (a + 1e-6)  # flat images have no detail
    return jnp.clip(x, -1, 3)


def _sum(x: jax.Array) -> jax.Array:
    return x.sum(axis=(1, 2, 3))


def _four_differences(x: jax.Array) -> tuple[jax.Array, ...]:
    """To the right, below, and along both diagonals."""
    return (
        x[:, :, 1:] - x[:, :, :-1],
        x[:, 1:] - x[:, :-1],
        x[:, 1:, 1:] - x[:, :-1, :-1],
        x[:, 1:, :-1] - x[:, :-1, 1:],
    )


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
