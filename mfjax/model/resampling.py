"""Meta-upscale and meta-downscale: resampling by filters that are predicted from positions and scale (Fig. 3).

Output pixel i of an axis reads the 3 source pixels around ⌊i/r⌋ (zeros outside the image) with weights predicted
from (1/r, i/r − ⌊i/r⌋), where r = output/input; where the output begins elsewhere in the source, i/r is counted from
there. A predicted filter has 9c² weights, so they are never held for all
pixels at once. They are predicted for distinct offsets only where these are few: r = p/q in lowest terms has p. Where
they are many, a grid in its fast form (`Grid.interpolated`) has them interpolated between those of some offsets.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model.grids import Grid, Interpolation
from mfjax.model.layers import LEAKY_SLOPE

TAPS = 3  # the filters are 3×3

# Hidden units of a weight predictor start about this large. All filters of all positions depend on each of them, so
# one Adam step moves a filter weight by (hidden units) × (their size) × (learning rate): at size 1 training diverges.
HIDDEN_SIZE = 0.1

FEW_OFFSETS = 64  # up to here, filtering each source column for all offsets is cheaper than a prediction a pixel
LARGEST_WHOLE = math.isqrt(FEW_OFFSETS)  # the largest whole factor by which resampling is one convolution


class Predict(NamedTuple):
    """The function from position vectors `[…, 3]` to filter weights `[…, 9c, c]`, and both of its layers."""

    hidden: Callable[[jax.Array], jax.Array]  # [..., 3] to [..., hidden units]
    weights: Callable[[jax.Array], jax.Array]  # [..., hidden units] to [..., 9c, c]; affine

    def __call__(self, vectors: jax.Array) -> jax.Array:
        """Returns the filter weights for position vectors."""
        return self.weights(self.hidden(vectors))


class WeightPredictor(nn.Module):
    """The prediction of filter weights from position vectors: two dense layers (Fig. 3b).

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

        return Predict(
            lambda vectors: nn.leaky_relu(vectors @ first + first_bias, LEAKY_SLOPE),
            lambda hidden: (hidden @ second + second_bias).reshape(*hidden.shape[:-1], TAPS * TAPS * c, c),
        )


class MetaResample(nn.Module):
    """A feature map resampled by predicted filters, `[n, h, w, c]` to `[n, *grid.size, c]`, up or down (Fig. 3)."""

    hidden: int

    @nn.compact
    def __call__(self, x: jax.Array, grid: Grid) -> jax.Array:
        predict = WeightPredictor(x.shape[-1], self.hidden, name="weights")()
        few = len(grid.rows.offsets) * len(grid.cols.offsets) <= FEW_OFFSETS
        if few and grid.rows.factors is not None and grid.cols.factors is not None:
            return _resample_by_convolution(x, predict, grid, grid.rows.factors, grid.cols.factors)
        if grid.cols.interpolation is not None:
            return _resample_by_blocks(x, predict, grid, grid.cols.interpolation)
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


def _resample_by_blocks(x: jax.Array, predict: Predict, grid: Grid, cols: Interpolation) -> jax.Array:
    """Resamples by the fast form: blocks of columns are filtered for a few offsets, between which each pixel lies."""
    n, _, _, c = x.shape
    (blocks, length), nodes = cols.source.shape, cols.fit.shape[1]
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    samples, source = jnp.asarray(cols.samples), jnp.asarray(cols.source)

    def weights_of(offsets: jax.Array) -> jax.Array:  # [rows, blocks, 9c, nodes c]
        hidden = predict.hidden(grid.vectors(offsets, samples.ravel()))
        hidden = hidden.reshape(len(offsets), blocks, -1, hidden.shape[-1])
        weights = predict.weights(jnp.einsum("hbsu,sq->hbqu", hidden, cols.fit))
        return jnp.moveaxis(weights, 2, 3).reshape(len(offsets), blocks, -1, nodes * c)

    distinct = weights_of(grid.rows.offsets) if 2 * len(grid.rows.offsets) <= grid.size[0] else None

    def filter_rows(rows: jax.Array, number: jax.Array) -> jax.Array:
        weights = weights_of(_pick(grid.rows.offsets, number, 0)) if distinct is None else _pick(distinct, number, 0)
        around = [_pick(x, rows + i, 1) for i in range(TAPS)]
        taps = [jnp.take(row, source + j, axis=2, mode="clip") for row in around for j in range(TAPS)]
        filtered = jnp.einsum("nhbmk,hbkc->nhbmc", jnp.concatenate(taps, axis=-1), weights)
        filtered = filtered.reshape(n, -1, blocks * length * nodes, c)
        before, after = (jnp.take(filtered, cols.node + i, axis=2) for i in range(2))
        return before + jnp.asarray(cols.fraction)[:, None] * (after - before)

    floats_a_row = blocks * c * (n * length * (TAPS * TAPS + nodes) + TAPS * TAPS * nodes * c)
    return _some_rows_at_a_time(filter_rows, grid, floats_a_row)


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
