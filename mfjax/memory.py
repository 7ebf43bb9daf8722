"""Says how much memory is free, for every room that must refuse what would not fit."""

import os
from pathlib import Path


def host_memory() -> int | None:
    """Returns the bytes of memory that this process could still take without swapping; None if they are unknown.

    Where only the machine's whole memory is known, as on macOS, it is that; in a container at most its limit.
    """
    limit = _first_line(Path("/sys/fs/cgroup/memory.max"))
    amounts = [_available_memory(), int(limit) if limit.isdecimal() else None]
    return min((amount for amount in amounts if amount is not None), default=None)


def _available_memory() -> int | None:
    """Returns the bytes that the machine has available, ignoring a container's limit; None if they are unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _first_line(path: Path) -> str:
    """Returns the first line of a file, empty if there is no such file."""
    try:
        return path.read_text().partition("\n")[0]
    except OSError:
        return ""
