"""The files that a fused video is written to, none of which may be one that a source reads."""

import re
from collections.abc import Iterator
from pathlib import Path

from mfjax.errors import MfjaxError
from mfjax.inference.checks import identity
from mfjax.video.frames import Source
from mfjax.video.numbering import pattern_of
from mfjax.video.sequences import NUMBER

CONTAINERS = (".mp4", ".mov", ".mkv")


def is_video_file(out: Path) -> bool:
    """Returns true for the name of a video file, and false for that of images.

    Args:
        out: what a video is written to.
    """
    return out.suffix.lower() in CONTAINERS


def hidden_name(out: Path) -> Path:
    """Returns the name of a video file while no player can show anything of it.

    Args:
        out: the file.
    """
    return out.with_name(f".{out.stem}.part{out.suffix}")


def check_spared(out: Path, *sources: Source) -> None:
    """Raises MfjaxError if a file of a source would be overwritten.

    Args:
        out: a video file, or a folder or a pattern of images.
        sources: the sources, whose `paths`, if they have some, are the files that they read.
    """
    read = {identity(path) for source in sources for path in getattr(source, "paths", ()) if path.exists()}
    if not read:
        return
    for path in (out, hidden_name(out)) if is_video_file(out) else _images(pattern_of(out)):
        if path.exists() and identity(path) in read:
            raise MfjaxError(f"{path} is a source and would be overwritten; choose another output")


def _images(pattern: Path) -> Iterator[Path]:
    """Yields the files of a folder that images of a pattern would replace, whatever their number.

    Case is ignored here, and whether it matters is left to the disk.
    """
    if not pattern.parent.is_dir():
        return
    number = NUMBER.search(pattern.name)
    assert number is not None  # it is a pattern
    before, after = (re.escape(part) for part in (pattern.name[: number.start()], pattern.name[number.end() :]))
    name = re.compile(f"{before}([0-9]+){after}", re.IGNORECASE)
    for each in pattern.parent.iterdir():
        if (found := name.fullmatch(each.name)) is not None:
            yield pattern.with_name(pattern.name % int(found[1]))
