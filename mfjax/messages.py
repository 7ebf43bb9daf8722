"""The messages that this package logs: silencing them, and showing them in a terminal."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("mfjax")

# What moves a terminal's cursor, changes its colours or the order of letters, or ends a line; and bytes of names that
# are no UTF-8.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """Returns a text as a terminal can show it in one line: line breaks and control codes, as a name may have, escaped.

    Args:
        text: the text.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


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
