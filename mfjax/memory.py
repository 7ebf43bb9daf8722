"""Says how much memory is free, for every room that must refuse what would not fit."""

import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

CGROUPS, PROCESS = Path("/sys/fs/cgroup"), Path("/proc/self")

# Of both versions of control groups: the files with a group's limit and its use, and the name of what it could drop.
FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def host_memory() -> int | None:
    """Returns the bytes of memory that this process could still take without swapping; None if they are unknown.

    It is what the machine has, or less where a limit leaves less: of a control group, as of a container or a job, or of
    the process's address space (`ulimit -v`). Where only the machine's whole memory is known, as on macOS, it is that.
    """
    amounts = [_available_memory(), left_of_address_space(), *(_left_of_group(*group) for group in _groups())]
    return min((max(0, amount) for amount in amounts if amount is not None), default=None)


def recent_host_memory() -> int | None:
    """Returns `host_memory`, looked up at most once in a tenth of a second: a frame of a video asks several times."""
    return _looked_up(host_memory, int(10 * time.monotonic()))


@functools.lru_cache(1)
def _looked_up(amount: Callable[[], int | None], tick: int) -> int | None:
    """Returns an amount; it is looked up again when `tick` has moved on."""
    return amount()


def left_of_address_space() -> int | None:
    """Returns the bytes that this process's address space may still grow by; None without a limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0] if resource is not None else -1
    pages = _text(PROCESS / "statm").split()
    if limit < 0 or not pages:  # RLIM_INFINITY is -1
        return None
    return limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE")


def _available_memory() -> int | None:
    """Returns the bytes that the machine has available, ignoring all limits; None if they are unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _groups() -> Iterator[tuple[int, Path]]:
    """Yields the version and the folder of each control group that may limit this process: its own and those around."""
    yield 2, CGROUPS  # all that a container sees
    yield 1, CGROUPS / "memory"
    for line in _text(PROCESS / "cgroup").splitlines():  # 0::/job/step in version 2, 4:memory:/job/step in version 1
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        version, root = (1, CGROUPS / "memory") if controllers else (2, CGROUPS)
        parts = [part for part in path.split("/") if part not in ("", "..")]
        yield from ((version, root.joinpath(*parts[:count])) for count in range(1, len(parts) + 1))


def _left_of_group(version: int, folder: Path) -> int | None:
    """Returns the bytes that the processes of a control group may still take; None without a limit."""
    limit, used, droppable = FILES[version]
    most = _text(folder / limit).strip()
    if not most.isdecimal():
        return None
    kept = int(_text(folder / used).strip() or 0)
    lines = (line.split() for line in _text(folder / "memory.stat").splitlines())
    return int(most) - max(0, kept - next((int(number) for name, number in lines if name == droppable), 0))


def _text(path: Path) -> str:
    """Returns the content of a file, empty if there is no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""
