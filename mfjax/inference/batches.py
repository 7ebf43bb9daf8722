"""Fusing many pairs of equal sizes at once, spread over all devices of this process.

One program, compiled for these sizes, makes all three images. Devices exchange nothing, so it has no collectives.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from mfjax.alignment.windows import Window
from mfjax.inference.fusion import Fusion
from mfjax.inference.pure import fuse_any
from mfjax.model import FusionOutput, ModelConfig
from mfjax.size import Size

Places = tuple[Window | None, Window | None]

AXIS = "batch"
MAX_PIXELS = 2**21  # pixels of a source or of the output; larger images are made in tiles
GPU_PIXELS = 2**21  # pixels of a GPU's part of a batch; a CPU gets one pair at a time


class Batches:
    """A model on all devices of this process.

    Args:
        config: the network's architecture.
        params: its parameters.
        dtype: the type in which the extractor computes.
        largest_factor: the largest factor by which the network enlarges in one pass.
    """

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], dtype: Any, largest_factor: float) -> None:
        self._config, self._dtype, self._largest_factor = config, jnp.dtype(dtype), largest_factor
        self.mesh = Mesh(np.array(jax.local_devices()), (AXIS,))
        self._params = jax.device_put(params, NamedSharding(self.mesh, P()))

    def batch_size(self, *shapes: Size) -> int:
        """Returns how many pairs are fused at once; 0 if the images are too large.

        Args:
            shapes: the sizes of the sources and the output.
        """
        pixels = max(rows * cols for rows, cols in shapes)
        if pixels > MAX_PIXELS:
            return 0
        pairs_per_device = 1 if jax.default_backend() == "cpu" else max(1, GPU_PIXELS // pixels)
        return pairs_per_device * self.mesh.size

    def __call__(
        self,
        ir: Sequence[np.ndarray],
        vis: Sequence[np.ndarray],
        size: Size,
        *,
        places: Places = (None, None),
        seen: np.ndarray | None = None,
    ) -> Iterator[Fusion]:
        """Yields the three images of each pair, float32 `[H, W]`, clipped to [0, 1].

        Args:
            ir: infrared luma in [0, 1], each `[h, w]`, all of one size.
            vis: visible luma in [0, 1], as many, each `[h', w']`, all of one size.
            size: the output's (H, W).
            places: the parts of the output that the infrared and the visible sources cover; None: they cover it
                exactly. Another place compiles another program.
            seen: true where both sources show something, `[H, W]`; by default they do so everywhere.
        """
        many = self.batch_size(ir[0].shape[:2], vis[0].shape[:2], size)
        spread = NamedSharding(self.mesh, P(AXIS))
        fuse = fuse_spread_in_place if vis[0].shape == size else fuse_spread
        for first in range(0, len(ir), many):
            parts = [images[first : first + many] for images in (ir, vis)]
            missing = many - len(parts[0])  # the last pair fills the batch, so that one program serves all
            arrays = [jax.device_put(np.stack([*part, *[part[-1]] * missing]), spread) for part in parts]
            static = self._config, self._dtype, self.mesh, size, self._largest_factor, places
            out = jax.device_get(fuse(*static, self._params, *arrays, seen))
            yield from (Fusion(*(image[i] for image in out)) for i in range(many - missing))


def _fuse_spread(
    config: ModelConfig,
    dtype: Any,
    mesh: Mesh,
    size: Size,
    largest_factor: float,
    places: Places,
    params: Mapping[str, Any],
    ir: jax.Array,
    vis: jax.Array,
    seen: jax.Array | None = None,
) -> FusionOutput:
    """Returns the three images `[n, H, W]`, clipped, from luma `[n, h, w]`; each device fuses its part of the batch."""
    options: Any = {"size": size, "largest_factor": largest_factor, "dtype": dtype, "places": places}

    def fuse_part(params: Mapping[str, Any], ir: jax.Array, vis: jax.Array, seen: jax.Array | None) -> FusionOutput:
        sources = ir[..., None], vis[..., None]
        out = fuse_any(config, params, *sources, seen=None if seen is None else seen[..., None], **options)
        return jax.tree.map(lambda image: jnp.clip(image[..., 0], 0, 1), out)

    specs = P(), P(AXIS), P(AXIS), P()
    spread = jax.shard_map(fuse_part, mesh=mesh, in_specs=specs, out_specs=P(AXIS), check_vma=False)
    made: FusionOutput = spread(params, ir, vis, seen)
    return made


fuse_spread = jax.jit(_fuse_spread, static_argnums=(0, 1, 2, 3, 4, 5))
# For visible images of the output's size, whose memory is then used for an output.
fuse_spread_in_place = jax.jit(_fuse_spread, static_argnums=(0, 1, 2, 3, 4, 5), donate_argnums=8)
