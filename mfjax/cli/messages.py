"""How the command says what went wrong: a line each, on the standard error stream."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


def one_line(error: BaseException) -> str:
    """An error's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def to_standard_error() -> Iterator[None]:
    """Prints what is logged by the logger "mfjax" in a block, and nothing but that."""
    logger = logging.getLogger("mfjax")
    handler = logging.StreamHandler()  # of this call: the standard error stream may be another by the next
    handler.setFormatter(_LowerCaseLevel())
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False  # some libraries give the root logger a handler of their own
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


class _LowerCaseLevel(logging.Formatter):
    """`error: …` and `warning: …`, as other commands say it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"
