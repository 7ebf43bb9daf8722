"""The extractor as ONNX nodes (`mfjax.model.extraction`)."""

import numpy as np

from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, conv, leaky_conv
from mfjax.onnx.maps import cut, shuffled, size, to_channels


def extracted(image: Value, params: Params, blocks: int, stride: int) -> Value:
    """Adds `FeatureExtractor` (Fig. 2a).

    Args:
        image: luma in [0, 1], `[n, 1, h, w]`.
        params: parameters of the extractor.
        blocks: number of feature extraction blocks.
        stride: side in pixels of the blocks that are channels on the way.
    """
    first = x = leaky_conv([to_channels(image, stride, "constant")], params["conv"])
    for i in range(blocks):
        x = _block(x, params[f"block_{i}"])
    x = leaky_conv([x + first], params["bottleneck"])
    return x if stride == 1 else cut(shuffled(x, stride, "DCR"), size(image))


def _block(x: Value, params: Params) -> Value:
    """Adds `FeatureExtractionBlock` (Fig. 2b)."""
    narrow = leaky_conv([x], params["conv"])
    first = _unit([narrow], params["rfu1"], 1)
    dense = [narrow]
    for i in range(4):
        dense.append(_unit(dense, params[f"rfu3_{i}"], 3))
    branches = [first, *dense, _unit([narrow], params["rfu5"], 5)]
    return x + leaky_conv(branches, params["bottleneck"])


def _unit(maps: list[Value], params: Params, d: int) -> Value:
    """Adds `ReceptiveFieldUnit` (Fig. 2c)."""
    x = conv([leaky_conv(maps, params["conv"])], params["dilated"], d)
    return x.graph.op("PRelu", x, x.graph.constant(np.reshape(params["prelu"]["negative_slope"], 1)))
