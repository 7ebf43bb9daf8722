"""Exporting the whole network as an ONNX file, for any sizes at whole factors or for fixed sizes at any factors.

    import onnxruntime
    session = onnxruntime.InferenceSession("small.onnx")
    fused, ir, vis = session.run(None, {"ir": ir, "vis": vis})

The file takes luma in [0, 1], float32, `ir` `[n, h, w]` and `vis` `[n, h', w']`, of any number n of pairs, and returns
`fused`, `ir_enlarged` and `vis_enlarged`, `[n, H, W]`, clipped to [0, 1].
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from mfjax.inference import stepping
from mfjax.inference.pure import branches_of
from mfjax.inference.stepping import LARGEST_FACTOR
from mfjax.interop.checks import check_factors, check_sizes
from mfjax.model import ModelConfig
from mfjax.onnx.composition import Branch, fused, refined
from mfjax.onnx.extraction import extracted
from mfjax.onnx.graph import Dim, Graph, Value
from mfjax.onnx.layers import Params
from mfjax.onnx.maps import cast
from mfjax.onnx.network import check_supported
from mfjax.onnx.resampling import Scale, multiplied
from mfjax.size import Size

OnnxPrecision = Literal["float32", "float16"]  # type in which the extractor computes, nearly all of the file and work


def export_factors(
    config: ModelConfig,
    params: Mapping[str, Any],
    factors: tuple[int, int],
    *,
    largest_factor: float = LARGEST_FACTOR,
    precision: OnnxPrecision = "float32",
) -> bytes:
    """Returns the content of the ONNX file for sources of any sizes, at whole factors.

    Args:
        config: the network's architecture.
        params: its parameters.
        factors: how many times as large the output is as the infrared and the visible source.
        largest_factor: the largest factor by which the model enlarges in one pass.
        precision: the type in which the extractor computes; all else is float32.

    Raises:
        MfjaxError: a factor is less than 1 or larger than `largest_factor`.
    """
    check_factors(factors, largest_factor)
    network = _Network(config, params, precision)
    shapes = ("ir_h", "ir_w"), ("vis_h", "vis_w")
    sources = [network.source(name, shape) for name, shape in zip(("ir", "vis"), shapes, strict=True)]
    branches = [
        network.branch(side, image, Scale.whole(factor))
        for side, (image, factor) in enumerate(zip(sources, factors, strict=True))
    ]
    return network.serialized(branches, [branch.image for branch in branches], ("H", "W"))


def export_fixed(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: Size,
    vis: Size,
    size: Size,
    *,
    largest_factor: float = LARGEST_FACTOR,
    precision: OnnxPrecision = "float32",
) -> bytes:
    """Returns the content of the ONNX file for fixed sizes, at any factors; large factors are reached in steps.

    Args:
        config: the network's architecture.
        params: its parameters.
        ir: the infrared image's size.
        vis: the visible image's size.
        size: the output's size.
        largest_factor: the largest factor by which the model enlarges in one pass.
        precision: the type in which the extractor computes; all else is float32.

    Raises:
        MfjaxError: a size is empty.
    """
    check_sizes(ir, vis, size)
    network = _Network(config, params, precision)
    branches, shown = [], []
    for side, (name, own) in enumerate({"ir": ir, "vis": vis}.items()):
        here, *larger = stepping.plan_sizes(own, size, largest_factor)
        image = _averaged(network.source(name, own), own, here)
        for step in larger:
            made = network.branch(side, image, Scale.between(here, step)).image
            here = min(step[0], size[0]), min(step[1], size[1])
            image = _averaged(_clipped(made), step, here)
        branches.append(network.branch(side, image, Scale.between(here, size)))
        shown.append(image if stepping.is_average(own, size) else branches[-1].image)
    return network.serialized(branches, shown, size)


class _Network:
    """The graph of a network while it is built."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: OnnxPrecision) -> None:
        check_supported(config)
        self._config, self._fusion, self._branches = config, params["fusion"], branches_of(config, params)
        self._dtype = np.dtype(precision)
        self._graph = Graph()

    def source(self, name: str, size: Sequence[Dim]) -> Value:
        """Adds a source as an input `[n, h, w]` and returns it as a map."""
        return self._graph.op("Unsqueeze", self._graph.input(name, ("n", *size)), self._graph.integers(1))

    def branch(self, side: int, image: Value, scale: Scale) -> Branch:
        """Adds `SuperResolutionBranch` of infrared (side 0) or visible (side 1)."""
        params: Params = self._branches[side]
        shape = self._config.blocks, self._config.stride
        if self._dtype == np.float32:
            low = extracted(image, params["extractor"], *shape)
        else:
            with self._graph.computing_in(self._dtype):
                low = extracted(cast(image, self._dtype), params["extractor"], *shape)
            low = cast(low, np.float32)
        return refined(self._config, params, image, low, scale)

    def serialized(self, branches: Sequence[Branch], shown: Sequence[Value], size: Sequence[Dim]) -> bytes:
        """Adds the fusion branch and returns the file, whose outputs are the fused image and those in `shown`."""
        made = fused(self._config, self._fusion, *branches), *shown
        g, names = self._graph, ("fused", "ir_enlarged", "vis_enlarged")
        images = (g.op("Squeeze", _clipped(image), g.integers(1)) for image in made)
        return g.serialized({name: (image, ("n", *size)) for name, image in zip(names, images, strict=True)})


def _clipped(image: Value) -> Value:
    g = image.graph
    return g.op("Clip", image, g.constant(0), g.constant(1))


def _averaged(image: Value, size: Size, to: Size) -> Value:
    """Adds `inference.pure.averaged`."""
    rows, cols = (
        stepping.averaging_matrix(length, output) if output < length else None
        for length, output in zip(size, to, strict=True)
    )
    return multiplied(image, rows, cols)
