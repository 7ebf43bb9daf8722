"""Meta-upscale and meta-downscale: resampling by filters that are predicted from positions and scale (Fig. 3).

Output pixel i of an axis reads the 3 source pixels around ⌊i/r⌋ (zeros outside the image) with weights predicted
from (1/r, i/r − ⌊i/r⌋), where r = output/input; where the output begins elsewhere in the source, i/r is counted from
there. A predicted filter has 9c² weights, so they are never held for all
pixels at once. They are predicted for distinct offsets only where these are few: r = p/q in lowest terms has p.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model.layers import LEAKY_SLOPE

TAPS = 3  # the filters are 3×3
Integer = int | jax.Array
Array = Any  # NumPy's or JAX's
Predict = Callable[[jax.Array], jax.Array]

# Hidden units of a weight predictor start about this large. All filters of all positions depend on each of them, so
# one Adam step moves a filter weight by (hidden units) × (their size) × (learning rate): at size 1 training diverges.
HIDDEN_SIZE = 0.1

FEW_OFFSETS = 64  # up to here, filtering each source column for all offsets is cheaper than a prediction a pixel
LARGEST_WHOLE = math.isqrt(FEW_OFFSETS)  # the largest whole factor by which resampling is one convolution


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


class WeightPredictor(nn.Module):
    """A function from position vectors `[…, 3]` to filter weights `[…, 9c, c]`: two dense layers (Fig. 3b).

    The weights start near the identity (centre tap, each channel to itself), so a new module resamples by nearest
    neighbour: training starts from a picture instead of from noise.
    """

    channels: int
    hidden: int

    @nn.compact
    def __call__(self) -> Predict:
        c = self.channels
        outputs = TAPS * TAPS * c * c

        def identity(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
            kernel = np.zeros((TAPS * TAPS, c, c), np.float32)
            kernel[TAPS * TAPS // 2] = np.eye(c)
            return jnp.asarray(kernel.reshape(shape))

        first = self.param("kernel_0", nn.initializers.normal(HIDDEN_SIZE), (3, self.hidden))
        first_bias = self.param("bias_0", nn.initializers.normal(HIDDEN_SIZE), (self.hidden,))
        second = self.param("kernel_1", nn.initializers.normal(1e-3), (self.hidden, outputs))
        second_bias = self.param("bias_1", identity, (outputs,))

        def predict(vectors: jax.Array) -> jax.Array:
            hidden = nn.leaky_relu(vectors @ first + first_bias, LEAKY_SLOPE)
            return (hidden @ second + second_bias).reshape(*vectors.shape[:-1], TAPS * TAPS * c, c)

        return predict


class MetaResample(nn.Module):
    """A feature map resampled by predicted filters, `[n, h, w, c]` to `[n, *grid.size, c]`, up or down (Fig. 3)."""

    hidden: int

    @nn.compact
    def __call__(self, x: jax.Array, grid: Grid) -> jax.Array:
        predict = WeightPredictor(x.shape[-1], self.hidden, name="weights")()
        few = len(grid.rows.offsets) * len(grid.cols.offsets) <= FEW_OFFSETS
        if few and grid.rows.factors is not None and grid.cols.factors is not None:
            return _resample_by_convolution(x, predict, grid, grid.rows.factors, grid.cols.factors)
        if len(grid.cols.offsets) <= FEW_OFFSETS:
            return _resample_by_rows(x, predict, grid)
        return _resample_by_pixels(x, predict, grid)


MetaUpscale = MetaResample  # MUM, Section III.A.2
MetaDownscale = MetaResample  # MDM, Section III.C: reads the upscaled map at (⌊ir⌋, ⌊jr⌋)


def _resample_by_convolution(
    x: jax.Array, predict: Predict, grid: Grid, rows: tuple[int, int, int], cols: tuple[int, int, int]
) -> jax.Array:
    """Resamples by a whole factor on each axis, up or down: a convolution whose channels become pixels."""
    n, _, _, c = x.shape
    padding, strides = [], []
    for (up, down, first), count, size in zip((rows, cols), grid.size, x.shape[1:3], strict=True):
        last = first + (-(-count // up) - 1) * down  # the last source pixel that any output pixel reads
        padding.append((1 - first, last + 2 - size))
        strides.append(down)
    weights = predict(grid.vectors(grid.rows.offsets, grid.cols.offsets))  # [up, up', 9c, c]
    kernel = weights.transpose(2, 0, 1, 3).reshape(TAPS, TAPS, c, -1)
    out = jax.lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    h, w = out.shape[1:3]
    out = out.reshape(n, h, w, rows[0], cols[0], c).transpose(0, 1, 3, 2, 4, 5)
    return out.reshape(n, h * rows[0], w * cols[0], c)[:, : grid.size[0], : grid.size[1]]


def _resample_by_rows(x: jax.Array, predict: Predict, grid: Grid) -> jax.Array:
    """Resamples where columns have few offsets.

    The weights that a pixel needs may be known at run time only, and a gather of 9c² weights a pixel is slow. So each
    output row filters the source's columns for every column offset, in one product, and then picks its pixels.
    """
    n, _, w, c = x.shape
    q = len(grid.cols.offsets)
    # Columns are filtered from the second before the source's to the second after it: these two read zeros only.
    w = w + 4
    x = jnp.pad(x, ((0, 0), (1, 1), (3, 3), (0, 0)))
    picked = jnp.clip(grid.cols.source + 2, 0, w - 1) * q + grid.cols.number

    def weights_of(offsets: jax.Array) -> jax.Array:  # [rows, 9c, q c]
        weights = predict(grid.vectors(offsets, grid.cols.offsets))
        return weights.transpose(0, 2, 1, 3).reshape(len(offsets), -1, q * c)

    distinct = weights_of(grid.rows.offsets) if len(grid.rows.offsets) < grid.size[0] else None

    def filter_rows(source: jax.Array, number: jax.Array) -> jax.Array:
        weights = weights_of(_pick(grid.rows.offsets, number, 0)) if distinct is None else _pick(distinct, number, 0)
        rows = [_pick(x, source + i, 1) for i in range(TAPS)]  # each [n, rows, w + 2, c]
        taps = jnp.concatenate([row[:, :, j : j + w] for row in rows for j in range(TAPS)], axis=-1)
        filtered = jnp.einsum("nhwk,hkc->nhwc", taps, weights).reshape(n, -1, w * q, c)
        return jnp.take(filtered, picked, axis=2, mode="clip")

    return _some_rows_at_a_time(filter_rows, grid, n * w * (TAPS * TAPS + q) * c)


def _resample_by_pixels(x: jax.Array, predict: Predict, grid: Grid) -> jax.Array:
    """Resamples where columns have many offsets, as at 67/131: weights are predicted for each output pixel."""
    n, _, _, c = x.shape
    W = grid.size[1]
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    col_offsets = jnp.take(grid.cols.offsets, grid.cols.number)

    def filter_rows(source: jax.Array, number: jax.Array) -> jax.Array:
        weights = predict(grid.vectors(jnp.take(grid.rows.offsets, number), col_offsets))  # [rows, W, 9c, c]
        rows = [_pick(x, source + i, 1) for i in range(TAPS)]
        around = [jnp.take(row, grid.cols.source + j, axis=2, mode="clip") for row in rows for j in range(TAPS)]
        return jnp.einsum("nhwk,hwkc->nhwc", jnp.concatenate(around, axis=-1), weights)

    return _some_rows_at_a_time(filter_rows, grid, W * TAPS * TAPS * c * (n + c))


def _some_rows_at_a_time(
    filter_rows: Callable[[jax.Array, jax.Array], jax.Array], grid: Grid, floats_a_row: int
) -> jax.Array:
    """Returns the output map `[n, H, W, c]`, made of some rows at a time from their source rows and offset numbers."""
    height = grid.size[0]
    steps = min(height, -(-height * floats_a_row // _floats_at_a_time()))
    rows = -(-height // steps)
    steps = -(-height // rows)
    row_inputs = [jnp.asarray(a) for a in (grid.rows.source, grid.rows.number)]
    if steps == 1:
        return filter_rows(*row_inputs)
    row_inputs = [jnp.pad(a, (0, steps * rows - height), mode="edge").reshape(steps, rows) for a in row_inputs]
    out = jnp.moveaxis(jax.lax.map(lambda args: filter_rows(*args), row_inputs), 0, 1)  # [n, steps, rows, W, c]
    return out.reshape(out.shape[0], -1, *out.shape[3:])[:, :height]


def _floats_at_a_time() -> int:
    """Returns how many floats to hold at a time: what fits a core's cache on CPU, enough to keep it busy on a GPU."""
    return 2**20 if jax.default_backend() == "cpu" else 2**26


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def _pick(x: jax.Array, index: jax.Array, axis: int) -> jax.Array:
    """Returns `jnp.take`, with a product with a one-hot matrix as gradient: that of a gather is a slow scatter."""
    return jnp.take(x, index, axis=axis, mode="clip")


@_pick.defjvp
def _pick_jvp(
    axis: int, primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, Any]
) -> tuple[jax.Array, jax.Array]:
    x, index = primals
    one_hot = nn.one_hot(jnp.clip(index, 0, x.shape[axis] - 1), x.shape[axis])
    return _pick(x, index, axis), jnp.moveaxis(jnp.tensordot(one_hot, tangents[0], (1, axis)), 0, axis)
