"""The network at any factor as a pure function: what `stepping` plans, on JAX arrays of sizes known when compiling."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from mfjax.inference import stepping
from mfjax.model import FusionNetwork, FusionOutput, ModelConfig
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Placement, Size


def fuse_any(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: jax.Array,
    vis: jax.Array,
    *,
    size: Size,
    largest_factor: float,
    dtype: Any = jnp.float32,
) -> FusionOutput:
    """The three reconstructions `[n, H, W, 1]`, linear, of sources `[n, h, w, 1]` and `[n, h', w', 1]` in [0, 1].

    Args:
        config: the network's architecture.
        params: its parameters.
        ir: infrared luma.
        vis: visible luma of the same view.
        size: the output's (H, W).
        largest_factor: by which the network enlarges at once.
        dtype: that the extractor computes in.
    """
    branches = branches_of(config, params)
    prepared = [
        _prepared(SuperResolutionBranch(config, dtype), branch, image, size, largest_factor)
        for branch, image in zip(branches, (ir, vis), strict=True)
    ]
    out: Any = FusionNetwork(config, dtype).apply({"params": params}, *prepared, size=size)
    of_ir, of_vis = (
        source if stepping.is_average((image.shape[1], image.shape[2]), size) else made
        for image, source, made in zip((ir, vis), prepared, out[1:], strict=True)
    )
    return FusionOutput(out.fused, of_ir, of_vis)


def branches_of(config: ModelConfig, params: Mapping[str, Any]) -> tuple[Any, Any]:
    """The parameters of the infrared and of the visible super-resolution branch, which may be the same."""
    names = ("branch", "branch") if config.share_branches else ("branch_ir", "branch_vis")
    return params[names[0]], params[names[1]]


def _prepared(branch: SuperResolutionBranch, params: Any, image: jax.Array, size: Size, largest: float) -> jax.Array:
    """A source that the output is at most `largest` times as large as, and no smaller."""
    first, *larger = stepping.plan((image.shape[1], image.shape[2]), size, largest)
    image = averaged(image, first)
    for step in larger:
        placement = Placement.between((image.shape[1], image.shape[2]), step)
        made: Any = branch.apply({"params": params}, image, placement)
        image = averaged(jnp.clip(made.image, 0, 1), size)
    return image


def averaged(image: jax.Array, size: Size) -> jax.Array:
    """`stepping.averaged` of images `[n, h, w, c]`, as a product with a matrix along each axis."""
    for axis, length in enumerate(size, start=1):
        if length < image.shape[axis]:
            matrix = stepping.averages(image.shape[axis], length)
            product = jnp.tensordot(matrix, image, (1, axis), precision=jax.lax.Precision.HIGHEST)
            image = jnp.moveaxis(product, 0, axis)
    return image
