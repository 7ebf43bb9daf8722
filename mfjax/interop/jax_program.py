"""Exporting a model as a program that JAX alone can load and run: a file of `jax.export`, with the parameters inside.

    import jax, pathlib
    program = jax.export.deserialize(bytearray(pathlib.Path("small.jaxexport").read_bytes()))
    fused, ir, vis = jax.jit(program.call)(ir, vis)

The program takes luma in [0, 1], float32, `[n, h, w]` and `[n, h', w']`, of any number n of pairs, and returns three
images `[n, H, W]`, clipped to [0, 1].
"""

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import export

from mfjax.errors import MfjaxError
from mfjax.inference.pure import fuse_any
from mfjax.inference.stepping import LARGEST_FACTOR
from mfjax.inference.tiles import ALIGNED
from mfjax.interop.checks import check_factors, check_sizes
from mfjax.model import FusionNetwork, FusionOutput, ModelConfig
from mfjax.model.placement import Placement
from mfjax.size import Size

Shape = tuple[Any, Any, Any]  # number of images, height, width; each may be a symbol


def export_fixed(
    config: ModelConfig,
    params: Mapping[str, Any],
    ir: Size,
    vis: Size,
    size: Size,
    *,
    platforms: Sequence[str],
    largest_factor: float = LARGEST_FACTOR,
) -> bytes:
    """Returns the program for sources and outputs of fixed sizes, at any factors; large factors are reached in steps.

    Args:
        config: the network's architecture.
        params: its parameters.
        ir: the infrared image's size.
        vis: the visible image's size.
        size: the output's size.
        platforms: the platforms that the program is to run on, such as "cpu" and "cuda".
        largest_factor: the largest factor by which the model enlarges in one pass.

    Raises:
        MfjaxError: a size is empty, or flatbuffers is not installed.
    """
    check_sizes(ir, vis, size)
    [n] = export.symbolic_shape("n")

    def fuse(*sources: jax.Array) -> FusionOutput:
        return fuse_any(config, params, *sources, size=size, largest_factor=largest_factor)

    return _exported(fuse, ((n, *ir), (n, *vis)), platforms)


def export_factors(
    config: ModelConfig,
    params: Mapping[str, Any],
    factors: tuple[int, int],
    *,
    platforms: Sequence[str],
    largest_factor: float = LARGEST_FACTOR,
) -> bytes:
    """Returns the program for sources of any sizes, at whole factors.

    The output's sides must be multiples of 4 and of both factors.

    Args:
        config: the network's architecture.
        params: its parameters.
        factors: how many times as large the output is as the infrared and the visible source.
        platforms: the platforms that the program is to run on, such as "cpu" and "cuda".
        largest_factor: the largest factor by which the model enlarges in one pass.

    Raises:
        MfjaxError: a factor is less than 1 or larger than `largest_factor`, or flatbuffers is not installed.
    """
    check_factors(factors, largest_factor)
    unit = math.lcm(ALIGNED, *factors)
    n, rows, cols = export.symbolic_shape("n, rows, cols")
    ir, vis = (((unit // factor) * rows, (unit // factor) * cols) for factor in factors)

    def fuse(*sources: jax.Array) -> Any:  # placements are made while tracing, where symbols have a meaning
        placements = Placement.whole(ir, factors[0]), Placement.whole(vis, factors[1])
        size = placements[0].up.size
        return FusionNetwork(config).apply({"params": params}, *sources, size=size, placements=placements)

    return _exported(fuse, ((n, *ir), (n, *vis)), platforms)


def _exported(
    fuse: Callable[[jax.Array, jax.Array], FusionOutput], shapes: tuple[Shape, Shape], platforms: Sequence[str]
) -> bytes:
    """Returns the program of a function that fuses sources `[1, h, w, 1]`, for batches `[n, h, w]` of them."""
    if importlib.util.find_spec("flatbuffers") is None:
        raise MfjaxError("exporting needs flatbuffers, which is not installed: pip install 'mfjax[export]'")

    def fuse_pair(ir: jax.Array, vis: jax.Array) -> tuple[jax.Array, ...]:
        out = fuse(ir[None, ..., None], vis[None, ..., None])
        return tuple(jnp.clip(image[0, ..., 0], 0, 1) for image in out)

    arguments = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    # Mapped over pairs, since resampling must know their number to choose how much it does at once.
    return bytes(export.export(jax.jit(jax.vmap(fuse_pair)), platforms=platforms)(*arguments).serialize())
