"""Writes files completely or not at all: a reader finds the old content or the new one, never a part of it.

A process that is killed while it writes leaves a temporary file, which the next one that writes to its folder removes:
who writes holds a lock on it, which the system releases when the process ends, however that is.
"""

import os
import uuid
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from io import BufferedWriter
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where temporary files of killed processes stay
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".{}.tmp"  # names of temporary files, with 32 hexadecimal digits

_swept: set[Path] = set()  # folders in which this process has looked for temporary files


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file, or replaces it, in one step.

    Args:
        path: the file; its folder must exist.
        data: the new content.

    Raises:
        OSError: the file can't be written; `OSError.filename` is `path`. Nothing has changed then.
    """
    write_all([(path, data)])


def write_text(path: Path, text: str) -> None:
    """Writes a file in UTF-8, or replaces it, in one step.

    Args:
        path: the file; its folder must exist.
        text: the new content, as of `write_all`.

    Raises:
        OSError: as `write_bytes` does.
    """
    write_all([(path, text)])


def write_all(files: Iterable[tuple[Path, bytes | str]]) -> None:
    """Writes several files, and replaces none of them before all are on the disk.

    Args:
        files: each path and its new content, taken one after the other, so that a generator holds one at a time. Text
            is written in UTF-8; of a name in it that is not UTF-8, strange bytes are shown by numbers.

    Raises:
        OSError: a file can't be written; `OSError.filename` is its path. Where it was found before the first file was
            replaced, as a full disk is, nothing has changed.
    """
    with ExitStack() as temporaries:
        complete = []
        for path, content in files:
            data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
            try:
                _sweep(path.parent)
                file = _new_file(path.parent)
                temporaries.callback(_discard, file)  # still there only if something failed, an interrupt included
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                if fcntl is None:
                    file.close()  # Windows renames no open file
            except OSError as error:
                error.filename = str(path)
                raise
            complete.append((file.name, path))
        for temporary, path in complete:
            try:
                os.replace(temporary, path)
            except OSError as error:  # which names two files
                raise OSError(error.errno, error.strerror, str(path)) from error


def _new_file(folder: Path) -> BufferedWriter:
    """Returns a new temporary file, open and locked, in the folder of its path, since only there a rename is atomic."""
    while True:
        path = folder / TEMPORARY.format(uuid.uuid4().hex)
        file = open(path, "xb")  # noqa: SIM115, opened plainly, so the umask sets its mode
        if fcntl is None:
            return file
        with suppress(OSError):  # some network disks have no locks: `_sweep` then finds none that it could take
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink > 0:
            return file
        file.close()  # another process has swept it away before it was locked


def _sweep(folder: Path) -> None:
    """Removes, once in a process and folder, temporary files of processes that were killed: no lock is held on them."""
    if fcntl is None or folder.absolute() in _swept:
        return
    _swept.add(folder.absolute())
    for path in folder.glob(TEMPORARY.format("[0-9a-f]" * 32)):
        with suppress(OSError), path.open("r+b") as file:  # an OSError also says that another process writes it
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _discard(file: BufferedWriter) -> None:
    with suppress(OSError):  # what could not be written to a full disk can't be at its end either
        file.close()
    with suppress(OSError):
        os.unlink(file.name)
