"""What of an array is image: maps padded to a larger size that give what they give unpadded."""

from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp


class Extent(NamedTuple):
    """What of an array is image; the rest is not looked at, as if the image ended there.

    Arrays of one size then serve images of many with one program.
    """

    rows: Any  # where it ends; integers, may be traced
    cols: Any
    top: Any = 0  # where it begins
    left: Any = 0

    def mask(self, x: jax.Array) -> jax.Array:
        """Where a map `[n, h, w, c]` is image, `[h, w, 1]`."""
        h, w = x.shape[1:3]
        i, j = jnp.arange(h), jnp.arange(w)
        rows, cols = (self.top <= i) & (i < self.rows), (self.left <= j) & (j < self.cols)
        return (rows[:, None] & cols)[..., None]

    def shrunk(self, factor: int) -> Self:
        """Of a map that many times smaller, the pixels that any of the image is in."""
        return type(self)(-(-self.rows // factor), -(-self.cols // factor))


def inside(x: jax.Array, extent: Extent | None) -> jax.Array:
    """The map with zeros where it is no image: what a convolution finds outside."""
    return x if extent is None else jnp.where(extent.mask(x), x, 0)


def continued(x: jax.Array, extent: Extent | None) -> jax.Array:
    """The map with its image's last row and column repeated where it is no image."""
    if extent is None:
        return x
    for axis, end in ((1, extent.rows), (2, extent.cols)):
        x = jnp.take(x, jnp.minimum(jnp.arange(x.shape[axis]), end - 1), axis=axis, mode="clip")
    return x
