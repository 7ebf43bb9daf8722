"""Stops a run from outside: by SIGTERM, which schedulers send, SIGHUP, as of a closed terminal, and Ctrl-C."""

import logging
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

import jax
from jax.experimental import multihost_utils

from mfjax.messages import NOTE

logger = logging.getLogger("mfjax")


class StopRequestedError(Exception):
    """Raised when a run was stopped by a signal, after it saved its state."""

    def __init__(self, message: str, number: int = signal.SIGTERM):
        super().__init__(message)
        self.number = number


class StopRequest:
    """A `with` block that notes one of the signals; a second signal has its usual effect."""

    signals = tuple(
        getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
    )  # Windows has no SIGHUP

    def __init__(self) -> None:
        self.number = 0  # the number of the signal that came, 0 for none
        self._before: dict[int, Any] = {}

    def requested(self, step: int) -> bool:
        """Returns true if the run has to stop after this step. All processes agree, whichever got the signal.

        Args:
            step: number of steps taken.
        """
        if jax.process_count() > 1 and multihost_utils.reached_preemption_sync_point(step):
            self.number = signal.SIGTERM
        return self.number != 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        logger.warning("stopping after this step", extra=NOTE)
        self.number = number
        self._restore()

    def _tell_all(self, number: int, frame: FrameType | None) -> None:
        """Passes Ctrl-C on as SIGTERM, on which JAX has all processes agree."""
        os.kill(os.getpid(), signal.SIGTERM)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():  # as in some notebooks: no handlers can be set
            return self
        if jax.process_count() == 1:
            heeded = [number for number in self.signals if signal.getsignal(number) is not signal.SIG_IGN]  # by nohup
            self._before = {number: signal.signal(number, self._note) for number in heeded}
        else:  # JAX has a handler for SIGTERM
            self._before = {signal.SIGINT: signal.signal(signal.SIGINT, self._tell_all)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
