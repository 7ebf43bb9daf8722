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

    def surrounded(self, x: jax.Array, reach: int, block: int) -> jax.Array:
        """Returns a map with `reach` pixels more at each side, where the image's outermost blocks are repeated.

        Args:
            x: the map, `[n, h, w, c]`, whose first row and column are those of a block.
            reach: pixels to add at each side.
            block: the side of a block in pixels. The image's last row and column are repeated to fill its last blocks.
        """
        for axis, end in ((1, self.rows), (2, self.cols)):
            at = jnp.arange(-reach, x.shape[axis] + reach)
            last = -(-end // block) * block  # the first pixel below the last block
            at = jnp.where(at < 0, at % block, jnp.where(at < last, at, last - block + at % block))
            x = jnp.take(x, jnp.minimum(at, end - 1), axis=axis, mode="clip")
        return x


class Everywhere(NamedTuple):
    """The extent of arrays without padding. All methods but `surrounded` leave a map unchanged."""

    def shrunk(self, factor: int, times: int = 1) -> Self:
        """Returns itself."""
        return self

    def inside(self, x: jax.Array) -> jax.Array:
        """Returns the map unchanged."""
        return x

    def continued(self, x: jax.Array) -> jax.Array:
        """Returns the map unchanged."""
        return x

    def surrounded(self, x: jax.Array, reach: int, block: int) -> jax.Array:
        """Returns a map with `reach` pixels more at each side, as `Extent.surrounded` of all of it."""
        blocks = -(-reach // block)
        for axis in (1, 2):
            length = x.shape[axis]
            ends = [(0, -length % block) if i == axis else (0, 0) for i in range(4)]
            x = jnp.pad(x, ends, mode="edge")
            first = jax.lax.slice_in_dim(x, 0, block, axis=axis)
            last = jax.lax.slice_in_dim(x, x.shape[axis] - block, None, axis=axis)
            x = jnp.concatenate([first] * blocks + [x] + [last] * blocks, axis=axis)
            start = blocks * block - reach
            x = jax.lax.slice_in_dim(x, start, start + length + 2 * reach, axis=axis)
        return x


AnyExtent = Extent | Everywhere
EVERYWHERE = Everywhere()
