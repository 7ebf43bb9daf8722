"""The queue: requests are worked on one after the other, by one thread, and know how many are before them."""

import math
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from mfjax.errors import MfjaxError
from mfjax.messages import collected, one_line

State = Literal["waiting", "working", "done", "failed"]

IDLE = 2.0  # seconds between looks at what is too old


class FullError(MfjaxError):
    """The error of a queue in which too many wait."""


class StoppedError(MfjaxError):
    """The error of work that took too long or that nobody wants any more."""


@dataclass
class Job:
    """A request, from its arrival to its result."""

    task: Any
    """The request, for the work to understand."""
    state: State = "waiting"
    stage: str = "starting"
    """The part of the work that is being done, in words."""
    share: float = 0.0
    """The share of the stage that is done."""
    notes: list[str] = field(default_factory=list)
    """The messages of the library."""
    error: str = ""
    """The one line that says why it failed."""
    result: Any = None
    seconds: float = 0.0
    """The time that the work took."""
    asked: float = field(default_factory=time.monotonic)
    """When somebody last asked for it."""
    found: Any = None
    """Something that the work has found before it ended or failed."""
    stopped: bool = False
    """True: nobody wants it any more."""
    begun: float = 0.0
    allowed: float = math.inf
    """The most seconds of work on it."""

    def ask(self) -> None:
        """Notes that somebody asks for it, so that it is not dropped."""
        self.asked = time.monotonic()

    def check(self) -> None:
        """Raises an error if the work is not to go on.

        Raises:
            StoppedError: it was stopped, or took too long.
        """
        if self.stopped:
            raise StoppedError("stopped")
        if time.monotonic() - self.begun > self.allowed:
            raise StoppedError(
                f"it took more than {self.allowed:g} s, the most on this page; ask for a smaller size or a faster "
                "model, or use mfjax fuse"
            )


class Queue:
    """Works on jobs in the order of their arrival.

    Args:
        work: does a job and returns its result; it may raise errors that a user can cause, and calls `Job.check` often.
        waiting: the most jobs that wait.
        seconds: the most seconds of work on a job.
        asked_seconds: how long a job waits of which nobody asks how it is.
        done: is called after each job.
        idle: is called every few seconds.
    """

    def __init__(
        self,
        work: Callable[[Job], Any],
        *,
        waiting: int,
        seconds: float,
        asked_seconds: float,
        done: Callable[[Job], None] = lambda job: None,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._work, self._done, self._idle = work, done, idle
        self._most, self._seconds, self._asked_seconds = waiting, seconds, asked_seconds
        self._waiting: list[Job] = []
        self._working: Job | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="mfjax serve", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self, wait: float = 10.0) -> None:
        """Stops all work, and waits for the thread to end.

        Args:
            wait: the most seconds to wait; a program that is being compiled can't be broken off.
        """
        with self._changed:
            self._ended = True
            for job in (*self._waiting, *([self._working] if self._working else [])):
                job.stopped = True
            self._changed.notify_all()
        self._thread.join(wait)

    def add(self, job: Job) -> None:
        """Adds a job at the end.

        Args:
            job: the job.

        Raises:
            FullError: too many wait already.
        """
        with self._changed:
            self._drop_unasked()
            if len(self._waiting) >= self._most:
                raise FullError(f"{len(self._waiting)} requests wait already, which is the most; try again in a minute")
            self._waiting.append(job)
            self._changed.notify_all()

    def before(self, job: Job) -> int:
        """Returns how many jobs come before a waiting one, that in work included.

        Args:
            job: the job.
        """
        with self._changed:
            self._drop_unasked()
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._working is not None)

    def stop(self, job: Job) -> None:
        """Takes a job out of the queue, or ends the work on it at its next `Job.check`.

        Args:
            job: the job.
        """
        with self._changed:
            job.stopped = True
            if job in self._waiting:
                self._waiting.remove(job)
                job.state, job.error = "failed", "stopped"

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._ended:
                    self._changed.wait(IDLE)
                if self._ended:
                    return
                self._drop_unasked()
                self._working = job = self._waiting.pop(0) if self._waiting else None
            self._idle()
            if job is not None:
                self._do(job)
                job = None
                with self._changed:
                    self._working = None

    def _do(self, job: Job) -> None:
        job.begun, job.allowed = time.monotonic(), self._seconds
        job.state = "working"
        with collected() as notes:
            try:
                job.notes = notes
                result = self._work(job)
            except (MfjaxError, OSError, MemoryError, FloatingPointError) as error:
                job.error = one_line(error)
            except Exception as error:  # a mistake in the code must not end the thread
                traceback.print_exc()
                job.error = f"a mistake of the program ({type(error).__name__}); the terminal of mfjax serve says more"
            else:
                job.result = result
        job.seconds = time.monotonic() - job.begun
        job.task = None  # the sources are not needed any more
        self._done(job)
        job.state = "failed" if job.error else "done"

    def _drop_unasked(self) -> None:
        """Drops waiting jobs whose pages were closed."""
        now = time.monotonic()
        for job in [each for each in self._waiting if now - each.asked > self._asked_seconds]:
            self._waiting.remove(job)
            job.state, job.error = "failed", "dropped, since its page was closed"
