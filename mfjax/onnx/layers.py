"""The layers of `mfjax.model.layers` as ONNX nodes, and the selection between two sources."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mfjax.model.layers import LEAKY_SLOPE
from mfjax.onnx.graph import Value
from mfjax.onnx.maps import cut, shuffled, size

Params = Mapping[str, Any]

BLOCK = 4  # side in pixels of the blocks of `conv_to_one`


def convolve(x: Value, filters: Any, **attributes: Any) -> Value:
    """Convolves a map.

    Args:
        x: the map.
        filters: `[outputs, inputs, rows, cols]`.
        attributes: attributes of the Conv operation, such as pads.
    """
    return x.graph.op("Conv", x, x.graph.constant(filters), channels=len(filters), **attributes)


def conv(maps: Sequence[Value], params: Params, dilation: int = 1) -> Value:
    """Adds `Conv` of concatenated maps, as a sum of one convolution each: 8 % faster, in half of the memory.

    Args:
        maps: the maps, of equal sizes.
        params: parameters of the layer.
        dilation: pixels between neighbouring taps.
    """
    [layer] = params.values()  # "conv", or "dense" of a 1×1 convolution
    kernel = np.asarray(layer["kernel"])
    kernel = kernel.reshape(1, 1, *kernel.shape) if kernel.ndim == 2 else kernel
    pads = [kernel.shape[0] // 2 * dilation] * 4
    ends = np.cumsum([x.channels for x in maps[:-1]], dtype=int)
    out = maps[0].graph.constant(np.reshape(layer["bias"], (1, -1, 1, 1)))
    for x, part in zip(maps, np.split(kernel, ends, axis=2), strict=True):
        out = convolve(x, part.transpose(3, 2, 0, 1), pads=pads, dilations=[dilation, dilation]) + out
    return out


def conv_to_one(x: Value, params: Params) -> Value:
    """Adds `Conv` of a map to one channel, by blocks of 4×4 pixels.

    Processors compute 16 channels as fast as one. So the 16 pixels of a block are channels of a convolution that takes
    a step from block to block, and become pixels again.

    Args:
        x: the map.
        params: parameters of the layer.
    """
    [layer] = params.values()
    kernel = np.asarray(layer["kernel"])[..., 0].transpose(2, 0, 1)  # [channels, rows, cols]
    side = kernel.shape[1]
    filters = np.zeros((BLOCK, BLOCK, len(kernel), BLOCK + side - 1, BLOCK + side - 1), kernel.dtype)
    for row, col in np.ndindex(BLOCK, BLOCK):
        filters[row, col, :, row : row + side, col : col + side] = kernel
    before, after = side // 2, side // 2 + BLOCK - 1  # with which the last block may be beyond the edge in part
    filters = filters.reshape(BLOCK**2, *filters.shape[2:])
    blocks = convolve(x, filters, pads=[before, before, after, after], strides=[BLOCK, BLOCK])
    whole = shuffled(blocks + x.graph.constant(np.reshape(layer["bias"], (1, 1, 1, 1))), BLOCK, "DCR")
    return cut(whole, size(x))


def leaky_conv(maps: Sequence[Value], params: Params) -> Value:
    """Adds `LeakyConv`.

    Args:
        maps: the maps, of equal sizes.
        params: parameters of the layer.
    """
    return leaky(conv(maps, params["linear"]))


def leaky(x: Value) -> Value:
    """Adds LeakyReLU.

    Args:
        x: a map.
    """
    return x.graph.op("LeakyRelu", x, alpha=LEAKY_SLOPE)


def select_by_magnitude(ir: Value, vis: Value) -> Value:
    """Adds `model.fusion.select_by_magnitude`.

    Args:
        ir: the infrared map.
        vis: the visible map, of the same shape.
    """
    g = ir.graph
    is_ir = g.op("GreaterOrEqual", g.op("Abs", ir), g.op("Abs", vis))
    return g.op("Where", is_ir, ir, vis)
