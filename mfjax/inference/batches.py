"""Many pairs of equal sizes at once, spread over all devices of this process.

One program of these very sizes makes all three images. No device needs anything of another's, so it has no collective.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from mfjax.inference.composition import Fusion
from mfjax.inference.pure import fuse_any
from mfjax.model import FusionOutput, ModelConfig
from mfjax.model.placement import Size

AXIS = "batch"
LARGEST = 2**21  # pixels of a source or of the output; larger ones are made in parts
AT_ONCE = 2**21  # pixels of all a GPU's images; a core has enough to do with one


class Batches:
    """A model on all devices of this process."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], dtype: Any, largest_factor: float) -> None:
        """For a model whose extractor is to compute in that type, and that enlarges by that factor at once."""
        self._config, self._dtype, self._largest_factor = config, jnp.dtype(dtype), largest_factor
        self.mesh = Mesh(np.array(jax.local_devices()), (AXIS,))
        self._params = jax.device_put(params, NamedSharding(self.mesh, P()))

    def at_once(self, *shapes: Size) -> int:
        """How many pairs of images of these sizes it fuses at once; 0 if they are too large."""
        pixels = max(rows * cols for rows, cols in shapes)
        if pixels > LARGEST:
            return 0
        of_device = 1 if jax.default_backend() == "cpu" else max(1, AT_ONCE // pixels)
        return of_device * self.mesh.size

    def __call__(self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size) -> Iterator[Fusion]:
        """The three images of each pair, clipped to [0, 1], from luma of equal sizes."""
        many = self.at_once(ir[0].shape[:2], vis[0].shape[:2], size)
        spread = NamedSharding(self.mesh, P(AXIS))
        fuse = fuse_spread_in_place if vis[0].shape == size else fuse_spread
        for first in range(0, len(ir), many):
            parts = [images[first : first + many] for images in (ir, vis)]
            missing = many - len(parts[0])  # so that there is one program, the last pair fills up
            arrays = [jax.device_put(np.stack([*part, *[part[-1]] * missing]), spread) for part in parts]
            static = self._config, self._dtype, self.mesh, size, self._largest_factor
            out = jax.device_get(fuse(*static, self._params, *arrays))
            yield from (Fusion(*(image[i] for image in out)) for i in range(many - missing))


def _fuse_spread(
    config: ModelConfig,
    dtype: Any,
    mesh: Mesh,
    size: Size,
    largest_factor: float,
    params: Mapping[str, Any],
    ir: jax.Array,
    vis: jax.Array,
) -> FusionOutput:
    """The three images `[n, H, W]`, clipped, from luma `[n, h, w]`: each device those of its part of the batch."""

    def of_device(params: Mapping[str, Any], ir: jax.Array, vis: jax.Array) -> FusionOutput:
        sources = ir[..., None], vis[..., None]
        out = fuse_any(config, params, *sources, size=size, largest_factor=largest_factor, dtype=dtype)
        return jax.tree.map(lambda image: jnp.clip(image[..., 0], 0, 1), out)

    specs = P(), P(AXIS), P(AXIS)
    return jax.shard_map(of_device, mesh=mesh, in_specs=specs, out_specs=P(AXIS), check_vma=False)(params, ir, vis)


fuse_spread = jax.jit(_fuse_spread, static_argnums=(0, 1, 2, 3, 4))
# For visible images of the output's size: their memory becomes an output's.
fuse_spread_in_place = jax.jit(_fuse_spread, static_argnums=(0, 1, 2, 3, 4), donate_argnums=7)
