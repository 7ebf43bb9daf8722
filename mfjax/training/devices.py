"""Data-parallel training on all devices of all processes, along one mesh axis.

Several hosts take part once each has called `jax.distributed.initialize`; `mfjax train --distributed` does so.
"""

import functools
import logging
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from mfjax.data.pipeline import Batch
from mfjax.errors import MfjaxError
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Phase
from mfjax.training.step import Canvases, State, Step, make_step
from mfjax.training.targets.base import Metrics

AXIS = "batch"

logger = logging.getLogger("mfjax")


def batch_mesh(batch: int) -> Mesh:
    """Returns a mesh of one axis over all devices, or over as many of one process as can share a batch evenly.

    Args:
        batch: number of pairs in a batch.

    Raises:
        MfjaxError: the devices of several processes can't share a batch evenly.
    """
    devices = jax.devices()
    count = next(n for n in range(len(devices), 0, -1) if batch % n == 0)
    if count < len(devices):
        shared = f"a batch of {batch} pairs can't be shared evenly by {len(devices)} devices"
        if jax.process_count() > 1:
            raise MfjaxError(f"{shared}: choose a multiple of {len(devices)} as data.batch")
        logger.warning("%s: training on %d of them", shared, count)
    return Mesh(np.array(devices[:count]), (AXIS,))


def parallel_step(config: TrainConfig, phase: Phase, mesh: Mesh) -> Step:
    """Returns the jitted step on a mesh: each device computes its part of the batch, and all hold the same state.

    Args:
        config: the recipe.
        phase: the phase that the steps belong to.
        mesh: the devices, as `batch_mesh` returns them.
    """
    step = make_step(config, phase, axis_name=AXIS)

    @functools.partial(jax.jit, static_argnums=2, donate_argnums=0)
    def update(state: State, batch: Batch, canvases: Canvases) -> tuple[State, Metrics]:
        on_mesh = jax.shard_map(
            lambda state, batch: step(state, batch, canvases),
            mesh=mesh,
            in_specs=(P(), _layout()),
            out_specs=P(),
            check_vma=False,
        )
        return on_mesh(state, batch)

    return update


def spread(batch: Batch, mesh: Mesh) -> Batch:
    """Returns a batch spread over the mesh.

    Args:
        batch: the part of the batch that this process has read.
        mesh: the devices, as `batch_mesh` returns them.
    """
    return Batch(
        *(
            jax.make_array_from_process_local_data(NamedSharding(mesh, spec), array)
            for spec, array in zip(_layout(), batch, strict=True)
        )
    )


def replicate(state: State, mesh: Mesh) -> State:
    """Returns a state on every device.

    Args:
        state: the state, the same on every process.
        mesh: the devices, as `batch_mesh` returns them.
    """
    return jax.device_put(state, NamedSharding(mesh, P()))


def _layout() -> Any:
    """Returns a batch of shardings in place of arrays: images are spread over the mesh, scales go to all devices."""
    specs: Any = P(AXIS), P(AXIS), P()
    return Batch(*specs)
