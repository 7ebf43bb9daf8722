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

    def shrunk(self, factor: int, times: int = 1) -> Self:
        """Returns the pixels of a map that many times smaller that any of the image is in, so many times as large."""
        return type(self)(*(-(-end // factor) * times for end in (self.rows, self.cols)))

    def inside(self, x: jax.Array) -> jax.Array:
        """Returns a map with zeros where it is no image: what a convolution finds outside."""
        return jnp.where(self.mask(x), x, 0)

    def continued(self, x: jax.Array) -> jax.Array:
        """Returns a map with its image's last row and column repeated where it is no image."""
        for axis, end in ((1, self.rows), (2, self.cols)):
            x = jnp.take(x, jnp.minimum(jnp.arange(x.shape[axis]), end - 1), axis=axis, mode="clip")
        return x


class Everywhere(NamedTuple):
    """The extent of arrays that are image everywhere: it leaves them as they are."""

    def shrunk(self, factor: int, times: int = 1) -> Self:
        """Returns itself."""
        return self

    def inside(self, x: jax.Array) -> jax.Array:
        """Returns the map."""
        return x

    def continued(self, x: jax.Array) -> jax.Array:
        """Returns the map."""
        return x


AnyExtent = Extent | Everywhere
EVERYWHERE = Everywhere()
