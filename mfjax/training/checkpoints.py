"""Checkpoints of a run's state (Orbax)."""

from pathlib import Path

import jax
import orbax.checkpoint as ocp

from mfjax.training.step import State


class Checkpoints:
    """The newest few states of a run, each written whole or not at all, in a folder of their own."""

    def __init__(self, folder: Path, *, keep: int = 2):
        options = ocp.CheckpointManagerOptions(max_to_keep=keep)
        self._manager = ocp.CheckpointManager(folder.absolute(), options=options)

    def newest(self) -> int | None:
        """The step of the newest state, or None if there is none."""
        return self._manager.latest_step()

    def save(self, step: int, state: State) -> None:
        """Writes a state in the background; waits for the one before."""
        self._manager.save(step, args=ocp.args.StandardSave(state))

    def restore(self, step: int, like: State) -> State:
        """The state of a step; `like` gives shapes and structure.

        Raises:
            ValueError: it is of a network or optimiser of another shape.
        """
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        return self._manager.restore(step, args=ocp.args.StandardRestore(target))

    def close(self) -> None:
        """Waits for what is being written."""
        self._manager.close()
