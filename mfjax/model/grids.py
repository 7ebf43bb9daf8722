"""Grids: the source pixel, and the offset from it, that each output pixel of a resampled map reads (Fig. 3).

Output pixel i of an axis reads the source around ⌊i/r⌋ with a filter that is predicted from its offset i/r − ⌊i/r⌋. An
axis has an exact form, with a filter for each distinct offset, and where these are many a fast one, for inference:
output pixels are sorted by their offsets and put into blocks, inside which filters are interpolated.
"""

import math
from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

Integer = int | jax.Array
Array = Any  # NumPy's or JAX's

BLOCKS = 16  # blocks of output pixels with similar offsets
NODES = 9  # offsets of a block, evenly spaced, between which filters are interpolated
NODES_NARROW, NARROW = 8, 512  # fewer in axes of fewer output pixels, as of a tile: there each filter serves fewer
MOST_EXACT = 32  # offsets up to which the exact form is the faster one
SHORTEST = 2 * BLOCKS * NODES_NARROW  # output pixels from which on the fast form is faster


class Interpolation(NamedTuple):
    """The fast form of an axis: `BLOCKS` of B output pixels, and filters interpolated inside each.

    The filters of its nodes are not those predicted for their offsets, but fitted to more predicted ones: the error
    is about half as large, since hidden units are piecewise linear in the offset, with a kink.
    """

    source: Array  # [BLOCKS, B] integers, `Axis.source` of the pixels in the order of their offsets
    samples: Array  # [BLOCKS, samples], the offsets for which hidden units are computed
    fit: Array  # [samples, nodes], of these hidden units, those of the nodes: piecewise linear, of least squares
    node: Array  # [N] integers, the node before each output pixel: (its place in that order) · nodes + (the node)
    fraction: Array  # [N] in [0, 1], how far it lies from there to the next node

    @classmethod
    def of(cls, source: Array, offsets: Array, nodes: int = NODES) -> Self:
        """Returns the fast form of an axis.

        Args:
            source: the source pixel of each output pixel, `[N]`; may be traced.
            offsets: the offset of each output pixel, `[N]`; may be traced.
            nodes: the number of nodes of a block.
        """
        xp: Any = jnp if isinstance(source, jax.Array) or isinstance(offsets, jax.Array) else np
        count = len(offsets)
        order = xp.argsort(offsets, kind="stable") if xp is np else jnp.argsort(offsets)
        place = xp.argsort(order)
        length = -(-count // BLOCKS)
        order = order[np.minimum(np.arange(BLOCKS * length), count - 1)]  # the last one fills up the last block
        ordered = offsets[order].reshape(BLOCKS, length)
        first, span = ordered[:, :1], ordered[:, -1:] - ordered[:, :1]
        along = (ordered - first) / xp.where(span > 0, span, 1)  # 0 to 1 inside each block
        samples = first + span * np.linspace(0, 1, samples_of(nodes), dtype=np.float32)
        along = (along * (nodes - 1)).ravel()[place].astype(np.float32)
        before = xp.clip(xp.floor(along), 0, nodes - 2)
        node = place * nodes + before.astype(np.int32)
        return cls(source[order].reshape(BLOCKS, length), samples, cls.fitting(nodes), node, along - before)

    @staticmethod
    def fitting(nodes: int = NODES) -> np.ndarray:
        """Returns `fit`, which is the same for all blocks.

        Args:
            nodes: the number of nodes of a block.
        """
        along = np.linspace(0, nodes - 1, samples_of(nodes))[:, None]
        hats = np.maximum(0, 1 - abs(along - np.arange(nodes)))  # [samples, nodes], linear interpolation
        return np.asarray(np.linalg.pinv(hats).T, np.float32)


def samples_of(nodes: int) -> int:
    """Returns the number of a block's samples: the nodes, and one in the middle between two.

    Args:
        nodes: the number of nodes of a block.
    """
    return 2 * nodes - 1


class Axis(NamedTuple):
    """The source pixel and the filter that each of the N output pixels of an axis reads.

    Holds NumPy arrays where the scale is known when compiling. Where it is traced, P is still known, and bounds the
    number of offsets.
    """

    source: Array  # [N] integers, the source pixel ⌊i/r⌋; where it is outside the source, zeros are read
    number: Array  # [N] integers, the index of the offset
    offsets: Array  # [P] in [0, 1), the distinct i/r − ⌊i/r⌋
    inverse: Array  # 1/r
    factors: tuple[int, int, int] | None = None  # the arguments `up`, `down` and `first` of `whole`, for a whole factor
    interpolation: Interpolation | None = None  # the fast form; None: the exact one

    @classmethod
    def between(cls, size: int, output: int) -> Self:
        """Returns the resampling of a whole axis to another whole axis.

        Args:
            size: length of the source axis in pixels.
            output: length of the output axis in pixels.
        """
        size, output = int(size), int(output)  # they may be NumPy's integers
        common = math.gcd(size, output)
        if common in (size, output):
            return cls.whole(output, output // common, size // common, 0)
        count = output // common
        i = np.arange(output, dtype=np.int64)  # products of two sides overflow 32 bits
        offsets = np.arange(count, dtype=np.int64) * size % output / output
        return cls(i * size // output, i % count, offsets.astype(np.float32), np.float32(size / output))

    @classmethod
    def traced(cls, count: int, numerator: Integer, denominator: Integer, limit: int) -> Self:
        """Returns the resampling of an axis at a traced scale r = numerator / denominator.

        Args:
            count: number of output pixels, from the first on.
            numerator: of the scale; may be traced.
            denominator: of the scale; may be traced.
            limit: the largest value that the numerator can take.
        """
        i, m = jnp.arange(count), jnp.arange(limit)
        offsets = m * denominator % numerator / numerator  # past the numerator they repeat
        return cls(i * denominator // numerator, i % numerator, offsets, jnp.asarray(denominator / numerator))

    @classmethod
    def affine(cls, count: int, first: Any, step: Any) -> Self:
        """Returns the resampling of an axis to output pixels anywhere: pixel i reads the source at `first + i · step`.

        A position is that of the pixel's edge: at 0 the first pixel of the source begins. Outside it, zeros are read.

        Args:
            count: number of output pixels.
            first: position of output pixel 0 in source pixels. Both this and `step` may be traced, and the output is
                differentiable by them; their positions then have the precision of float32.
            step: distance of neighbouring output pixels in source pixels, 1/r; positive.
        """
        xp: Any = jnp if isinstance(first, jax.Array) or isinstance(step, jax.Array) else np
        positions = first + xp.arange(count) * step
        if xp is np:  # so that rounding puts no whole position into the pixel before
            positions = np.round(positions * 2**20) / 2**20
        source = xp.floor(positions)
        offsets = (positions - source).astype(np.float32)
        return cls(source.astype(np.int32), xp.arange(count), offsets, xp.asarray(step, np.float32))

    @classmethod
    def whole(cls, count: int, up: int, down: int, first: int) -> Self:
        """Returns the resampling of an axis at a whole factor, r = `up` or r = 1 / `down`.

        Args:
            count: number of output pixels; may be a symbol of `jax.export`.
            up: factor by which the axis grows; 1 where it shrinks.
            down: factor by which the axis shrinks; 1 where it grows.
            first: the source pixel that output pixel 0 reads.
        """
        i = np.arange(count) if isinstance(count, int) else jnp.arange(count)
        offsets, inverse = np.arange(up, dtype=np.float32) / up, np.float32(down / up)
        return cls(i // up * down + first, i % up, offsets, inverse, (up, down, first))

    def interpolated(self) -> Self:
        """Returns the axis in its fast form; unchanged where the exact one is faster."""
        if self.interpolation is not None or len(self.offsets) <= MOST_EXACT or len(self.source) < SHORTEST:
            return self
        xp: Any = jnp if isinstance(self.offsets, jax.Array) else np
        nodes = NODES if len(self.source) >= NARROW else NODES_NARROW
        return self._replace(interpolation=Interpolation.of(self.source, xp.take(self.offsets, self.number), nodes))


class Grid(NamedTuple):
    """The resampling of a map along both of its axes."""

    rows: Axis
    cols: Axis

    @classmethod
    def between(cls, inputs: tuple[int, int], outputs: tuple[int, int]) -> Self:
        """Returns the resampling of a whole map to another whole map.

        Args:
            inputs: rows and columns of the source in pixels.
            outputs: rows and columns of the output in pixels.
        """
        return cls(*(Axis.between(size, output) for size, output in zip(inputs, outputs, strict=True)))

    @classmethod
    def traced(cls, size: tuple[int, int], numerator: Integer, denominator: Integer, limit: int) -> Self:
        """Returns the resampling of a map at one traced scale; see `Axis.traced`.

        Args:
            size: rows and columns of the output in pixels.
            numerator: of the scale; may be traced.
            denominator: of the scale; may be traced.
            limit: the largest value that the numerator can take.
        """
        return cls(*(Axis.traced(count, numerator, denominator, limit) for count in size))

    @classmethod
    def affine(cls, size: tuple[int, int], first: Any, step: Any) -> Self:
        """Returns the resampling of a map to output pixels anywhere in it or beside it; see `Axis.affine`.

        Args:
            size: rows and columns of the output in pixels.
            first: row and column of the output's corner in source pixels, `[2]`; may be traced.
            step: distance of neighbouring rows and of columns of the output in source pixels, `[2]`; may be traced.
        """
        return cls(*(Axis.affine(size[i], first[i], step[i]) for i in range(2)))

    def interpolated(self) -> Self:
        """Returns the grid in its fast form, for inference: filters are interpolated along rows, where that is faster.

        Nearly all of the work is for columns: rows have few pixels that share a prediction.
        """
        return self._replace(cols=self.cols.interpolated())

    @property
    def size(self) -> tuple[int, int]:
        """Returns the rows and columns of the output in pixels."""
        return self.rows.source.shape[0], self.cols.source.shape[0]

    @property
    def inverse_scale(self) -> jax.Array:
        """Returns 1/r of the position vector. The paper has one r; of two, it is the geometric mean."""
        return jnp.sqrt(self.rows.inverse * self.cols.inverse)

    def vectors(self, rows: jax.Array, cols: jax.Array) -> jax.Array:
        """Returns the position vectors (1/r, row offset, column offset) of every pair of offsets, `[rows, cols, 3]`.

        Args:
            rows: row offsets in [0, 1), `[rows]`.
            cols: column offsets in [0, 1), `[cols]`.
        """
        return jnp.stack(jnp.broadcast_arrays(self.inverse_scale, rows[:, None], cols), axis=-1)
