"""Things kept in memory for a short time, bounded in number and bytes."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Kept(Generic[T]):
    item: T
    size: int
    used: float


class Store(Generic[T]):
    """Keeps things by keys that can't be guessed, and forgets first what was not used for longest.

    Args:
        count: the most things.
        size: the most bytes.
        seconds: how long a thing is kept after its last use.
        clock: returns the time in seconds.
    """

    def __init__(self, count: int, size: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._size, self._seconds, self._clock = count, size, seconds, clock
        self._kept: OrderedDict[str, _Kept[T]] = OrderedDict()  # the one used last is the last
        self._lock = threading.Lock()

    def put(self, item: T, size: int = 0) -> str:
        """Keeps a thing and returns its key.

        Args:
            item: the thing.
            size: its bytes.
        """
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[key] = _Kept(item, size, self._clock())
            self._forget()
        return key

    def get(self, key: str) -> T | None:
        """Returns a thing, which counts as its use; None if it is not kept any more.

        Args:
            key: its key.
        """
        with self._lock:
            self._forget()
            if (found := self._kept.get(key)) is None:
                return None
            found.used = self._clock()
            self._kept.move_to_end(key)
            return found.item

    def grow(self, key: str, size: int) -> None:
        """Sets the bytes of a thing that has become larger, such as a request by its result.

        Args:
            key: its key.
            size: its bytes now.
        """
        with self._lock:
            if key in self._kept:
                self._kept[key].size = size
            self._forget()

    def drop(self, key: str) -> T | None:
        """Forgets a thing, and returns it; None if it is not kept any more.

        Args:
            key: its key.
        """
        with self._lock:
            found = self._kept.pop(key, None)
            return None if found is None else found.item

    def sweep(self) -> None:
        """Forgets what is too old."""
        with self._lock:
            self._forget()

    def __len__(self) -> int:
        return len(self._kept)

    def _forget(self) -> None:
        """Forgets what is too old, and the oldest things while there are too many; the newest one stays."""
        now = self._clock()
        while self._kept:
            key, oldest = next(iter(self._kept.items()))
            size = sum(each.size for each in self._kept.values())
            too_many = len(self._kept) > 1 and (len(self._kept) > self._count or size > self._size)
            if not too_many and now - oldest.used <= self._seconds:
                return
            del self._kept[key]
