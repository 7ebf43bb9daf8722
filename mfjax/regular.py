"""Reads whole files, and refuses at once what is no regular file: a pipe or a device may never end."""

from pathlib import Path

from mfjax.errors import MfjaxError


def check(path: Path) -> None:
    """Raises an error if a path names no regular file.

    Args:
        path: the path.

    Raises:
        FileNotFoundError: nothing is there.
        MfjaxError: it is a folder, a pipe, a socket or a device, or no name that a file can have.
    """
    try:
        if path.is_file():
            return
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file")
    except ValueError as error:  # a zero in a name
        raise MfjaxError(f"{path}: is no name of a file ({error})") from error
    kind = "a folder" if path.is_dir() else "a pipe or device"
    raise MfjaxError(f"{path}: is {kind}, not a file; name a file")


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: it is no regular file, or can't be read.
    """
    check(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise MfjaxError(f"{path}: can't be read ({error.strerror})") from error
