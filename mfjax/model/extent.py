"""Extents: the part of a padded array that is image, so that layers give for it what they give for the image alone."""

from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp


class Extent(NamedTuple):
    """The rectangle of an array that is image. The rest of the array has no influence, as if the array ended there.

    So one program for arrays of one size serves images of many sizes. All fields are integers and may be traced.
    """

    rows: Any  # first row below the image
    cols: Any  # first column to the right of it
    top: Any = 0  # its first row
    left: Any = 0  # its first column

    def mask(self, x: jax.Array) -> jax.Array:
        """Returns true inside the image and false outside, `[h, w, 1]`.

        Args:
            x: a map, `[n, h, w, c]`, of which only the size counts.
        """
        h, w = x.shape[1:3]
        i, j = jnp.arange(h), jnp.arange(w)
        rows, cols = (self.top <= i) & (i < self.rows), (self.left <= j) & (j < self.cols)
        return (rows[:, None] & cols)[..., None]

    def shrunk(self, factor: int, times: int = 1) -> Self:
        """Returns the extent of the map after it is shrunk and enlarged again; a pixel that is partly image counts.

        Args:
            factor: the whole number that sides are divided by, rounded up.
            times: the whole number that they are then multiplied by.
        """
        return type(self)(*(-(-end // factor) * times for end in (self.rows, self.cols)))

    def inside(self, x: jax.Array) -> jax.Array:
        """Returns a map with zeros outside the image, as a convolution pads it.

        Args:
            x: the map, `[n, h, w, c]`.
        """
        return jnp.where(self.mask(x), x, 0)

    def continued(self, x: jax.Array) -> jax.Array:
        """Returns a map with the image's last row and column repeated below it and to its right.

        Args:
            x: the map, `[n, h, w, c]`.
        """
        for axis, end in ((1, self.rows), (2, self.cols)):
            x = jnp.take(x, jnp.minimum(jnp.arange(x.shape[axis]), end - 1), axis=axis, mode="clip")
        return x


class Everywhere(NamedTuple):
    """The extent of arrays without padding. All methods leave a map unchanged."""

    def shrunk(self, factor: int, times: int = 1) -> Self:
        """Returns itself."""
        return self

    def inside(self, x: jax.Array) -> jax.Array:
        """Returns the map unchanged."""
        return x

    def continued(self, x: jax.Array) -> jax.Array:
        """Returns the map unchanged."""
        return x


AnyExtent = Extent | Everywhere
EVERYWHERE = Everywhere()
