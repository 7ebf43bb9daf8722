"""A model as a program that JAX alone can load and run: a file of `jax.export`, with the parameters in it.

    import jax, pathlib
    program = jax.export.deserialize(bytearray(pathlib.Path("small.jaxexport").read_bytes()))
    fused, ir, vis = jax.jit(program.call)(ir, vis)

It takes luma in [0, 1], float32, `[n, h, w]` and `[n, h', w']`, any number n of pairs, and gives three images
`[n, H, W]`, clipped to [0, 1].
"""

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import export

from mfjax.inference.sizes import Size
from mfjax.inference.tiles import ALIGNED
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.placement import Placement
from mfjax.model.resampling import LARGEST_WHOLE

Placements = tuple[Placement, Placement]
Shape = tuple[Any, Any, Any]  # number, height, width; may be symbols


def export_fixed(
    config: ModelConfig, params: Mapping[str, Any], ir: Size, vis: Size, size: Size, platforms: Sequence[str]
) -> bytes:
    """The program for sources and outputs of these sizes, whatever they are.

    Raises:
        ValueError: a size is empty, or flatbuffers is not installed.
    """
    for name, sides in (("infrared", ir), ("visible", vis), ("output", size)):
        if min(sides) < 1:
            raise ValueError(f"{name} is {sides[0]}x{sides[1]}; it needs at least one pixel")
    [n] = export.symbolic_shape("n")

    def place() -> Placements:
        return Placement.between(ir, size), Placement.between(vis, size)

    return _exported(config, params, ((n, *ir), (n, *vis)), place, platforms)


def export_factors(
    config: ModelConfig, params: Mapping[str, Any], factors: tuple[int, int], platforms: Sequence[str]
) -> bytes:
    """The program for sources of any sizes whose output is these whole numbers of times as large, infrared first.

    The output's sides must be multiples of 4 and of both factors.

    Raises:
        ValueError: a factor is not one of 1 to 8, or flatbuffers is not installed.
    """
    for factor in factors:
        if not 1 <= factor <= LARGEST_WHOLE:
            raise ValueError(f"a factor is {factor}; it is a whole number from 1 to {LARGEST_WHOLE}")
    unit = math.lcm(ALIGNED, *factors)
    n, rows, cols = export.symbolic_shape("n, rows, cols")
    ir, vis = (((unit // factor) * rows, (unit // factor) * cols) for factor in factors)

    def place() -> Placements:
        return Placement.whole(ir, factors[0]), Placement.whole(vis, factors[1])

    return _exported(config, params, ((n, *ir), (n, *vis)), place, platforms)


def _exported(
    config: ModelConfig,
    params: Mapping[str, Any],
    shapes: tuple[Shape, Shape],
    place: Callable[[], Placements],  # called when the program is traced: only then have symbols a meaning
    platforms: Sequence[str],
) -> bytes:
    if importlib.util.find_spec("flatbuffers") is None:
        raise ValueError("exporting needs flatbuffers, which is not installed: pip install 'mfjax[export]'")
    network = FusionNetwork(config)

    def fuse(ir: jax.Array, vis: jax.Array) -> tuple[jax.Array, ...]:
        placements = place()
        sources = (image[None, ..., None] for image in (ir, vis))
        out: Any = network.apply({"params": params}, *sources, size=placements[0].up.size, placements=placements)
        return tuple(jnp.clip(image[0, ..., 0], 0, 1) for image in out)

    arguments = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    # Pair by pair, since resampling looks at how many there are to choose how much it does at once.
    return bytes(export.export(jax.jit(jax.vmap(fuse)), platforms=platforms)(*arguments).serialize())
