"""The messages of a command: errors and warnings as lines on the standard error stream, and results as JSON."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mfjax.errors import MfjaxError
from mfjax.messages import escaped


def one_line(error: BaseException) -> str:
    """Returns an error's message without line breaks, or the name of its class if it has none.

    Args:
        error: the error. Line breaks of errors that name files may be those of names, which are shown where they are
            printed.
    """
    text = str(error)
    return (text if isinstance(error, MfjaxError | OSError) else " ".join(text.split())) or type(error).__name__


def print_line(text: str) -> None:
    """Prints a line of a result, with control codes of names escaped.

    Args:
        text: the line.
    """
    print(escaped(text))


@contextmanager
def to_standard_error() -> Iterator[None]:
    """Prints the messages of the logger "mfjax" in a block, but those of no other logger."""
    logger = logging.getLogger("mfjax")
    handler = logging.StreamHandler()  # made for each call, since the standard error stream may change in between
    handler.setFormatter(_LowerCaseLevel())
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False  # some libraries give the root logger a handler of their own
    level = logger.level  # `only_errors` may change it in the block
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
        logger.setLevel(level)


def only_errors() -> None:
    """Suppresses all messages except errors for the rest of this command."""
    logging.getLogger("mfjax").setLevel(logging.ERROR)


def print_json(told: dict[str, Any]) -> None:
    """Prints a result as JSON.

    Args:
        told: the result, without NaN and infinity, which JSON does not have.
    """
    print(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False))


class _LowerCaseLevel(logging.Formatter):
    """The form of messages: `error: …` and `warning: …`, as other commands have it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {escaped(record.getMessage())}"
