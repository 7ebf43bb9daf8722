"""The layers after the extractor as ONNX nodes: `SuperResolutionBranch.refine` and `FusionBranch` of the network."""

from typing import NamedTuple

import numpy as np

from mfjax.model import ModelConfig
from mfjax.onnx.attention import dual_attention
from mfjax.onnx.blend import blended, knee
from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, conv_to_one, leaky_conv, select_by_magnitude
from mfjax.onnx.maps import mean_level
from mfjax.onnx.positions import AnyScale, bicubic_at, resampled_at
from mfjax.onnx.resampling import Scale, bicubic, resampled


class Branch(NamedTuple):
    """The output of a super-resolution branch, as `model.network.Branch`."""

    image: Value
    upscaled: Value
    residuals: list[Value]
    coarseness: float | Value  # a value is `[1]`


def refined(config: ModelConfig, params: Params, image: Value, low: Value, scale: Scale | AnyScale) -> Branch:
    """Adds `SuperResolutionBranch.refine`.

    Args:
        config: the network's architecture.
        params: parameters of the branch.
        image: the source, luma in [0, 1], `[n, 1, h, w]`.
        low: its features, `[n, features, h, w]`.
        scale: the factors from the source to the output.
    """

    def up(x: Value, module: Params) -> Value:
        return resampled(x, module, scale) if isinstance(scale, Scale) else resampled_at(x, module, scale.up)

    def down(x: Value, module: Params) -> Value:
        return resampled(x, module, scale.inverse) if isinstance(scale, Scale) else resampled_at(x, module, scale.down)

    upscaled = high = up(low, params["upscale"])
    residuals = []
    for i in range(config.compensations):
        compensation = params[f"compensation_{i}"]
        lost = low - down(high, compensation["downscale"])  # Eq. (11)
        if isinstance(scale, AnyScale):
            lost = lost * scale.known  # the source may reach beyond the output
        residuals.append(up(lost, compensation["upscale"]))  # Eq. (12)
        high = high + residuals[-1]  # Eq. (15)
    out = conv_to_one(high, params["reconstruction"])
    if config.base == "bicubic":
        out = out + (bicubic(image, scale) if isinstance(scale, Scale) else bicubic_at(image, scale))
    return Branch(out, upscaled, residuals, scale.coarseness)


def fused(config: ModelConfig, params: Params, ir: Branch, vis: Branch, *, seen: Value | None = None) -> Value:
    """Adds `FusionBranch`.

    Args:
        config: the network's architecture.
        params: parameters of the fusion branch.
        ir: the infrared branch's output.
        vis: the visible branch's output.
        seen: as of `mean_level`.
    """
    features = _fused_features(config, params["module"], ir, vis, seen)
    for residual_ir, residual_vis in zip(ir.residuals, vis.residuals, strict=True):
        features = features + select_by_magnitude(residual_ir, residual_vis)  # Eqs. (13), (14)
    image = conv_to_one(features, params["reconstruction"])
    if config.base == "none":
        return image
    base = select_by_magnitude(ir.image, vis.image)
    if not config.blend:
        return base + image
    image = blended((ir.image, vis.image), (ir.coarseness, vis.coarseness), params["blend"]) + image
    level = _pivot(mean_level(base, seen))
    contrast = image.graph.constant(np.reshape(params["contrast"], (1, 1, 1, 1)))
    return knee(level + contrast * (image - level))


def _fused_features(config: ModelConfig, params: Params, ir: Branch, vis: Branch, seen: Value | None) -> Value:
    """Adds `FusionModule`."""
    selected = [select_by_magnitude(ir.upscaled, vis.upscaled)]  # Eq. (9)
    if config.dual_attention:
        attended = [dual_attention(x, params["attention"], seen=seen) for x in (ir.upscaled, vis.upscaled)]
        selected.insert(0, select_by_magnitude(*attended))  # Eq. (8)
    return leaky_conv(selected, params["merge"])  # Eq. (10)


def _pivot(mean_level: Value) -> Value:
    """Adds `model.base.pivot`."""
    return mean_level * mean_level * (3 - 2 * mean_level)
