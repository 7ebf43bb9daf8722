"""The kinds of image files, one a file of the folder `kinds`: how each is recognised, read and written.

A file of that folder is imported by itself; it makes a `FORMAT`. No kind knows another.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from numpy.typing import NDArray

from mfjax.images import kinds
from mfjax.images.metadata import Decoded, Metadata
from mfjax.images.radiometric import Thermal


class Encode(Protocol):
    """Returns the bytes of a file with these pixels."""

    def __call__(self, pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
        """Returns the bytes of a file.

        Args:
            pixels: gray [h, w] or RGB [h, w, 3], of a type that the format holds.
            metadata: what to store with them, as far as the format can.
            quality: 1 to 100; None: the format's default.
        """


def _no_temperatures(data: bytes, page: int | None) -> str:
    return 'does not say the unit of its values; pass unit="celsius" or "kelvin" if they are temperatures'


@dataclass(frozen=True)
class Format:
    """A kind of image files."""

    name: str
    suffixes: tuple[str, ...]
    """The usual suffixes, in lower case."""
    recognises: Callable[[bytes], bool]
    """Returns true if a file's bytes begin as this kind's do."""
    decode: Callable[[bytes, int | None], Decoded]
    """Returns the content of a file's bytes, of the page with this number; None: of its picture."""
    reads: str
    """The pictures that are read, in words, for the documentation."""
    refuses: str
    """The files that are refused, in words."""
    says: str = ""
    """The lines that are logged, in words, besides those of every kind."""
    count_pages: Callable[[bytes], int] = lambda data: 1
    bits: tuple[int, ...] = ()
    """The bits a channel that writing stores."""
    encode: Encode | None = None
    """Writes a file; None if this kind is not written."""
    keeps: tuple[str, ...] = ()
    """The metadata that writing stores: "EXIF", "ICC profile", "dpi"."""
    stores: str = ""
    """Other facts about writing, in words."""
    quality: bool = False
    """True if `encode` heeds a quality."""
    thermal: Callable[[bytes, int | None], Thermal | str] = _no_temperatures
    """Returns the temperatures in a file's bytes, of the page with this number; or why there are none, in words."""
    has_photo: Callable[[bytes], bool] = lambda data: False
    """Returns true if a file's bytes hold temperatures and a photo; decodes neither."""


def _found() -> tuple[Format, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    return tuple(importlib.import_module(f"{kinds.__name__}.{name}").FORMAT for name in names)


ALL = _found()

# The formats that `write` can encode, by suffix, and the bits a channel that each holds.
FORMATS = {suffix: each.bits for each in ALL if each.encode for suffix in each.suffixes}

# The suffixes of files that `read` can be expected to read; what a file is, its first bytes say.
SUFFIXES = tuple(suffix for each in ALL for suffix in each.suffixes)

# Signatures of files that are not read, so that a message can name them: where, what, name.
_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (4, b"ftypavif", "an AVIF file"),
    (4, b"ftyphei", "a HEIC file"),
    (4, b"ftypmif1", "a HEIC file"),
    (0, b"\xff\x0a", "a JPEG XL file"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR file"),
    (0, b"%PDF", "a PDF"),
    (0, b"8BPS", "a Photoshop file"),
    (128, b"DICM", "a DICOM file"),
)


def of_bytes(data: bytes) -> Format | None:
    """Returns the kind that a file's first bytes tell, whatever its name says; None if it is none of ours.

    Args:
        data: the bytes of the file.
    """
    return next((each for each in ALL if each.recognises(data)), None)


def of_suffix(suffix: str) -> Format | None:
    """Returns the kind that is written under a suffix; None if there is none.

    Args:
        suffix: such as ".png".
    """
    return next((each for each in ALL if each.encode and suffix.lower() in each.suffixes), None)


def unknown_suffix(path: Path) -> str:
    """Returns the message that refuses a file's name, whose suffix is not that of a format that is written.

    Args:
        path: the file.
    """
    wrong = f"unknown suffix {path.suffix!r}" if path.suffix else "the name has no suffix, which says the format"
    return f"{path}: {wrong}; use one of {', '.join(FORMATS)}"


def other_name(data: bytes) -> str | None:
    """Returns what a file is that is not read, such as "a GIF"; None if its first bytes are unknown, too.

    Args:
        data: the bytes of the file.
    """
    return next((name for at, mark, name in _OTHERS if data[at : at + len(mark)] == mark), None)
