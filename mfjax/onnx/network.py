"""The two graphs that engines run, for images of any sizes: the extractor, and the layers after it."""

from dataclasses import fields

from mfjax.model import ModelConfig
from mfjax.onnx.composition import fused, refined
from mfjax.onnx.extraction import extracted
from mfjax.onnx.graph import Graph
from mfjax.onnx.layers import Params
from mfjax.onnx.maps import channels_first, channels_last
from mfjax.onnx.positions import AnyScale
from mfjax.onnx.resampling import Scale

SUPPORTED = {
    *("blocks", "compensations", "dual_attention", "share_branches", "base", "blend"),
    *("width", "growth", "features", "stride", "hidden"),
}  # fields of `ModelConfig` that the graphs take into account


def check_supported(config: ModelConfig) -> None:
    """Raises NotImplementedError if the architecture has a field that the graphs would ignore.

    Args:
        config: the network's architecture.
    """
    if unknown := {field.name for field in fields(config)} - SUPPORTED:
        raise NotImplementedError(
            f"ModelConfig.{min(unknown)} is not stated in ONNX (mfjax.onnx); until it is, use engine='xla'"
        )


def extractor(config: ModelConfig, params: Params) -> bytes:
    """Returns the content of the ONNX file that extracts `features` `[n, h, w, features]` from `image` `[n, 1, h, w]`.

    Args:
        config: the network's architecture.
        params: the parameters of a super-resolution branch.
    """
    check_supported(config)
    graph = Graph()
    image = graph.input("image", ("n", 1, "h", "w"))
    features = channels_last(extracted(image, params["extractor"], config.blocks, config.stride))
    return graph.serialized({"features": (features, ("n", "h", "w", config.features))})


def composition(
    config: ModelConfig,
    fusion: Params,
    branches: tuple[Params, Params],
    factors: tuple[int | None, int | None],
    *,
    gaps: bool = False,
) -> bytes:
    """Returns the content of the ONNX file that makes the three images from two sources and their features.

    Its inputs are `ir` and `vis`, `[n, 1, h, w]` (unless `ModelConfig.base` is "none"), and the features of both,
    `[n, h, w, features]`, named "ir_features" and "vis_features". Its outputs are `fused`, `ir_enlarged` and
    `vis_enlarged`, linear (not clipped), `[n, 1, H, W]`.

    Args:
        config: the network's architecture.
        fusion: the parameters of the fusion branch.
        branches: the parameters of the infrared and the visible super-resolution branch.
        factors: how many times as large the output is as the infrared and the visible source, from 1 to 8; None: any
            times and at any place, and there are further inputs, those of `onnx.positions`.
        gaps: a source need not show something everywhere: a further input `seen`, `[1, 1, H, W]`, is the weight of each
            pixel in statistics of whole images. Weights add up to 1.
    """
    check_supported(config)
    graph = Graph()
    names = "ir", "vis"
    images = [graph.input(name, ("n", 1, f"{name}_h", f"{name}_w")) for name in names]
    count = config.features
    held = [graph.input(f"{name}_features", ("n", f"{name}_h", f"{name}_w", count)) for name in names]
    features = [channels_first(each, count) for each in held]
    ir, vis = (
        refined(config, params, image, low, AnyScale.added(graph, name) if factor is None else Scale.whole(factor))
        for name, params, image, low, factor in zip(names, branches, images, features, factors, strict=True)
    )
    shape = "n", 1, "H", "W"
    seen = graph.input("seen", (1, 1, "H", "W")) if gaps else None
    made = {"fused": fused(config, fusion, ir, vis, seen=seen), "ir_enlarged": ir.image, "vis_enlarged": vis.image}
    return graph.serialized({name: (value, shape) for name, value in made.items()})
