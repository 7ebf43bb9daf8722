"""How the command says what went wrong, a line each on the standard error stream, and what it did."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
    level = logger.level  # which `only_errors` changes
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
        logger.setLevel(level)


def only_errors() -> None:
    """Has the rest of this command say nothing on the standard error stream but errors."""
    logging.getLogger("mfjax").setLevel(logging.ERROR)


def print_json(told: dict[str, Any]) -> None:
    """Prints a result as JSON; numbers that JSON does not have, NaN and infinity, must be None or words before."""
    print(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False))


class _LowerCaseLevel(logging.Formatter):
    """`error: …` and `warning: …`, as other commands say it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"
