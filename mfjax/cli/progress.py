"""Progress of long work: a bar on a terminal, and elsewhere a line every half minute."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

EVERY = 30.0  # seconds between lines, and those of an image from which on it is announced
SURE = 1.0  # seconds of work on an image from which its time is estimated


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

    def step(self, steps: int = 1) -> None:
        """Counts steps.

        Args:
            steps: how many were done since the call before.
        """
        self._done += steps
        if self._bar is not None:
            self._bar.update(steps)
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
            text += f", {_time(left)} left"
        return text


class WithinImages:
    """Shows how far the image in work is, if it takes long: call it with the image's size and the share that is done.

    An image that will take more than half a minute is announced with its size and time, as soon as its second part
    tells that. Then a bar moves on a terminal, and elsewhere a line comes every half minute.

    Args:
        name: what is made.
        quiet: show nothing.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self.name, self._quiet = name, quiet
        self._first: tuple[float, float] | None = None  # when the first part was done, and its share
        self._said = 0.0
        self._bar: tqdm | None = None

    def __call__(self, size: tuple[int, int], share: float) -> None:
        """Shows how far an image is.

        Args:
            size: its (height, width).
            share: the share of the work that is done; 0 begins an image, and 1 ends it.
        """
        now = time.monotonic()
        if share == 0:
            self._first, self._said = None, 0.0
        if share >= 1 and self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._quiet or not 0 < share < 1:
            return
        if self._first is None:  # its programs were compiled, which tells nothing of the others
            self._first = now, share
            return
        since, before = self._first
        if share <= before or now - since < SURE:
            return
        expected = (now - since) / (share - before)
        if self._said == 0 and expected > EVERY:
            self._said = now
            self._say(f"{self.name}: {size[0]}x{size[1]} pixels, which will take about {_time(expected)}")
            if sys.stderr.isatty():
                form = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
                self._bar = tqdm(total=1.0, desc=self.name, bar_format=form, leave=False)
        elif self._said and now - self._said >= EVERY and self._bar is None:
            self._said = now
            self._say(f"{self.name}: {share:.0%} done, about {_time(expected * (1 - share))} left")
        if self._bar is not None:
            self._bar.update(share - self._bar.n)

    def _say(self, line: str) -> None:
        tqdm.write(line, file=sys.stderr)
        sys.stderr.flush()


def _time(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
