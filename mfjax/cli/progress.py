"""Progress of long work: a bar where a terminal is watched, and a line now and then where output is piped."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

EVERY = 30.0  # seconds between lines


def shown(items: Iterable[T], total: int, *, unit: str, quiet: bool = False) -> Iterator[T]:
    """Yields the items, and shows on the standard error stream how many are done.

    Args:
        items: the items.
        total: their number.
        unit: what one of them is, in the plural, such as "views".
        quiet: show nothing.
    """
    if quiet or sys.stderr.isatty():
        yield from tqdm(items, total=total, unit=f" {unit}", disable=quiet)
        return
    start = told = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - told > EVERY and done < total:
            told = now
            left = (now - start) / done * (total - done)
            print(f"{done} of {total} {unit}, about {left / 60:.0f} min left", file=sys.stderr, flush=True)
