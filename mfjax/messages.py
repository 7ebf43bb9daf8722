"""Silences the messages that this package logs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("mfjax")


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps the messages of a block from being logged."""

    def none(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(none)
    try:
        yield
    finally:
        logger.removeFilter(none)
