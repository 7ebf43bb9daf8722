"""Stopping a run from outside: SIGTERM, which schedulers send before they take a machine away, and Ctrl-C."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

import jax
from jax.experimental import multihost_utils


class StopRequestedError(Exception):
    """A run was asked to stop by a signal, and has saved its state."""

    def __init__(self, message: str, number: int = signal.SIGTERM):
        super().__init__(message)
        self.number = number


class StopRequest:
    """Notes, inside a `with` block, that one of the signals came; a second one does what it always does."""

    signals = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.number = 0  # of the signal that came
        self._before: dict[int, Any] = {}

    def came(self, step: int) -> bool:
        """Whether to stop after this step. Of several processes all agree on it, whichever got the signal."""
        if jax.process_count() > 1 and multihost_utils.reached_preemption_sync_point(step):
            self.number = signal.SIGTERM
        return self.number != 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def __enter__(self) -> Self:
        # In a notebook's thread there are no signal handlers to set. JAX has its own for jobs of several processes.
        if threading.current_thread() is threading.main_thread() and jax.process_count() == 1:
            self._before = {number: signal.signal(number, self._note) for number in self.signals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
