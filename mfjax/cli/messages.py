"""The messages of a command: errors and warnings as lines on the standard error stream, and results as JSON."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mfjax.messages import escaped


def print_line(text: str) -> None:
    """Prints a line of a result, with control codes of names escaped.

    Args:
        text: the line.
    """
    print(escaped(text))


@contextmanager
def to_standard_error() -> Iterator[None]:
    """Prints the messages of the logger "mfjax" in a block, each warning once, but those of no other logger."""
    logger = logging.getLogger("mfjax")
    logging.getLogger("absl").disabled = True  # of Orbax and Grain, which raise what matters
    handler = logging.StreamHandler()  # made for each call, since the standard error stream may change in between
    handler.setFormatter(_LowerCaseLevel())
    handler.addFilter(_Once())
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False  # some libraries give the root logger a handler of their own
    level = logger.level  # `only_errors` may change it in the block
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
        logger.setLevel(level)
        logging.getLogger("absl").disabled = False


def only_errors() -> None:
    """Suppresses all messages except errors for the rest of this command."""
    logging.getLogger("mfjax").setLevel(logging.ERROR)


def print_json(told: dict[str, Any]) -> None:
    """Prints a result as JSON.

    Args:
        told: the result, without NaN and infinity, which JSON does not have.
    """
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # names that are not UTF-8, or a stream that holds less
        text = json.dumps(told, indent=1, allow_nan=False)
    print(text)


class _Once:
    """A filter that keeps a warning from being said again, as when a command looks into a folder several times."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns false for a warning that was said before."""
        if record.levelno != logging.WARNING:
            return True
        text = record.getMessage()
        is_new = text not in self._said
        self._said.add(text)
        return is_new


class _LowerCaseLevel(logging.Formatter):
    """The form of messages: `error: …`, `warning: …` and `note: …`, as other commands have it."""

    def format(self, record: logging.LogRecord) -> str:
        kind = "note" if getattr(record, "is_note", False) else record.levelname.lower()
        return f"{kind}: {escaped(record.getMessage())}"
