"""What reconstructions are added to (`ModelConfig.base`), and the level about which contrast is raised."""

import jax
import jax.numpy as jnp

from mfjax.model.extent import Everywhere
from mfjax.model.placement import Placement
from mfjax.model.resampling import Grid


def coarseness(up: Grid) -> jax.Array:
    """How much smaller than the output a source is, from 0 (not at all) towards 1: 1 − 1/r, r as the axes' mean."""
    return jnp.maximum(0, 1 - up.inverse_scale)


def mean_level(image: jax.Array) -> jax.Array:
    """The mean of each image, `[n, h, w, c]` to `[n, 1, 1, c]`."""
    return image.mean(axis=(1, 2), keepdims=True)


def pivot(mean: jax.Array) -> jax.Array:
    """The level of an image about which its contrast is raised: 3m² − 2m³ of its mean m.

    Nearer to black in dark images and to white in bright ones than the mean, about which more would clip.
    """
    return mean * mean * (3 - 2 * mean)


def bicubic(image: jax.Array, placement: Placement) -> jax.Array:
    """The image resampled by cubic convolution (Keys, 1981), pixel centres aligned, antialiased where it shrinks."""
    up = placement.up
    factors = 1 / jnp.stack([up.rows.inverse, up.cols.inverse])

    def resampled(x: jax.Array) -> jax.Array:
        shape = (x.shape[0], *up.size, x.shape[-1])
        return jax.image.scale_and_translate(
            x, shape, (1, 2), factors, jnp.asarray(placement.corner), method="cubic", antialias=True
        )

    if isinstance(placement.source, Everywhere):
        return resampled(image)
    mask = placement.source.mask(image)[None].astype(image.dtype)
    return resampled(placement.source.inside(image)) / resampled(mask)  # what lies outside has no weight
