"""The whole network as one ONNX file: for sources of any sizes at whole factors, or for fixed sizes at any factors.

    import onnxruntime
    session = onnxruntime.InferenceSession("small.onnx")
    fused, ir, vis = session.run(None, {"ir": ir, "vis": vis})

It takes luma in [0, 1], float32, `ir` `[n, h, w]` and `vis` `[n, h', w']`, any number n of pairs, and gives `fused`,
`ir_enlarged` and `vis_enlarged`, `[n, H, W]`, clipped to [0, 1].
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from mfjax.inference import stepping
from mfjax.inference.pure import branches_of
from mfjax.inference.sizes import Size
from mfjax.inference.stepping import LARGEST_FACTOR
from mfjax.interop.requests import check_factors, check_sizes
from mfjax.model import ModelConfig
from mfjax.onnx.composition import Branch, fused, refined
from mfjax.onnx.extraction import extracted
from mfjax.onnx.graph import Dim, Graph, Value, cast
from mfjax.onnx.layers import Params
from mfjax.onnx.network import check_stated
from mfjax.onnx.resampling import Scale, multiplied

Precision = Literal["float32", "float16"]  # that the extractor, nearly all of the file and of the work, computes in


def export_factors(
    config: ModelConfig,
    params: Mapping[str, Any],
    factors: tuple[int, int],
    *,
    largest_factor: float = LARGEST_FACTOR,
    precision: Precision = "float32",
) -> bytes:
    """Returns the ONNX file for sources of any sizes whose output is these whole numbers of times as large.

    Args:
        config: the network's architecture.
        params: its parameters.
        factors: of infrared and visible.
        largest_factor: by which the model enlarges at once, as far as it was trained.
        precision: that the extractor computes in; all else is float32.

    Raises:
        MfjaxError: a factor is less than 1 or more than the model enlarges by at once.
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
    precision: Precision = "float32",
) -> bytes:
    """Returns the ONNX file for sources and outputs of these sizes, whatever they are; large factors are done in steps.

    Args:
        config: the network's architecture.
        params: its parameters.
        ir: the infrared image's (height, width).
        vis: the visible image's.
        size: the output's.
        largest_factor: by which the model enlarges at once, as far as it was trained.
        precision: that the extractor computes in; all else is float32.

    Raises:
        MfjaxError: a size is empty.
    """
    check_sizes(ir, vis, size)
    network = _Network(config, params, precision)
    branches, shown = [], []
    for side, (name, own) in enumerate({"ir": ir, "vis": vis}.items()):
        here, *larger = stepping.plan(own, size, largest_factor)
        image = _averaged(network.source(name, own), own, here)
        for step in larger:
            made = network.branch(side, image, Scale.between(here, step)).image
            here = min(step[0], size[0]), min(step[1], size[1])
            image = _averaged(_clipped(made), step, here)
        branches.append(network.branch(side, image, Scale.between(here, size)))
        shown.append(image if stepping.is_average(own, size) else branches[-1].image)
    return network.serialized(branches, shown, size)


class _Network:
    """A network whose graph is being made."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: Precision) -> None:
        check_stated(config)
        self._config, self._fusion, self._branches = config, params["fusion"], branches_of(config, params)
        self._dtype = np.dtype(precision)
        self._graph = Graph()

    def source(self, name: str, size: Sequence[Dim]) -> Value:
        """Adds a source as an input `[n, h, w]` and returns it as a map."""
        return self._graph.op("Unsqueeze", self._graph.input(name, ("n", *size)), self._graph.integers(1))

    def branch(self, side: int, image: Value, scale: Scale) -> Branch:
        """Adds `SuperResolutionBranch` of infrared, 0, or visible, 1."""
        params: Params = self._branches[side]
        if self._dtype == np.float32:
            low = extracted(image, params["extractor"], self._config.blocks)
        else:
            with self._graph.computing_in(self._dtype):
                low = extracted(cast(image, self._dtype), params["extractor"], self._config.blocks)
            low = cast(low, np.float32)
        return refined(self._config, params, image, low, scale)

    def serialized(self, branches: Sequence[Branch], shown: Sequence[Value], size: Sequence[Dim]) -> bytes:
        """Adds the fusion branch and returns the file, which gives the fused image and those to show of the sources."""
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
        stepping.averages(length, output) if output < length else None for length, output in zip(size, to, strict=True)
    )
    return multiplied(image, rows, cols)
