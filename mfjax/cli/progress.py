"""Progress of long work: a bar on a terminal, and elsewhere a line every half minute."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

EVERY = 30.0  # seconds between lines


def shown(items: Iterable[T], total: int, *, name: str, unit: str, quiet: bool = False) -> Iterator[T]:
    """Yields the items, and shows how many are done.

    Args:
        items: the items.
        total: their number.
        name: what is made.
        unit: the name of one of them.
        quiet: show nothing.
    """
    progress = Progress(name, total, unit, quiet=quiet)
    try:
        for item in items:
            yield item
            progress.step()
    finally:
        progress.close()


class Progress:
    """Shows how far some work is, with its rate and the time left.

    Args:
        name: what is made.
        total: how many steps there are; None if that is not known.
        unit: the name of a step.
        done: the steps that were done before.
        quiet: show nothing.
    """

    def __init__(self, name: str, total: int | None, unit: str, *, done: int = 0, quiet: bool = False) -> None:
        self._name, self._total, self._unit, self._quiet = name, total, unit, quiet
        self._before = self._done = done
        self._begin = self._said = time.monotonic()
        terminal = sys.stderr.isatty() and not quiet
        self._bar = tqdm(total=total, unit=unit, initial=done, leave=False) if terminal else None

    def step(self) -> None:
        """Counts one more step."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif not self._quiet and time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            print(f"{self._name}: {self._words()}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.close()

    @property
    def rate(self) -> float:
        """Returns the steps of a second so far."""
        return (self._done - self._before) / max(time.monotonic() - self._begin, 1e-9)

    def _words(self) -> str:
        many = f"{self._done} of about {self._total}" if self._total else str(self._done)
        text = f"{many} {self._unit}s, {self.rate:.1f} {self._unit}s/s"
        if self._total and self.rate > 0:
            left = max(self._total - self._done, 0) / self.rate
            text += f", {left / 60:.0f} min left" if left >= 120 else f", {left:.0f} s left"
        return text
