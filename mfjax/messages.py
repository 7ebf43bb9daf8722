"""The messages that this package logs and raises: collecting or silencing them, and showing them in one line."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mfjax import memory
from mfjax.errors import MfjaxError

logger = logging.getLogger("mfjax")

# `extra` of a message of what was found or chosen, as it should be: commands print "note:", and a program that sets up
# no logging still shows it, which it would not if it were of a lower level.
NOTE = {"is_note": True}

_changing = threading.Lock()  # held while the logger's filters are replaced

# What moves a terminal's cursor, changes its colours or the order of letters, or ends a line; and bytes of names that
# are no UTF-8.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """Returns a text as a terminal can show it in one line: line breaks and control codes, as a name may have, escaped.

    Args:
        text: the text.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def one_line(error: BaseException) -> str:
    """Returns an error's message without line breaks, or the name of its class if it has none.

    Args:
        error: the error. Line breaks of errors that name files may be those of names, which are shown where they are
            printed.
    """
    text = str(error)
    if isinstance(error, MemoryError) and text in ("", "std::bad_alloc"):
        free = memory.host_memory()
        left = "" if free is None else f"; {free / 1e9:,.1f} GB are free"
        return f"memory ran out{left}: end other programs, raise the limit, or ask for a smaller size or --tile"
    return (text if isinstance(error, MfjaxError | OSError) else " ".join(text.split())) or type(error).__name__


@contextmanager
def filtered(take: Callable[[logging.LogRecord], bool], *, first: bool = False) -> Iterator[None]:
    """Lets a function see, and change or refuse, each message that is logged in a block, by any thread.

    Args:
        take: it returns false for a message that is not to be logged.
        first: it comes before the functions of blocks around this one, in place of after them.
    """
    # The list of filters is replaced, never changed, since another thread may be going through it.
    with _changing:
        logger.filters = [take, *logger.filters] if first else [*logger.filters, take]
    try:
        yield
    finally:
        with _changing:
            logger.filters = [each for each in logger.filters if each is not take]


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collects the messages of a block, in place of their being logged; those of other threads are logged as ever.

    Of nested blocks, the inner one has the messages.
    """
    here = threading.get_ident()
    found: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        if record.thread != here:
            return True
        found.append(record.getMessage())
        return False

    with filtered(take, first=True):
        yield found


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps the messages of a block from being logged, but not those of other threads."""
    with collected():
        yield
