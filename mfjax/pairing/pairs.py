"""A pair of files, and the pairs that were found with all that is to be said of the search."""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mfjax.messages import filtered
from mfjax.pairing.names import natural_key

MOST_LISTED = 5  # most names in one line, since a folder may have thousands

logger = logging.getLogger("mfjax")


class Pair(NamedTuple):
    """The two files of one view, and the name of the pair."""

    name: str
    ir: Path
    vis: Path


@dataclass(frozen=True)
class Matches:
    """Pairs in natural order, and what is to be said of how they were found."""

    pairs: list[Pair]
    lone_ir: list[Path] = field(default_factory=list)
    """Infrared images without a partner."""
    lone_vis: list[Path] = field(default_factory=list)
    """Visible images without a partner."""
    twins: list[list[Path]] = field(default_factory=list)
    """Groups of images whose names are equal, so that no pair can be told."""
    strange: list[Path] = field(default_factory=list)
    """Images of which nothing tells whether they are infrared or visible."""
    notes: list[str] = field(default_factory=list)
    """A line for each guess, and for what was ignored."""

    @property
    def problems(self) -> list[str]:
        """Returns a line for each reason why images are in no pair."""
        lines = [f"several files of one name: {listed(group)}" for group in self.twins]
        if self.lone_ir:
            lines.append(f"no visible image for {listed(self.lone_ir)}")
        if self.lone_vis:
            lines.append(f"no infrared image for {listed(self.lone_vis)}")
        if self.strange:
            lines.append(f"their names don't tell infrared from visible: {listed(self.strange)}")
        return lines


def listed(files: Iterable[Path | str]) -> str:
    """Returns the names of some files on one line: all if they are few, else the first ones and how many more.

    Args:
        files: the files, or their names.
    """
    names = sorted((each if isinstance(each, str) else each.name for each in files), key=natural_key)
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def messages_about(pair: Pair) -> Iterator[None]:
    """Starts every message that is logged in a block with the name of a pair, unless it names one of its files.

    Messages of other threads stay as they are.

    Args:
        pair: the pair that the block is about.
    """
    here = threading.get_ident()

    def prefix(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.thread == here and not text.startswith((str(pair.ir), str(pair.vis))):
            record.msg, record.args = f"{pair.name}: {text}", ()
        return True

    with filtered(prefix):
        yield
