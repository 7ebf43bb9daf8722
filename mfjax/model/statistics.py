"""Means of whole maps, or of a part of them."""

import jax
import jax.numpy as jnp


def mean_level(x: jax.Array, seen: jax.Array | None = None) -> jax.Array:
    """Returns the mean of a map over its pixels, `[n, 1, 1, c]`.

    Args:
        x: the map, `[n, h, w, c]`.
        seen: the weight of each pixel, `[h, w, 1]`; by default all count alike.
    """
    if seen is None:
        return x.mean(axis=(1, 2), keepdims=True)
    return (x * seen).sum(axis=(1, 2), keepdims=True) / jnp.maximum(seen.sum(), 1)
