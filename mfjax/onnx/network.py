"""The two graphs that engines run: the extractor, and all that follows it at whole factors; of any sizes."""

from dataclasses import fields

from mfjax.model import ModelConfig
from mfjax.onnx.composition import fused, refined
from mfjax.onnx.extraction import extracted
from mfjax.onnx.graph import Graph
from mfjax.onnx.layers import Params
from mfjax.onnx.resampling import Scale

STATED = {
    *("blocks", "compensations", "dual_attention", "share_branches", "base", "blend"),
    *("width", "growth", "features", "hidden"),
}  # the fields of `ModelConfig` that these graphs follow


def check_stated(config: ModelConfig) -> None:
    """Raises NotImplementedError if the architecture has a field that these graphs would ignore."""
    if unknown := {field.name for field in fields(config)} - STATED:
        raise NotImplementedError(
            f"ModelConfig.{min(unknown)} is not stated in ONNX (mfjax.onnx); until it is, use engine='xla'"
        )


def extractor(config: ModelConfig, params: Params) -> bytes:
    """Returns the ONNX file that extracts features `[n, features, h, w]` from luma `image` `[n, 1, h, w]`.

    Args:
        config: the network's architecture.
        params: the parameters of a super-resolution branch.
    """
    check_stated(config)
    graph = Graph()
    image = graph.input("image", ("n", 1, "h", "w"))
    features = extracted(image, params["extractor"], config.blocks)
    return graph.serialized({"features": (features, ("n", config.features, "h", "w"))})


def composition(
    config: ModelConfig, fusion: Params, branches: tuple[Params, Params], factors: tuple[int, int]
) -> bytes:
    """Returns the ONNX file that makes the three images, linear, `[n, 1, H, W]`, from two sources and their features.

    Its inputs are `ir`, `vis`, `[n, 1, h, w]` (if `ModelConfig.base` is one), `ir_features` and `vis_features`,
    `[n, features, h, w]`; its outputs `fused`, `ir_enlarged` and `vis_enlarged`.

    Args:
        config: the network's architecture.
        fusion: the parameters of the fusion branch.
        branches: those of both super-resolution branches.
        factors: how many times as large the output is as the infrared and the visible source, from 1 to 8.
    """
    check_stated(config)
    graph = Graph()
    shapes = [("n", channels, f"{name}_h", f"{name}_w") for channels in (1, config.features) for name in ("ir", "vis")]
    names = "ir", "vis", "ir_features", "vis_features"
    inputs = [graph.input(name, shape, shape[1]) for name, shape in zip(names, shapes, strict=True)]
    ir, vis = (
        refined(config, params, image, low, Scale.whole(factor))
        for params, image, low, factor in zip(branches, inputs[:2], inputs[2:], factors, strict=True)
    )
    shape = "n", 1, "H", "W"
    made = {"fused": fused(config, fusion, ir, vis), "ir_enlarged": ir.image, "vis_enlarged": vis.image}
    return graph.serialized({name: (value, shape) for name, value in made.items()})
