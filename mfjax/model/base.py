"""What reconstructions are added to, and what the fused image's reconstruction can read of it (`ModelConfig.base`)."""

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model.resampling import Scale


def coarseness(scale: Scale) -> jax.Array:
    """How much smaller than the output a source is, from 0 (not at all) towards 1: 1 − 1/r, r as the axes' mean."""
    rows, cols = (jnp.float32(r.denominator) / r.numerator for r in (scale.rows, scale.cols))
    return jnp.maximum(0, 1 - jnp.sqrt(rows * cols))


def pivot(image: jax.Array) -> jax.Array:
    """The level of each image about which its contrast is raised, `[n, 1, 1, c]`: 3m² − 2m³ of its mean m.

    Nearer to black in dark images and to white in bright ones than the mean, about which more would clip.
    """
    m = image.mean(axis=(1, 2), keepdims=True)
    return m * m * (3 - 2 * m)


def smoothed(image: jax.Array) -> jax.Array:
    """The image under a Gaussian of one pixel; its ends are continued. What that takes away is its detail."""
    reach = 4
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / 2)
    kernel /= kernel.sum()
    for axis in (1, 2):
        ends = [(reach, reach) if i == axis else (0, 0) for i in range(4)]
        padded = jnp.pad(image, ends, mode="edge")
        image = sum(
            weight * jax.lax.slice_in_dim(padded, i, i + image.shape[axis], axis=axis)
            for i, weight in enumerate(kernel.tolist())
        )
    return image


def bicubic(image: jax.Array, size: tuple[int, int], scale: Scale) -> jax.Array:
    """The image resampled by cubic convolution (Keys, 1981), pixel centres aligned, antialiased where it shrinks."""
    n, _, _, c = image.shape
    factors = jnp.array([r.numerator / r.denominator for r in (scale.rows, scale.cols)])
    return jax.image.scale_and_translate(
        image, (n, *size, c), (1, 2), factors, jnp.zeros(2), method="cubic", antialias=True
    )
