"""Operations on the maps of a graph, `[n, channels, h, w]`. Each adds nodes and returns the resulting value."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from mfjax.onnx.graph import Value


def filled(x: Value, number: float | Value) -> Value:
    """Adds a map that is one number everywhere.

    Args:
        x: a map whose size and channels it has.
        number: the number, or a value `[1]`.
    """
    shape = x.graph.op("Shape", x)
    if isinstance(number, Value):
        return x.graph.op("Expand", number, shape, channels=x.channels)
    value = helper.make_tensor("value", TensorProto.FLOAT, [1], [number])
    return x.graph.op("ConstantOfShape", shape, channels=x.channels, value=value)


def cast(x: Value, dtype: Any) -> Value:
    """Converts floats to another type.

    Args:
        x: the floats.
        dtype: the NumPy type.
    """
    return x.graph.op("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def concat(maps: Sequence[Value], axis: int = 1) -> Value:
    """Concatenates maps.

    Args:
        maps: the maps.
        axis: the axis along which they are joined, by default that of channels.
    """
    channels = sum(each.channels for each in maps) if axis == 1 else maps[0].channels
    return maps[0].graph.op("Concat", *maps, channels=channels, axis=axis)


def mean(x: Value, *axes: int) -> Value:
    """Averages over axes, which are kept with length 1.

    Args:
        x: a map.
        axes: the axes.
    """
    channels = 1 if 1 in axes else x.channels
    return x.graph.op("ReduceMean", x, x.graph.integers(*axes), channels=channels, keepdims=1)


def mean_level(x: Value, seen: Value | None = None) -> Value:
    """Adds `model.statistics.mean_level`.

    Args:
        x: a map.
        seen: the weight of each pixel, `[1, 1, h, w]`, which add up to 1; by default all count alike.
    """
    if seen is None:
        return mean(x, 2, 3)
    return x.graph.op("ReduceSum", x * seen, x.graph.integers(2, 3), channels=x.channels, keepdims=1)


def size(x: Value) -> Value:
    """Returns a map's (height, width), two integers that are known when the graph runs.

    Args:
        x: the map.
    """
    return x.graph.op("Gather", x.graph.op("Shape", x), x.graph.integers(2, 3), axis=0)


def cut(x: Value, to: Value) -> Value:
    """Cuts a map to its first rows and columns.

    Args:
        x: the map.
        to: the (height, width) to cut to, as `size` returns it.
    """
    g = x.graph
    return g.op("Slice", x, g.integers(0, 0), to, g.integers(2, 3))


def padded(x: Value, before: int, after: int | Value, mode: str = "edge") -> Value:
    """Pads a map.

    Args:
        x: the map.
        before: pixels at the top and at the left.
        after: pixels at the bottom and at the right: one number for both, or a value of two integers.
        mode: "edge" repeats the map's edge, "constant" adds zeros.
    """
    g = x.graph
    if isinstance(after, int):
        return g.op("Pad", x, g.integers(0, 0, before, before, 0, 0, after, after), mode=mode)
    return g.op("Pad", x, concat([g.integers(0, 0, before, before, 0, 0), after], 0), mode=mode)


def to_channels(image: Value, side: int, mode: str) -> Value:
    """Turns blocks of an image into channels, by a convolution, since the operation made for that takes longer.

    Args:
        image: a map of one channel.
        side: the side of a block in pixels.
        mode: what fills the last blocks, as in `padded`.
    """
    if side == 1:
        return image
    g = image.graph
    whole = padded(image, 0, g.op("Mod", g.op("Neg", size(image)), g.integers(side, side)), mode)
    pixels = g.constant(np.eye(side**2).reshape(-1, 1, side, side))
    return g.op("Conv", whole, pixels, channels=side**2, strides=[side, side])


def channels_first(x: Value, channels: int) -> Value:
    """Turns `[n, h, w, channels]` into a map. Engines work on maps in that order: it takes no time.

    Args:
        x: the value.
        channels: its last length.
    """
    return x.graph.op("Transpose", x, channels=channels, perm=[0, 3, 1, 2])


def channels_last(x: Value) -> Value:
    """Turns a map into `[n, h, w, channels]`.

    Args:
        x: the map.
    """
    return x.graph.op("Transpose", x, channels=x.channels, perm=[0, 2, 3, 1])


def batches(x: Value, count: int) -> list[Value]:
    """Splits a batch into parts of equal length.

    Args:
        x: the batch.
        count: the number of parts.
    """
    return x.graph.ops("Split", x, channels=[x.channels] * count, axis=0, num_outputs=count)


def pooled(x: Value, kind: str) -> Value:
    """Pools 2×2 pixels.

    Args:
        x: a map of even sides.
        kind: "MaxPool" or "AveragePool".
    """
    return x.graph.op(kind, x, kernel_shape=[2, 2], strides=[2, 2])


def shuffled(x: Value, factor: int = 2, mode: str = "CRD") -> Value:
    """Enlarges a map by turning channels into pixels.

    Args:
        x: the map.
        factor: how many times as large it becomes.
        mode: the order of channels, (c, dy, dx) for "CRD", as in PyTorch, or (dy, dx, c) for "DCR".
    """
    if factor == 1:
        return x
    return x.graph.op("DepthToSpace", x, channels=x.channels // factor**2, blocksize=factor, mode=mode)
