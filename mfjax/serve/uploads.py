"""Files that a page has sent: in memory, and for the moment in which they are read in a temporary folder."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["ir", "vis"]
KINDS: tuple[Kind, ...] = ("ir", "vis")

PREFIX = "mfjax-serve-"
LONGEST_NAME = 120  # bytes, far below what file systems take

_UNWANTED = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_FOLDER = re.compile(rf"\S*{PREFIX}\w+[/\\](?:(?:ir|vis)[/\\])?")


@dataclass(frozen=True)
class Upload:
    """A file's content, and its name without folders."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {len(self.data):,} bytes)"


def safe_name(name: str, kind: Kind) -> str:
    """Returns a name that every file system takes, and that is in no other folder.

    Args:
        name: the name that the page gives the file.
        kind: the kind of the image, which is its name if nothing is left.
    """
    name = _UNWANTED.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    if len(name.encode()) > LONGEST_NAME:  # the end is the more telling part: a number and a suffix
        name = name.encode()[-LONGEST_NAME:].decode(errors="ignore").strip(" .")
    return name or kind


@contextmanager
def laid_out(ir: Upload | None = None, vis: Upload | None = None) -> Iterator[tuple[Path, Path]]:
    """Writes files to a temporary folder, which is gone with the block, since the readers take files.

    Args:
        ir: the infrared file, if there is one.
        vis: the visible file, likewise.

    Yields:
        The infrared and the visible file; one twice if there is no other.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        paths = []
        for kind, upload in zip(KINDS, (ir, vis), strict=True):
            if upload is not None:
                path = Path(folder, kind, upload.name)
                path.parent.mkdir()
                path.write_bytes(upload.data)
                paths.append(path)
        yield paths[0], paths[-1]


def shortened(text: str) -> str:
    """Returns a message that names files as the page knows them, without the temporary folder.

    Args:
        text: the message.
    """
    return _FOLDER.sub("", text)
