"""Resampling features by predicted filters and images by cubic ones as ONNX nodes (`model.resampling`, `model.base`).

Along an axis that is enlarged by up/down, output pixels come in groups of `Ratio.up`, which read `Ratio.down` source
pixels and one to each side. So resampling is a strided convolution, with filters predicted here, whose channels become
pixels.
"""

import math
from typing import NamedTuple, Self

import numpy as np

from mfjax.model.layers import LEAKY_SLOPE
from mfjax.model.resampling import TAPS
from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, convolve
from mfjax.onnx.maps import filled, shuffled
from mfjax.size import Size

MOST_NUMBERS = 2**20  # most numbers of a group's filters that are stored in a file, 4 MB
PREDICTOR = "kernel_0", "bias_0", "kernel_1", "bias_1"  # parameters of the weight predictor


class Ratio(NamedTuple):
    """The factor up/down by which an axis is enlarged, in lowest terms."""

    up: int
    down: int
    groups: int | None = None  # groups of `up` pixels in the output; None: known only when the graph runs

    @classmethod
    def between(cls, size: int, output: int) -> Self:
        """Returns the factor from a length in pixels to another.

        Args:
            size: the source's length.
            output: the output's length.
        """
        common = math.gcd(size, output)
        return cls(output // common, size // common, common)

    @property
    def inverse(self) -> "Ratio":
        """Returns the factor from the output to the source."""
        return Ratio(self.down, self.up, self.groups)

    @property
    def reads(self) -> np.ndarray:
        """Returns the source pixel that each output pixel of a group reads, counted from the group's first, `[up]`."""
        return np.arange(self.up) * self.down // self.up

    @property
    def offsets(self) -> np.ndarray:
        """Returns each output pixel's distance in [0, 1) from the source pixel that it reads, `[up]`."""
        return (np.arange(self.up) * self.down % self.up / self.up).astype(np.float32)

    @property
    def all_pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the source pixel that each output pixel reads, and its distance from it, where `groups` is known."""
        assert self.groups is not None
        groups = np.arange(self.groups)[:, None] * self.down
        return (groups + self.reads).ravel(), np.tile(self.offsets, self.groups)

    @property
    def taps(self) -> int:
        """Returns how many source pixels a group reads."""
        return int(self.reads[-1]) + TAPS


class Scale(NamedTuple):
    """The factors by which a map is enlarged along both axes."""

    rows: Ratio
    cols: Ratio

    @classmethod
    def whole(cls, factor: int) -> Self:
        """Returns equal whole factors, for maps of any size.

        Args:
            factor: the factor.
        """
        return cls(Ratio(factor, 1), Ratio(factor, 1))

    @classmethod
    def between(cls, source: Size, output: Size) -> Self:
        """Returns the factors from a size to another.

        Args:
            source: the source's size.
            output: the output's size.
        """
        return cls(*map(Ratio.between, source, output))

    @property
    def inverse(self) -> "Scale":
        """Returns the factors from the output to the source."""
        return Scale(self.rows.inverse, self.cols.inverse)

    @property
    def inverse_factor(self) -> np.float32:
        """Returns 1/r of the position vector, as `Grid.inverse_scale`."""
        rows, cols = (np.float32(axis.down / axis.up) for axis in self)
        return np.sqrt(rows * cols)

    @property
    def coarseness(self) -> float:
        """Returns the source's coarseness, as `model.base.coarseness`."""
        return max(0.0, 1 - float(self.inverse_factor))

    @property
    def factor(self) -> int | None:
        """Returns the factor if it is a whole number and both axes have the same, else None."""
        return self.rows.up if self.rows.down == self.cols.down == 1 and self.rows.up == self.cols.up else None


def resampled(x: Value, params: Params, scale: Scale) -> Value:
    """Adds `MetaResample`.

    Where a group has too many filters to store them in a file, they are predicted row by row when the graph runs.

    Args:
        x: the features, `[n, c, h, w]`.
        params: parameters of the module.
        scale: the factors.
    """
    if _products(params["weights"], scale) > MOST_NUMBERS:
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
    """Adds `model.resampling._resample_by_pixels`, one row of the output after the other."""
    g = x.graph
    (reads, offsets), (col_reads, col_offsets) = (axis.all_pixels for axis in scale)
    first, bias, second, second_bias = (np.asarray(params[name]) for name in PREDICTOR)
    x = g.op("Pad", x, g.integers(0, 0, 1, 1, 0, 0, 1, 1))
    hidden_by_col = g.constant(scale.inverse_factor * first[0] + col_offsets[:, None] * first[2] + bias)  # [W, hidden]
    row_kernel, second_layer, to_add = (g.constant(x) for x in (first[1], second, second_bias))
    taps = np.arange(TAPS)
    cols = g.indices(col_reads[:, None] + taps)  # [W, 3]

    def row(x: Value, read: Value, offset: Value) -> Value:
        around = g.op("Gather", g.op("Gather", x, read, axis=2), cols, axis=3)  # [n, c, 3, W, 3]
        around = g.op("Transpose", around, perm=[3, 0, 2, 4, 1])
        around = g.op("Reshape", around, g.integers(0, 0, -1))  # [W, n, 9c]
        hidden = g.op("LeakyRelu", hidden_by_col + offset * row_kernel, alpha=LEAKY_SLOPE)
        weights = g.op("MatMul", hidden, second_layer) + to_add
        weights = g.op("Reshape", weights, g.integers(0, -1, x.channels))  # [W, 9c, c]
        return g.op("Transpose", g.op("MatMul", around, weights), channels=x.channels, perm=[1, 2, 0])  # [n, c, W]

    return g.scan(x, [reads[:, None] + taps, offsets], row, axis=2)


def _from_channels(x: Value, channels: int, scale: Scale) -> Value:
    """Turns channels, in the order (row of a group, column of a group, c), into pixels."""
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

    They are computed in NumPy, since JAX would compile for a fifth of a second for each new factor.
    """
    rows, cols = np.meshgrid(scale.rows.offsets, scale.cols.offsets, indexing="ij")
    vectors = np.stack([np.full_like(rows, scale.inverse_factor), rows, cols], axis=-1)
    first, first_bias, second, second_bias = (np.asarray(params[name]) for name in PREDICTOR)
    hidden = vectors @ first + first_bias
    weights = np.where(hidden > 0, hidden, LEAKY_SLOPE * hidden) @ second + second_bias
    channels = round((weights.shape[-1] / TAPS**2) ** 0.5)
    return weights.reshape(*rows.shape, TAPS, TAPS, channels, channels)


def bicubic(image: Value, scale: Scale) -> Value:
    """Adds `model.base.bicubic` (Keys, 1981, with a = −1/2), in which pixels outside the image have no weight.

    Args:
        image: the source, `[n, 1, h, w]`.
        scale: the factors.
    """
    if scale.factor == 1:
        return image
    if scale.factor is None:
        return multiplied(image, *(None if axis.up == axis.down else cubic_matrix(axis) for axis in scale))
    phases = (np.arange(scale.factor) + 0.5) / scale.factor - 0.5  # distances of output pixels from the source pixel
    taps = _cubic(np.arange(-2, 3) - phases[:, None])  # [phase, tap]
    filters = np.einsum("ay,bx->abyx", taps, taps).reshape(-1, 1, 5, 5)

    def enlarged(x: Value) -> Value:
        return shuffled(convolve(x, filters, pads=[2, 2, 2, 2]), scale.rows.up, "DCR")

    return enlarged(image) / enlarged(filled(image, 1))


def multiplied(image: Value, rows: np.ndarray | None, cols: np.ndarray | None) -> Value:
    """Multiplies the axes of an image with matrices.

    Args:
        image: the image, `[n, 1, h, w]`.
        rows: `[H, h]`; None leaves the rows unchanged.
        cols: `[W, w]`; None leaves the columns unchanged.
    """
    g = image.graph
    if rows is not None:
        image = g.op("MatMul", g.constant(rows), image, channels=image.channels)
    return image if cols is None else g.op("MatMul", image, g.constant(cols.T))


def cubic_matrix(axis: Ratio) -> np.ndarray:
    """Returns the cubic convolution of an axis as a matrix `[output, input]`.

    Args:
        axis: the factor, with the number of its groups.
    """
    assert axis.groups is not None
    outputs, inputs = axis.groups * axis.up, axis.groups * axis.down
    return cubic_weights((np.arange(outputs) + 0.5) * inputs / outputs - 0.5, inputs)


def cubic_weights(places: np.ndarray, inputs: int) -> np.ndarray:
    """Returns the weights of an axis's pixels by which cubic convolution gives the values at some places.

    Args:
        places: the places in pixels, 0 at the centre of the first one, `[output]`.
        inputs: number of pixels, outside which none has a weight.

    Returns:
        `[output, inputs]`.
    """
    taps = _cubic(np.arange(inputs) - places[:, None])
    return taps / taps.sum(axis=1, keepdims=True)


def _cubic(distance: np.ndarray) -> np.ndarray:
    distance = np.abs(distance)
    near = ((1.5 * distance - 2.5) * distance) * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))
