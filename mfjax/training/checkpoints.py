"""Checkpoints of a run's state (Orbax).

A state holds parameters, their average, the optimiser's state and the step. The rest follows from the step: the phase,
every random number (a function of seed and step) and the position in the data (`data.pipeline`: the same).
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from mfjax.training.step import State

logger = logging.getLogger("mfjax")


class Checkpoints:
    """The newest few states of a run, each written whole or not at all, in a folder of their own."""

    def __init__(self, folder: Path, *, keep: int = 2):
        self.folder = folder.absolute()
        options = ocp.CheckpointManagerOptions(max_to_keep=keep, cleanup_tmp_directories=True)
        # Of several devices that hold the same state one writes it: to share the work, a slice of each array for each
        # device, takes a compiled program for every shape and device.
        arrays = ocp.type_handlers.ArrayHandler(use_replica_parallel=False)
        registry = ocp.type_handlers.create_type_handler_registry((jax.Array, arrays))
        handler = ocp.PyTreeCheckpointHandler(type_handler_registry=registry)
        self._manager = ocp.CheckpointManager(self.folder, options=options, item_handlers=handler)

    def newest(self) -> int | None:
        """The step of the newest whole state, or None if there is none."""
        return self._manager.latest_step()

    def save(self, step: int, state: State) -> None:
        """Writes a state in the background; waits for the one before.

        Raises:
            OSError: this one or the one before could not be written, as when the disk is full.
        """
        if step == self.newest():
            return
        with self._writing():
            self._manager.wait_until_finished()  # as `save` does; then the disk has what it will have
            self._check_space(sum(leaf.nbytes for leaf in jax.tree.leaves(state)))
            self._manager.save(step, args=ocp.args.PyTreeSave(state))

    def restore(self, step: int, like: State) -> State:
        """The state of a step; `like` gives shapes and structure, which must be its own (`history.check`)."""
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        how = ocp.checkpoint_utils.construct_restore_args(target)
        return self._manager.restore(step, args=ocp.args.PyTreeRestore(item=target, restore_args=how))

    def set_aside(self, step: int, reason: Exception) -> None:
        """Renames a state that can't be read, so that the one before is the newest.

        Raises:
            OSError: there is none before.
        """
        damaged = self.folder / f"{step}.damaged"
        if jax.process_index() == 0:
            shutil.rmtree(damaged, ignore_errors=True)
            (self.folder / str(step)).rename(damaged)
        if jax.process_count() > 1:
            multihost_utils.sync_global_devices(damaged.name)
        self._manager.reload()
        said = f"the checkpoint of step {step} can't be read and is now {damaged}"
        if self.newest() is None:
            detail = " ".join(str(reason).split())[:300]
            raise OSError(f"{said}, and there is no other: {detail}") from reason
        logger.warning("%s: going on from step %d", said, self.newest())

    def wait(self) -> None:
        """Waits for what is being written.

        Raises:
            OSError: it could not be written.
        """
        with self._writing():
            self._manager.wait_until_finished()

    def close(self) -> None:
        """Lets go of the folder, whatever became of the last write; `wait` tells."""
        try:
            self._manager.close()
        except Exception as error:  # told by `wait`; here something else may be under way
            logger.debug("closing %s: %s", self.folder, error)

    def _check_space(self, needed: int) -> None:
        """Raises OSError where a state does not fit: Orbax meets a full disk with pages of tracebacks."""
        needed = int(1.1 * needed) + 2**20  # with what tells of each array
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise OSError(f"it takes {needed / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Makes one kind of error of the many that Orbax and TensorStore raise when a disk is full."""
        try:
            yield
        except Exception as error:
            whole = [int(path.name) for path in self.folder.iterdir() if path.name.isdigit()]
            newest = f"the newest whole one is of step {max(whole)}" if whole else "there is none yet"
            reason = " ".join(str(error).split())[:300]
            raise OSError(f"no checkpoint could be written to {self.folder}, {newest}: {reason}") from error
