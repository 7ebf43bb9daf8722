"""Data-parallel training over all devices of all processes, along one mesh axis.

Several hosts take part once each has called `jax.distributed.initialize`; `mfjax train --distributed` does.
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
from mfjax.training.step import Canvases, Metrics, State, Step, make_step

AXIS = "batch"

logger = logging.getLogger("mfjax")


def batch_mesh(batch: int) -> Mesh:
    """All devices in a row, or of one process's as many as can share a batch of so many pairs evenly.

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
    """The jitted step on a mesh: each device works on its part of the batch, and the state is the same on all."""
    step = make_step(config, phase, axis_name=AXIS)

    @functools.partial(jax.jit, static_argnums=2, donate_argnums=0)
    def update(state: State, batch: Batch, canvases: Canvases) -> tuple[State, Metrics]:
        of_device = jax.shard_map(
            lambda state, batch: step(state, batch, canvases),
            mesh=mesh,
            in_specs=(P(), _layout()),
            out_specs=P(),
            check_vma=False,
        )
        return of_device(state, batch)

    return update


def spread(batch: Batch, mesh: Mesh) -> Batch:
    """A batch on the mesh, from this process's part of it."""
    return Batch(
        *(
            jax.make_array_from_process_local_data(NamedSharding(mesh, spec), array)
            for spec, array in zip(_layout(), batch, strict=True)
        )
    )


def replicate(state: State, mesh: Mesh) -> State:
    """A state on every device, from the same one on every process."""
    return jax.device_put(state, NamedSharding(mesh, P()))


def _layout() -> Any:
    """Of a batch, in place of each array how it is spread: images over the mesh, scales to all."""
    specs: Any = P(AXIS), P(AXIS), P()
    return Batch(*specs)
