"""Work ahead: an iterator that runs in a thread of its own, so that reading, fusing and writing overlap."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

POLL = 0.2  # seconds after which a waiting thread looks whether it is to end


class Ahead(Generic[T]):
    """An iterator whose items are made in a thread, some of them before they are asked for.

    Args:
        items: the iterator; it is closed in that thread.
        depth: the most items that wait.
    """

    def __init__(self, items: Iterator[T], depth: int = 2) -> None:
        self._made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> "Ahead[T]":
        return self

    def __next__(self) -> T:
        while True:
            if self._closed.is_set():
                raise StopIteration
            try:
                item, error = self._made.get(timeout=POLL)  # with a limit, so that Ctrl-C is heard on all systems
                break
            except queue.Empty:
                continue
        if error is not None:
            self._closed.set()
            if isinstance(error, StopIteration):
                raise StopIteration
            raise error
        return item  # type: ignore[return-value]

    def close(self) -> None:
        """Ends the thread and waits for it."""
        self._closed.set()
        self._thread.join()

    def _run(self, items: Iterator[T]) -> None:
        end: BaseException = StopIteration()
        try:
            for item in items:
                if not self._put((item, None)):
                    return
        except BaseException as error:  # whatever it is, it is raised where the items are taken
            end = error
        finally:
            if close := getattr(items, "close", None):
                close()
            self._put((None, end))

    def _put(self, made: tuple[T | None, BaseException | None]) -> bool:
        """Waits until there is room; false if nobody takes items any more."""
        while not self._closed.is_set():
            try:
                self._made.put(made, timeout=POLL)
                return True
            except queue.Full:
                continue
        return False
