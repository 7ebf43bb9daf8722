"""SIGTERM and SIGHUP, by which schedulers, containers and closed terminals end a command, end it as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Windows has no SIGHUP.
NAMES = tuple(name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class EndedError(BaseException):
    """Raised in the main thread when a signal came. As of Ctrl-C, no handler of errors takes it for one."""

    def __init__(self, number: int):
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


@contextmanager
def raised() -> Iterator[None]:
    """Raises `EndedError` in a block when one of the signals comes, so that what the block has begun is cleaned up.

    A second signal has its usual effect, and one that is ignored, as under nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():  # no handlers can be set
        yield
        return
    before = {number: signal.getsignal(number) for number in map(signal.Signals.__getitem__, NAMES)}
    before = {number: handler for number, handler in before.items() if handler is signal.SIG_DFL}

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise EndedError(number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
