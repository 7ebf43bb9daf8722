"""The extractor in OpenVINO."""

import numpy as np

from mfjax.inference.openvino.layers import Maps, Params, Program, constant, conv, leaky_conv, maps_of
from mfjax.inference.openvino.runtime import op, ov
from mfjax.model import ModelConfig


class OpenVinoExtractor:
    """Features `[h, w, c]` of an image `[h, w]`, as `model.extraction` defines them."""

    def __init__(self, config: ModelConfig, params: Params, precision: str) -> None:
        """Compiles the graph.

        Args:
            config: the network's architecture.
            params: those of a super-resolution branch.
            precision: "float32" or "bfloat16".
        """
        image = maps_of(1)
        self._program = Program([_extractor(image, params["extractor"], config.blocks)], [image], precision)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The features, float32."""
        [features] = self._program(image[None, None])
        return features[0].transpose(1, 2, 0)


def _extractor(image: ov.Node, params: Params, blocks: int) -> ov.Node:
    """Fig. 2a."""
    first = x = leaky_conv([image], params["conv"])
    for i in range(blocks):
        x = _block(x, params[f"block_{i}"])
    return leaky_conv([op.add(x, first)], params["bottleneck"])


def _block(x: ov.Node, params: Params) -> ov.Node:
    """FEB, Fig. 2b."""
    narrow = leaky_conv([x], params["conv"])
    first = _unit([narrow], params["rfu1"], 1)
    dense = [narrow]
    for i in range(4):
        dense.append(_unit(dense, params[f"rfu3_{i}"], 3))
    branches = [first, *dense, _unit([narrow], params["rfu5"], 5)]
    return op.add(x, leaky_conv(branches, params["bottleneck"]))


def _unit(maps: Maps, params: Params, d: int) -> ov.Node:
    """RFU_d, Fig. 2c."""
    x = conv([leaky_conv(maps, params["conv"])], params["dilated"], d)
    return op.prelu(x, constant(np.reshape(params["prelu"]["negative_slope"], 1)))
