"""Meta-upscale and meta-downscale: resampling by filters that are predicted from positions and scale (Fig. 3).

Output pixel i of an axis reads the 3 source pixels around ⌊i/r⌋ (zeros outside the image) with weights predicted
from (1/r, i/r − ⌊i/r⌋), where r = output/input. Ratios are kept as two integers, so positions are exact and the
offsets repeat with a period that is known: for r = p/q in lowest terms there are p of them.
"""

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
Predict = Callable[[jax.Array], jax.Array]

# Hidden units of a weight predictor start about this large. All filters of all positions hang on each of them, so
# one Adam step moves a filter weight by (hidden units) × (their size) × (learning rate): at size 1 training tumbles.
HIDDEN_SIZE = 0.1

# Of predicted filter weights, about so many floats are held at a time (64 MiB) when a ratio has many offsets.
_WEIGHTS_AT_A_TIME = 2**24


class Ratio(NamedTuple):
    """Output over input length of one axis, as `numerator / denominator`.

    The two may be traced; `limit` then is a static bound of the numerator, so of the number of distinct offsets.
    """

    numerator: Integer
    denominator: Integer
    limit: int

    @classmethod
    def of(cls, output: int, size: int) -> Self:
        """The ratio of two lengths in pixels, in lowest terms."""
        output, size = int(output), int(size)  # of NumPy's, too
        divisor = math.gcd(output, size)
        return cls(output // divisor, size // divisor, output // divisor)

    @property
    def is_traced(self) -> bool:
        """Whether a number is known at run time only."""
        return any(isinstance(n, jax.Array) for n in self)


class Scale(NamedTuple):
    """The ratios, output over input, of rows and columns, and the same ones the other way round."""

    rows: Ratio
    cols: Ratio
    inverse_rows: Ratio
    inverse_cols: Ratio

    @classmethod
    def between(cls, inputs: tuple[int, int], outputs: tuple[int, int]) -> Self:
        """The scale from one size in pixels to another."""
        (h, w), (H, W) = inputs, outputs
        return cls(Ratio.of(H, h), Ratio.of(W, w), Ratio.of(h, H), Ratio.of(w, W))

    @classmethod
    def traced(cls, numerator: Integer, denominator: int, limit: int) -> Self:
        """One scale for both axes, its numerator traced and at most `limit`."""
        up = Ratio(numerator, denominator, limit)
        down = Ratio(denominator, numerator, denominator)
        return cls(up, up, down, down)

    def inverse(self) -> Self:
        """The scale of the way back."""
        return type(self)(self.inverse_rows, self.inverse_cols, self.rows, self.cols)

    @property
    def is_traced(self) -> bool:
        """Whether any of the numbers is known at run time only."""
        return any(ratio.is_traced for ratio in self)


def positions(count: int, ratio: Ratio) -> tuple[jax.Array, jax.Array]:
    """For output pixels 0 … count − 1 of an axis: the source pixel ⌊i/r⌋ `[count]` and which offset it has `[count]`.

    Offsets are numbered so that number m is the one of output pixel m; see `offsets`.
    """
    i = _counted(count, ratio)
    return jnp.asarray(i * ratio.denominator // ratio.numerator), jnp.asarray(i % ratio.numerator)


def offsets(ratio: Ratio) -> jax.Array:
    """The distinct values of i/r − ⌊i/r⌋, in [0, 1), `[ratio.limit]`; past the numerator they repeat."""
    i = _counted(ratio.limit, ratio)
    return jnp.asarray(i * ratio.denominator % ratio.numerator / ratio.numerator, jnp.float32)


def _counted(count: int, ratio: Ratio) -> Any:
    """0 … count − 1, in 64 bits where the ratio is known: products of two sides in pixels overflow 32 bits."""
    return jnp.arange(count) if ratio.is_traced else np.arange(count, dtype=np.int64)


def patches(x: jax.Array) -> jax.Array:
    """The 3×3 neighbourhood of every pixel, zeros outside: `[n, h, w, c]` to `[n, h, w, 9c]`, row by row."""
    _, h, w, _ = x.shape
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.concatenate([x[:, i : i + h, j : j + w] for i in range(TAPS) for j in range(TAPS)], axis=-1)


class WeightPredictor(nn.Module):
    """The function from position vectors `[…, 3]` to filter weights `[…, 9c, c]`: two dense layers (Fig. 3b).

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
    """A feature map resampled by predicted filters, `[n, h, w, c]` to `[n, *size, c]`, up or down (Fig. 3)."""

    hidden: int

    @nn.compact
    def __call__(self, x: jax.Array, size: tuple[int, int], scale: Scale) -> jax.Array:
        predict = WeightPredictor(x.shape[-1], self.hidden, name="weights")()
        resample = _resample_traced if scale.is_traced else _resample_periodic
        return resample(x, predict, size, scale)


MetaUpscale = MetaResample  # MUM, Section III.A.2
MetaDownscale = MetaResample  # MDM, Section III.C: reads the upscaled map at (⌊ir⌋, ⌊jr⌋)


def _vectors(scale: Scale, rows: jax.Array, cols: jax.Array) -> jax.Array:
    """Position vectors (1/r, row offset, column offset) of every pair of offsets, `[rows, cols, 3]`."""
    inverse = [r.denominator / r.numerator for r in (scale.rows, scale.cols)]
    inverse_scale = jnp.sqrt(inverse[0] * inverse[1])  # one r in the paper; of two, the geometric mean
    return jnp.stack(jnp.broadcast_arrays(inverse_scale, rows[:, None], cols), axis=-1)


def _resample_periodic(x: jax.Array, predict: Predict, size: tuple[int, int], scale: Scale) -> jax.Array:
    """Resampling by a scale known when compiling: output pixels of one offset pair share their weights."""
    n, _, _, c = x.shape
    (H, W), (p, q) = size, (scale.rows.limit, scale.cols.limit)  # p and q offsets
    taps = patches(x)  # [n, h, w, 9c]
    taps = jnp.take(taps, positions(W, scale.cols)[0], axis=2, mode="clip")  # [n, h, W, 9c]
    taps = taps.reshape(n, -1, W // q, q, taps.shape[-1])
    source_rows = positions(H, scale.rows)[0].reshape(H // p, p).T  # [p, H/p]: the rows of one offset
    col_offsets = offsets(scale.cols)

    def of_one_row_offset(args: tuple[jax.Array, jax.Array]) -> jax.Array:
        offset, rows = args
        weights = predict(_vectors(scale, offset[None], col_offsets))[0]  # [q, 9c, c]
        return jnp.einsum("nabqk,qkc->nabqc", jnp.take(taps, rows, axis=1, mode="clip"), weights)

    # Ratios such as 67/131 have as many offset pairs as output pixels: predict for some rows at a time.
    rows_at_a_time = max(1, _WEIGHTS_AT_A_TIME // (q * taps.shape[-1] * c))
    per_row = (offsets(scale.rows), source_rows)
    if p <= rows_at_a_time:
        out = jax.vmap(of_one_row_offset)(per_row)
    else:
        out = jax.lax.map(of_one_row_offset, per_row, batch_size=rows_at_a_time)
    return out.transpose(1, 2, 0, 3, 4, 5).reshape(n, H, W, c)  # from [p, n, H/p, W/q, q, c]


def _resample_traced(x: jax.Array, predict: Predict, size: tuple[int, int], scale: Scale) -> jax.Array:
    """Resampling by a scale known at run time only, so that one compiled program serves many scales.

    Which weights a pixel needs isn't known when compiling, and a gather of 9c² weights a pixel is slow. So each source
    column is filtered for every column offset, in one dense product a row, and the pixels are picked from the results.
    Rows, of the source and of weights, are picked by products with one-hot matrices: their gradients are products too,
    where those of gathers are slow scatters.
    """
    n, h, w, c = x.shape
    (H, W), (p, q) = size, (scale.rows.limit, scale.cols.limit)
    source_rows, row_offset = positions(H, scale.rows)
    source_cols, col_offset = positions(W, scale.cols)
    weights = predict(_vectors(scale, offsets(scale.rows), offsets(scale.cols)))  # [p, q, 9c, c]
    weights = weights.transpose(0, 2, 1, 3).reshape(p, -1)
    weights = (nn.one_hot(row_offset, p) @ weights).reshape(H, -1, q * c)  # [H, 9c, q c]
    around = source_rows + jnp.arange(-1, 2)[:, None]  # [3, H]; one-hot rows of those outside are zero, as is due
    rows = jnp.einsum("tHh,nhwc->Hnwtc", nn.one_hot(around, h), x)
    rows = jnp.pad(rows, ((0, 0), (0, 0), (1, 1), (0, 0), (0, 0)))
    taps = jnp.stack([rows[:, :, j : j + w] for j in range(TAPS)], axis=4)  # [H, n, w, 3, 3, c]
    filtered = jnp.einsum("hmk,hkc->hmc", taps.reshape(H, n * w, -1), weights).reshape(H, n, w * q, c)
    return jnp.take(filtered, source_cols * q + col_offset, axis=2, mode="clip").transpose(1, 0, 2, 3)
