"""Reads whole files, and refuses at once what is no regular file: a pipe or a device may never end."""

from pathlib import Path

from mfjax.errors import MfjaxError


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: it is a folder, a pipe, a socket or a device, or can't be read.
    """
    try:
        if not path.is_file() and path.exists():
            kind = "a folder" if path.is_dir() else "a pipe or device"
            raise MfjaxError(f"{path}: is {kind}, not a file; name a file")
        return path.read_bytes()
    except MfjaxError:
        raise
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise MfjaxError(f"{path}: can't be read ({error.strerror})") from error
    except ValueError as error:  # a zero in a name
        raise MfjaxError(f"{path}: is no name of a file ({error})") from error
