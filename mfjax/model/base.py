"""The base that reconstructions are added to (`ModelConfig.base`), and the level about which contrast is raised."""

import jax
import jax.numpy as jnp

from mfjax.model.extent import Everywhere
from mfjax.model.grids import Grid
from mfjax.model.placement import Placement


def coarseness(up: Grid) -> jax.Array:
    """Returns how much coarser a source is than the output: 1 − 1/r, from 0 (as fine) to 1, r as the axes' mean.

    Args:
        up: how the source is resampled to the output.
    """
    return jnp.maximum(0, 1 - up.inverse_scale)


def pivot(mean: jax.Array) -> jax.Array:
    """Returns the level about which an image's contrast is raised: 3m² − 2m³ of its mean m.

    It is nearer than the mean to black in dark images and to white in bright ones: about the mean more would clip.

    Args:
        mean: the mean of each image in [0, 1], of any shape.
    """
    return mean * mean * (3 - 2 * mean)


def bicubic(image: jax.Array, placement: Placement) -> jax.Array:
    """Returns an image resampled by cubic convolution (Keys, 1981), pixel centres aligned, antialiased where shrunk.

    Args:
        image: the source, `[n, h, w, c]`.
        placement: how the source and the output lie on each other.
    """
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
    return resampled(placement.source.inside(image)) / resampled(mask)  # pixels outside have no weight
