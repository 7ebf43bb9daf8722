"""The cache of compiled programs in the user's folder, which a command does without where it can't be used."""

import errno
import logging
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

FOLDER = "JAX_COMPILATION_CACHE_DIR"
CACHE_BYTES = 2**30  # largest size of the cache; a run of training takes a tenth
WRITE_SECONDS = 60  # most seconds that writing a program to the cache takes
LEAST_COMPILE_SECONDS = 0.1  # programs that compile faster are not cached; JAX's default, 1, is too much for fusing

# How JAX's warnings of a program that it could not read or write begin.
FAILED = "Error reading persistent compilation cache", "Error writing persistent compilation cache"

logger = logging.getLogger("mfjax")


def keep() -> str:
    """Makes JAX keep compiled programs in the user's cache folder, unless the environment names another one.

    JAX reads these variables when it is first imported. With a largest size it locks the folder, so that processes can
    share it. Messages of jaxlib are silenced, since on CPUs it reports errors about features of the machine that don't
    matter to cached programs; real errors are raised anyway.

    Returns:
        Why programs are not kept, as a line; empty if they are.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if FOLDER in os.environ:
        return ""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mfjax" / "compiled"
        _check_usable(cache)
    except (OSError, RuntimeError) as error:  # RuntimeError: this user has no home, as in some containers
        reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
        place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        return f"compiled programs are not kept ({place}{reason}), so each start takes longer; {FOLDER} names a folder"
    os.environ[FOLDER] = str(cache)
    os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(CACHE_BYTES))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(LEAST_COMPILE_SECONDS))
    for program in cache.glob("*-cache"):  # JAX fails to read a program whose process ended while writing it
        if not program.with_name(f"{program.name.removesuffix('-cache')}-atime").exists():
            with suppress(OSError):
                if time.time() - program.stat().st_mtime > WRITE_SECONDS:
                    program.unlink()
    return ""


@contextmanager
def failures_said_once() -> Iterator[None]:
    """Logs one line in a block, instead of JAX's warning for each program, if programs can't be read or written."""
    said: list[Warning | str] = []

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not str(message).startswith(FAILED):
            shown(message, category, filename, lineno, file, line)
        elif not said:
            said.append(message)
            reason = str(message).partition("': ")[2] or str(message)
            logger.warning("cache %s: %s; programs are compiled anew", os.environ.get(FOLDER), reason)

    with warnings.catch_warnings():
        shown, warnings.showwarning = warnings.showwarning, show  # which the block's end restores
        yield


def _check_usable(folder: Path) -> None:
    """Raises OSError if files can't be read and made in a folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
