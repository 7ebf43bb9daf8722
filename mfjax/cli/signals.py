"""SIGTERM and SIGHUP, by which schedulers, containers and closed terminals end a command, end it as Ctrl-C does."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = "SIGTERM", "SIGHUP", "SIGINT"  # Windows has no SIGHUP
AGAIN = 0.05  # seconds after which a signal that came at a bad moment is sent again


class EndedError(BaseException):
    """Raised in the main thread when a signal came. As of Ctrl-C, no handler of errors takes it for one."""

    def __init__(self, number: int):
        super().__init__("interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}")
        self.number = number


@contextmanager
def raised() -> Iterator[None]:
    """Raises `EndedError` in a block when one of the signals comes, so that what the block has begun is cleaned up.

    A second signal has its usual effect, and one that is ignored, as under nohup, stays ignored. A module that is being
    imported is waited for, since libraries may crash if their import is broken off, and an error that a callback of a
    library has swallowed is raised again.
    """
    if threading.current_thread() is not threading.main_thread():  # no handlers can be set
        yield
        return
    usual = signal.SIG_DFL, signal.default_int_handler
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) in usual}
    hook = sys.unraisablehook

    def end(number: int, frame: FrameType | None) -> None:
        if _imports(frame):
            _send_again(number)
            return
        for each, handler in before.items():
            signal.signal(each, handler)
        raise EndedError(number)

    def raise_again(met: "sys.UnraisableHookArgs") -> None:
        if not isinstance(met.exc_value, EndedError):
            hook(met)
            return
        for number in before:
            signal.signal(number, end)
        _send_again(met.exc_value.number)

    sys.unraisablehook = raise_again
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _imports(frame: FrameType | None) -> bool:
    """Returns true if a module is being imported where a signal came."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    timer = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()
