"""Checkpoints of a run's state (Orbax).

A state holds parameters, their average, the optimiser's state and the step. Everything else follows from the step: the
phase, every random number (a function of seed and step) and the position in the data (see `data.pipeline`).
"""

import hashlib
import inspect
import json
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from mfjax import atomic, stored_json
from mfjax.errors import MfjaxError
from mfjax.training.step import State

UNFINISHED = ".orbax-checkpoint-tmp"  # in the name of a folder that Orbax has not finished
HASHES = "hashes.json"  # of each state's numbers, by its step: Orbax does not notice all damage to its files

logger = logging.getLogger("mfjax")


class Checkpoints:
    """The newest few states of a run, each written completely or not at all, in a folder of their own.

    Args:
        folder: where the states are; made if it is missing.
        keep: number of states to keep.

    Raises:
        MfjaxError: `folder` is a file.
    """

    def __init__(self, folder: Path, *, keep: int = 2):
        self.folder = folder.absolute()
        if folder.exists() and not folder.is_dir():
            raise MfjaxError(f"{folder} is a file, where a run keeps its checkpoints; choose another workdir")
        self._remove_unfinished()
        options = ocp.CheckpointManagerOptions(max_to_keep=keep)
        # One of the devices that hold the same state writes it. Sharing the work, with a slice of each array for each
        # device, would take a compiled program for every shape and device.
        arrays = ocp.type_handlers.ArrayHandler(use_replica_parallel=False)
        registry = ocp.type_handlers.create_type_handler_registry((jax.Array, arrays))
        handler = ocp.PyTreeCheckpointHandler(type_handler_registry=registry)
        self._manager = ocp.CheckpointManager(self.folder, options=options, item_handlers=handler)

    def newest(self) -> int | None:
        """Returns the step of the newest complete state, or None if there is none."""
        return self._manager.latest_step()

    def save(self, step: int, state: State) -> None:
        """Writes a state in the background, after the state before it is written.

        Args:
            step: the number of steps taken; a state that exists already is not written again.
            state: the state after that step.

        Raises:
            OSError: this state or the one before could not be written, as when the disk is full.
        """
        if step == self.newest():
            return
        with self._writing():
            self._manager.wait_until_finished()  # as Orbax does in `save`; then the free space is known
            self._check_space(sum(leaf.nbytes for leaf in jax.tree.leaves(state)))
            if jax.process_index() == 0:
                kept = {each: told for each, told in self._hashes().items() if (self.folder / each).exists()}
                atomic.write_bytes(self.folder / HASHES, json.dumps(kept | {str(step): _hash_of(state)}).encode())
            self._manager.save(step, args=ocp.args.PyTreeSave(state))

    def restore(self, step: int, like: State) -> State:
        """Returns the state of a step.

        Args:
            step: the number of steps taken.
            like: a state of the same shapes and structure, such as `history.check` ensures.

        Raises:
            Exception: of many kinds: it can't be read, or its numbers are not those that were saved.
        """
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        how = ocp.checkpoint_utils.construct_restore_args(target)
        with _closed_loops_unsaid():
            state: State = self._manager.restore(step, args=ocp.args.PyTreeRestore(item=target, restore_args=how))
            if self._hashes().get(str(step)) not in (None, _hash_of(state)):  # None: of an earlier version
                raise ValueError("its numbers are not those that were saved")
            return state

    def set_aside(self, step: int, reason: Exception) -> None:
        """Renames a state that can't be read, so that the one before is the newest.

        Args:
            step: the step of the damaged state.
            reason: the error met when reading it.

        Raises:
            OSError: there is no state before it.
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
        """Waits until the last state is written.

        Raises:
            OSError: it could not be written.
        """
        with self._writing():
            self._manager.wait_until_finished()

    def close(self) -> None:
        """Releases the folder. A write that failed raises nothing here; `wait` reports it."""
        try:
            self._manager.close()
        except Exception as error:  # `wait` reports it; here another error may be on its way
            logger.debug("closing %s: %s", self.folder, error)

    def _hashes(self) -> dict[str, str]:
        """Returns the hashes of states by their steps; none if there are none, as of an earlier version."""
        try:
            found = stored_json.loads((self.folder / HASHES).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _remove_unfinished(self) -> None:
        """Removes states that a killed run left unfinished. Orbax does it in a thread, which may outlive a run."""
        if jax.process_index() == 0:
            for path in self.folder.glob(f"*{UNFINISHED}*"):
                shutil.rmtree(path, ignore_errors=True)

    def _check_space(self, needed: int) -> None:
        """Raises OSError if a state does not fit on the disk: Orbax answers a full disk with pages of tracebacks."""
        needed = int(1.1 * needed) + 2**20  # with the metadata of each array
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise OSError(f"it takes {needed / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns the many kinds of errors that Orbax and TensorStore raise on a full disk into one OSError."""
        try:
            yield
        except Exception as error:
            whole = [int(path.name) for path in self.folder.iterdir() if path.name.isdigit()]
            newest = f"the newest whole one is of step {max(whole)}" if whole else "there is none yet"
            reason = " ".join(str(error).split())[:300]
            raise OSError(f"no checkpoint could be written to {self.folder}, {newest}: {reason}") from error


def _hash_of(state: State) -> str:
    """Returns a hash of a state's numbers, in the order of its tree."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(jax.device_get(state)):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()


@contextmanager
def _closed_loops_unsaid() -> Iterator[None]:
    """Keeps TensorStore from printing tracebacks after a block in which it met a damaged file.

    Orbax ends its event loop at the first error. TensorStore's threads then print, one by one, that they can't tell it
    of the others, and asyncio logs the others as never retrieved. They may do so later, so if the block fails, this
    lasts as long as the process.
    """
    before, log = sys.unraisablehook, logging.getLogger("asyncio")

    def is_other(record: logging.LogRecord) -> bool:
        return "exception was never retrieved" not in record.getMessage()

    def hook(met: "sys.UnraisableHookArgs") -> None:
        if not inspect.iscoroutine(met.object) and str(met.exc_value) != "Event loop is closed":
            before(met)

    sys.unraisablehook = hook
    log.addFilter(is_other)
    yield
    sys.unraisablehook = before
    log.removeFilter(is_other)
