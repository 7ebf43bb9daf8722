"""Silences the messages that this package logs."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("mfjax")


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps the messages of a block from being logged, but not those of other threads."""
    here = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger.addFilter(of_others)
    try:
        yield
    finally:
        logger.removeFilter(of_others)
