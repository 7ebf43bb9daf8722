"""Resampling of features by predicted filters and of images by cubic ones: `model.resampling` and `model.base`.

Along an axis that is enlarged p/q times, output pixels come in groups of p that read q source pixels and one to each
side. So resampling is a convolution with strides whose channels become pixels. Its filters are predicted here.
"""

import math
from typing import NamedTuple, Self

import numpy as np

from mfjax.model.layers import LEAKY_SLOPE
from mfjax.model.placement import Size
from mfjax.model.resampling import TAPS
from mfjax.onnx.graph import Value, filled, shuffled
from mfjax.onnx.layers import Params, convolve

MOST = 2**20  # numbers of the filters of a group, 4 MB
PREDICTOR = "kernel_0", "bias_0", "kernel_1", "bias_1"  # its parameters


class Ratio(NamedTuple):
    """The factor of an axis, up/down, in lowest terms."""

    up: int
    down: int
    groups: int | None = None  # of `up` output pixels; None: known only when the graph runs

    @classmethod
    def between(cls, size: int, output: int) -> Self:
        """Returns the factor from one length in pixels to another."""
        common = math.gcd(size, output)
        return cls(output // common, size // common, common)

    @property
    def inverse(self) -> "Ratio":
        """The way back."""
        return Ratio(self.down, self.up, self.groups)

    @property
    def reads(self) -> np.ndarray:
        """The source pixel that each output pixel of a group reads, counted from the group's first."""
        return np.arange(self.up) * self.down // self.up

    @property
    def offsets(self) -> np.ndarray:
        """The distance of each output pixel of a group from the source pixel that it reads, in [0, 1)."""
        return (np.arange(self.up) * self.down % self.up / self.up).astype(np.float32)

    @property
    def of_all_pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Source pixel and offset, as `reads` and `offsets`, of all output pixels, of which the number is known."""
        assert self.groups is not None
        groups = np.arange(self.groups)[:, None] * self.down
        return (groups + self.reads).ravel(), np.tile(self.offsets, self.groups)

    @property
    def taps(self) -> int:
        """The number of source pixels that a group reads."""
        return int(self.reads[-1]) + TAPS


class Scale(NamedTuple):
    """The factors of both axes of a map."""

    rows: Ratio
    cols: Ratio

    @classmethod
    def whole(cls, factor: int) -> Self:
        """Returns a whole number as the factor of both axes, for maps of any size."""
        return cls(Ratio(factor, 1), Ratio(factor, 1))

    @classmethod
    def between(cls, source: Size, output: Size) -> Self:
        """Returns the factors from one size to another."""
        return cls(*map(Ratio.between, source, output))

    @property
    def inverse(self) -> "Scale":
        """The way back."""
        return Scale(self.rows.inverse, self.cols.inverse)

    @property
    def inverse_factor(self) -> np.float32:
        """1/r of the position vector (`Grid.inverse_scale`)."""
        rows, cols = (np.float32(axis.down / axis.up) for axis in self)
        return np.sqrt(rows * cols)

    @property
    def coarseness(self) -> float:
        """`model.base.coarseness`."""
        return max(0.0, 1 - float(self.inverse_factor))

    @property
    def factor(self) -> int | None:
        """The factor of both axes, if it is one whole number."""
        return self.rows.up if self.rows.down == self.cols.down == 1 and self.rows.up == self.cols.up else None


def resampled(x: Value, params: Params, scale: Scale) -> Value:
    """Adds `MetaResample`.

    Where the filters of a group are too many to be held in a file, each output row predicts those of its pixels.
    """
    if _products(params["weights"], scale) > MOST:
        return _resampled_by_rows(x, params["weights"], scale)
    weights = _predicted(params["weights"], scale)  # [up, up', 3, 3, c, c]
    channels = weights.shape[-1]
    rows, cols = scale
    filters = np.zeros((rows.up, cols.up, channels, channels, rows.taps, cols.taps), np.float32)
    for i, top in enumerate(rows.reads):
        for j, left in enumerate(cols.reads):
            filters[i, j, :, :, top : top + TAPS, left : left + TAPS] = weights[i, j].transpose(3, 2, 0, 1)
    ends = [max(0, axis.taps - 1 - axis.down) for axis in scale]
    joined = filters.reshape(-1, *filters.shape[3:])
    out = convolve(x, joined, pads=[1, 1, *ends], strides=[rows.down, cols.down])
    return _from_channels(out, channels, scale)


def _products(params: Params, scale: Scale) -> int:
    """Returns how many numbers the filters of a group have."""
    rows, cols = scale
    return rows.up * cols.up * rows.taps * cols.taps * len(params["bias_1"]) // TAPS**2


def _resampled_by_rows(x: Value, params: Params, scale: Scale) -> Value:
    """Adds `model.resampling._resample_by_pixels`, a row of the output after the other."""
    g = x.graph
    (reads, offsets), (col_reads, col_offsets) = (axis.of_all_pixels for axis in scale)
    first, bias, second, second_bias = (np.asarray(params[name]) for name in PREDICTOR)
    x = g.op("Pad", x, g.integers(0, 0, 1, 1, 0, 0, 1, 1))
    hidden_of_cols = g.constant(scale.inverse_factor * first[0] + col_offsets[:, None] * first[2] + bias)  # [W, hidden]
    of_row, second_layer, to_add = (g.constant(x) for x in (first[1], second, second_bias))
    taps = np.arange(TAPS)
    cols = g.indices(col_reads[:, None] + taps)  # [W, 3]

    def row(x: Value, read: Value, offset: Value) -> Value:
        around = g.op("Gather", g.op("Gather", x, read, axis=2), cols, axis=3)  # [n, c, 3, W, 3]
        around = g.op("Transpose", around, perm=[3, 0, 2, 4, 1])
        around = g.op("Reshape", around, g.integers(0, 0, -1))  # [W, n, 9c]
        hidden = g.op("LeakyRelu", hidden_of_cols + offset * of_row, alpha=LEAKY_SLOPE)
        weights = g.op("MatMul", hidden, second_layer) + to_add
        weights = g.op("Reshape", weights, g.integers(0, -1, x.channels))  # [W, 9c, c]
        return g.op("Transpose", g.op("MatMul", around, weights), channels=x.channels, perm=[1, 2, 0])  # [n, c, W]

    return g.scan(x, [reads[:, None] + taps, offsets], row, axis=2)


def _from_channels(x: Value, channels: int, scale: Scale) -> Value:
    """Makes pixels of channels (row of a group, column, c)."""
    rows, cols = scale
    if rows.up == cols.up:
        return shuffled(x, rows.up, "DCR")
    assert rows.groups is not None
    assert cols.groups is not None
    g = x.graph
    x = g.op("Reshape", x, g.integers(0, rows.up, cols.up, channels, rows.groups, cols.groups))
    x = g.op("Transpose", x, perm=[0, 3, 4, 1, 5, 2])
    shape = g.integers(0, channels, rows.groups * rows.up, cols.groups * cols.up)
    return g.op("Reshape", x, shape, channels=channels)


def _predicted(params: Params, scale: Scale) -> np.ndarray:
    """Returns the filters of a group that `WeightPredictor` predicts, `[up, up', 3, 3, c, c]`.

    In NumPy, since JAX would compile for a fifth of a second for each new factor.
    """
    rows, cols = np.meshgrid(scale.rows.offsets, scale.cols.offsets, indexing="ij")
    vectors = np.stack([np.full_like(rows, scale.inverse_factor), rows, cols], axis=-1)
    first, first_bias, second, second_bias = (np.asarray(params[name]) for name in PREDICTOR)
    hidden = vectors @ first + first_bias
    weights = np.where(hidden > 0, hidden, LEAKY_SLOPE * hidden) @ second + second_bias
    channels = round((weights.shape[-1] / TAPS**2) ** 0.5)
    return weights.reshape(*rows.shape, TAPS, TAPS, channels, channels)


def bicubic(image: Value, scale: Scale) -> Value:
    """Adds `model.base.bicubic` (Keys, 1981, with a = −1/2): what lies outside has no weight."""
    if scale.factor == 1:
        return image
    if scale.factor is None:
        return multiplied(image, *(_cubic_matrix(axis) for axis in scale))
    phases = (np.arange(scale.factor) + 0.5) / scale.factor - 0.5  # of the output's pixels, from the source's
    taps = _cubic(np.arange(-2, 3) - phases[:, None])  # [phase, tap]
    filters = np.einsum("ay,bx->abyx", taps, taps).reshape(-1, 1, 5, 5)

    def enlarged(x: Value) -> Value:
        return shuffled(convolve(x, filters, pads=[2, 2, 2, 2]), scale.rows.up, "DCR")

    return enlarged(image) / enlarged(filled(image, 1))


def multiplied(image: Value, rows: np.ndarray | None, cols: np.ndarray | None) -> Value:
    """Makes each row and each column of an image a sum of others, by matrices `[output, input]`; None: leaves them."""
    g = image.graph
    if rows is not None:
        image = g.op("MatMul", g.constant(rows), image, channels=image.channels)
    return image if cols is None else g.op("MatMul", image, g.constant(cols.T))


def _cubic_matrix(axis: Ratio) -> np.ndarray | None:
    """Returns the cubic convolution of an axis as a matrix `[output, input]`."""
    if axis.up == axis.down:
        return None
    assert axis.groups is not None
    outputs, inputs = axis.groups * axis.up, axis.groups * axis.down
    centres = (np.arange(outputs) + 0.5) * inputs / outputs - 0.5
    taps = _cubic(np.arange(inputs) - centres[:, None])
    return taps / taps.sum(axis=1, keepdims=True)


def _cubic(distance: np.ndarray) -> np.ndarray:
    distance = np.abs(distance)
    near = ((1.5 * distance - 2.5) * distance) * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))
