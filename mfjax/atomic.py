"""Writes files completely or not at all: a reader finds the old content or the new one, never a part of it."""

import os
import uuid
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file, or replaces it, in one step.

    Args:
        path: the file; its folder must exist.
        data: the new content.

    Raises:
        OSError: the file can't be written; `OSError.filename` is `path`. Nothing has changed then.
    """
    write_all([(path, data)])


def write_all(files: Iterable[tuple[Path, bytes]]) -> None:
    """Writes several files, and replaces none of them before all are on the disk.

    Args:
        files: each path and its new content, taken one after the other, so that a generator holds one at a time.

    Raises:
        OSError: a file can't be written; `OSError.filename` is its path. Where it was found before the first file was
            replaced, as a full disk is, nothing has changed.
    """
    with ExitStack() as temporaries:
        complete = []
        for path, data in files:
            # In the same folder, since only there a rename is atomic.
            temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
            temporaries.callback(_remove, temporary)  # still there only if something failed, an interrupt included
            try:
                _write(temporary, data)
            except OSError as error:
                error.filename = str(path)
                raise
            complete.append((temporary, path))
        for temporary, path in complete:
            try:
                os.replace(temporary, path)
            except OSError as error:
                error.filename, error.filename2 = str(path), None
                raise


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:  # opened plainly, so the umask sets its mode
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
