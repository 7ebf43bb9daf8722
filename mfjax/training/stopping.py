"""Stopping a run from outside: SIGTERM, which schedulers send before they take a machine away, and Ctrl-C."""

import logging
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

import jax
from jax.experimental import multihost_utils

logger = logging.getLogger("mfjax")


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
        logger.warning("stopping after this step")
        self.number = number
        self._restore()

    def _tell_all(self, number: int, frame: FrameType | None) -> None:
        """Of several processes, passes Ctrl-C on as the signal that JAX has them agree on."""
        os.kill(os.getpid(), signal.SIGTERM)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():  # as in some notebooks: no handlers can be set
            return self
        if jax.process_count() == 1:
            self._before = {number: signal.signal(number, self._note) for number in self.signals}
        else:  # JAX has a handler for SIGTERM
            self._before = {signal.SIGINT: signal.signal(signal.SIGINT, self._tell_all)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
