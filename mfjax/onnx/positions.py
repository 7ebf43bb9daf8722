"""Resampling to any size as ONNX nodes: positions and coefficients are inputs, so that one graph serves all sizes.

The output may lie anywhere in the source. It is the fast form of `mfjax.model.grids`, as
`model.resampling._resample_by_blocks` computes it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mfjax.model.grids import BLOCKS, NODES, Interpolation, samples_of
from mfjax.model.layers import LEAKY_SLOPE
from mfjax.model.placement import Placement
from mfjax.model.resampling import TAPS
from mfjax.onnx.graph import Dim, Graph, Value
from mfjax.onnx.layers import Params, convolve
from mfjax.onnx.resampling import PREDICTOR, cubic_weights
from mfjax.size import Size

FIT = Interpolation.fitting()  # [SAMPLES, NODES]
SAMPLES = samples_of(NODES)


class Positions(NamedTuple):
    """The positions that the pixels of one map read in another, as inputs of a graph."""

    inverse: Value  # [1], 1/r of the position vector
    rows: Value  # [H] integers, the source row that each output row reads
    offsets: Value  # [H], its offset
    cols: Value  # [BLOCKS · B] integers, source columns in the order of their offsets, `Interpolation.source`
    samples: Value  # [BLOCKS · SAMPLES, 1]
    nodes: Value  # [W] integers, `Interpolation.node`
    fractions: Value  # [W, 1]


class AnyScale(NamedTuple):
    """The position of a source under an output of any size, the counterpart of `onnx.resampling.Scale`."""

    up: Positions
    down: Positions
    bicubic_rows: Value  # [H, h], cubic convolution of the rows as a matrix
    bicubic_cols: Value  # [w, W], and of the columns
    known: Value  # [1, 1, h, w], 1 for the source's pixels that lie in the output, else 0

    @classmethod
    def added(cls, graph: Graph, name: str) -> "AnyScale":
        """Adds the inputs, whose names begin with that of the source.

        Args:
            graph: the graph.
            name: "ir" or "vis".
        """
        values = iter([graph.input(each, shape, dtype=dtype) for each, shape, dtype in _inputs(name)])
        up, down = (Positions(*(next(values) for _ in Positions._fields)) for _ in range(2))
        return cls(up, down, *values)

    @property
    def coarseness(self) -> Value:
        """Adds the source's coarseness, `[1]`, as `model.base.coarseness`."""
        g = self.up.inverse.graph
        return g.op("Max", g.constant(0), 1 - self.up.inverse)


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of the inputs of `AnyScale.added` by their names; -1 is any length.

    Args:
        name: "ir" or "vis".
    """
    return {each: tuple(side if isinstance(side, int) else -1 for side in shape) for each, shape, _ in _inputs(name)}


def values(
    name: str, source: Size, output: Size, covered: tuple[Sequence[float], Sequence[float]] | None = None
) -> dict[str, np.ndarray]:
    """Returns the inputs of `AnyScale.added` for a source and an output by their names.

    Args:
        name: "ir" or "vis".
        source: the source's size.
        output: the output's size, no smaller.
        covered: corner and sides of a rectangle, as of `Placement.covering`, that the source covers and in which the
            output lies; by default the source covers the output exactly.
    """
    corner, sides = covered or ((0.0, 0.0), output)
    placement = Placement.covering(source, output, corner, sides) if covered else Placement.between(source, output)
    arrays: list[np.ndarray] = []
    # Source pixels that lie beyond the output may read anything there, since they are not `known`.
    for (rows, cols), (height, width) in ((placement.up, source), (placement.down, output)):
        fast = Interpolation.of(np.clip(cols.source, 0, width - 1), cols.offsets[cols.number])
        arrays += [np.sqrt(rows.inverse * cols.inverse).reshape(1), np.clip(rows.source, 0, height - 1)]
        arrays += [rows.offsets[rows.number]]
        arrays += [fast.source.ravel(), fast.samples.reshape(-1, 1), fast.node, fast.fraction.reshape(-1, 1)]
    centres = [(np.arange(output[i]) + 0.5 - corner[i]) * source[i] / sides[i] - 0.5 for i in range(2)]
    rows_matrix, cols_matrix = (cubic_weights(*each) for each in zip(centres, source, strict=True))
    known = [(axis.source >= 0) & (axis.source < side) for axis, side in zip(placement.down, output, strict=True)]
    arrays += [rows_matrix, cols_matrix.T, np.outer(*known)[None, None]]
    return {each: np.ascontiguousarray(a, dtype) for a, (each, _, dtype) in zip(arrays, _inputs(name), strict=True)}


def _inputs(name: str) -> Iterator[tuple[str, tuple[Dim, ...], type]]:
    """Yields name, shape and type of each input, in the order of the fields."""
    for way in ("up", "down"):
        at = f"{name}_{way}"
        yield f"{at}_inverse", (1,), np.float32
        yield f"{at}_rows", (f"{at}_H",), np.int64
        yield f"{at}_offsets", (f"{at}_H",), np.float32
        yield f"{at}_cols", (f"{at}_W_sorted",), np.int64
        yield f"{at}_samples", (BLOCKS * SAMPLES, 1), np.float32
        yield f"{at}_nodes", (f"{at}_W",), np.int64
        yield f"{at}_fractions", (f"{at}_W", 1), np.float32
    yield f"{name}_bicubic_rows", ("H", f"{name}_h"), np.float32
    yield f"{name}_bicubic_cols", (f"{name}_w", "W"), np.float32
    yield f"{name}_known", (1, 1, f"{name}_h", f"{name}_w"), np.float32


def resampled_at(x: Value, params: Params, at: Positions) -> Value:
    """Adds `MetaResample` in its fast form.

    Args:
        x: the features, `[n, c, h, w]`.
        params: parameters of the module.
        at: the positions.
    """
    g, c = x.graph, x.channels
    # All that a filter reads, as channels: a convolution with ones gathers it faster than slices.
    around = np.eye(TAPS * TAPS * c).reshape(-1, TAPS, TAPS, c).transpose(0, 3, 1, 2)
    taps = g.op("Transpose", convolve(x, around, pads=[1, 1, 1, 1]), perm=[0, 2, 3, 1])  # [n, h, w, 9c]
    taps = g.op("Gather", g.op("Gather", taps, at.cols, axis=2), at.rows, axis=1)
    taps = g.op("Reshape", taps, g.integers(0, 0, BLOCKS, -1, TAPS * TAPS * c))
    filtered = g.op("MatMul", taps, _weights(params["weights"], at, c))
    filtered = g.op("Reshape", filtered, g.integers(0, 0, -1, c))  # [n, H, W' · NODES, c]
    before, after = (g.op("Gather", filtered, at.nodes + g.integers(i), axis=2) for i in range(2))
    out = before + at.fractions * (after - before)  # [n, H, W, c]
    return g.op("Transpose", out, channels=c, perm=[0, 3, 1, 2])


def bicubic_at(image: Value, scale: AnyScale) -> Value:
    """Adds `model.base.bicubic`.

    Args:
        image: the source, `[n, 1, h, w]`.
        scale: how it lies under the output.
    """
    g = image.graph
    return g.op("MatMul", g.op("MatMul", scale.bicubic_rows, image), scale.bicubic_cols, channels=image.channels)


def _weights(params: Params, at: Positions, c: int) -> Value:
    """Adds the filters of all nodes, `[H, BLOCKS, 9c, NODES · c]`."""
    g = at.inverse.graph
    first, bias, second, second_bias = (np.asarray(params[name]) for name in PREDICTOR)
    of_cols = at.samples * g.constant(first[2:3]) + (at.inverse * g.constant(first[0]) + g.constant(bias))
    of_rows = g.op("Unsqueeze", at.offsets, g.integers(1, 2)) * g.constant(first[1])  # [H, 1, hidden]
    hidden = g.op("LeakyRelu", of_rows + of_cols, alpha=LEAKY_SLOPE)  # [H, BLOCKS · SAMPLES, hidden]
    hidden = g.op("Reshape", hidden, g.integers(0, BLOCKS, SAMPLES, len(second)))
    hidden = g.op("MatMul", g.constant(FIT.T), hidden)  # [H, BLOCKS, NODES, hidden]
    kernel, to_add = (np.swapaxes(a.reshape(-1, TAPS * TAPS * c, c), 1, 2) for a in (second, second_bias))
    weights = g.op("MatMul", hidden, g.constant(kernel.reshape(len(second), -1))) + g.constant(to_add.ravel())
    weights = g.op("Reshape", weights, g.integers(0, 0, -1, TAPS * TAPS * c))
    return g.op("Transpose", weights, perm=[0, 1, 3, 2])  # OpenVINO makes it a part of the product
