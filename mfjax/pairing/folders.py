"""The image files of folders, and what else lies there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.pairing.names import Name, natural_key
from mfjax.pairing.pairs import listed
from mfjax.pairing.tags import INFRARED, VISIBLE

UNSAID = ("thumbs.db", "desktop.ini")  # files that Windows makes; those of other systems are hidden by a dot


class NoImagesError(MfjaxError):
    """The error of a folder without images."""


@dataclass(frozen=True)
class File(Name):
    """An image file, with its name below the folder that was searched."""

    path: Path


@dataclass(frozen=True)
class Content:
    """The content of a folder."""

    files: list[File]
    """The image files, known by their suffix, in natural order."""
    note: str | None
    """A line about what was ignored; None if nothing was."""


def read_folder(folder: Path, *, recursive: bool = False, hint: str = "") -> Content:
    """Returns the image files of a folder and a line about what was ignored; hidden files are passed over in silence.

    Args:
        folder: the folder.
        recursive: also take the files of its sub-folders, whose names then begin with those of the folders.
        hint: what messages add about ignored folders.

    Raises:
        NoImagesError: there are no images in it.
    """
    files: list[File] = []
    others: list[str] = []
    folders: list[str] = []
    for path in _entries(folder, recursive=recursive):
        name = path.relative_to(folder)
        if path.is_dir():
            folders.append(name.as_posix())
        elif path.suffix.lower() in images.SUFFIXES:
            files.append(File(name.with_suffix("").as_posix(), path))
        else:
            others.append(name.as_posix())
    ignored = [f"{_counted(others, 'file')} of other formats ({listed(others)})"] if others else []
    ignored += [f"{_counted(folders, 'folder')} ({listed(folders)}{hint})"] if folders else []
    if not files:
        there = f", only {' and '.join(ignored)}" if ignored else ""
        raise NoImagesError(f"{folder} has no images ({', '.join(images.SUFFIXES)}){there}")
    files.sort(key=lambda file: natural_key(file.path.relative_to(folder).as_posix()))
    return Content(files, f"{folder}: ignored {' and '.join(ignored)}" if ignored else None)


def sides(root: Path) -> tuple[Path, Path] | None:
    """Returns the folders of infrared and of visible images in a folder, known by their names; None if it has none.

    Args:
        root: the folder. `ir` and `vis` in it are taken before others, such as "thermal" and "rgb".

    Raises:
        MfjaxError: several folders could be either.
    """
    if (root / "ir").is_dir() and (root / "vis").is_dir():
        return root / "ir", root / "vis"
    found: tuple[list[Path], list[Path]] = ([], [])
    for path in _entries(root, recursive=False):
        if path.is_dir():
            words = set(Name(path.name).words)
            is_ir, is_vis = bool(words & INFRARED), bool(words & VISIBLE)
            if is_ir != is_vis:
                found[is_vis].append(path)
    if not all(found):
        return None
    if max(map(len, found)) > 1:
        raise MfjaxError(
            f"{root} has several folders of one kind of images ({listed(found[0] + found[1])}); name two of them"
        )
    return found[0][0], found[1][0]


def beside(root: Path, taken: tuple[Path, Path]) -> str | None:
    """Returns a line about what a folder has beside the two folders whose images are paired; None if that is nothing.

    Args:
        root: the folder.
        taken: the folders of infrared and of visible images in it, as `sides` returns them.
    """
    others = [path.name for path in _entries(root, recursive=False) if path not in taken]
    return (
        f"{root}: pairs are those of {taken[0].name} and {taken[1].name}, not of {listed(others)}" if others else None
    )


def _entries(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Yields the files and folders in a folder, or with `recursive` the files below it, but none that is hidden."""
    if not recursive:
        yield from (path for path in sorted(folder.iterdir()) if not _is_hidden(path.name))
        return
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        yield from (Path(parent, name) for name in sorted(files) if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in UNSAID


def _counted(names: list[str], kind: str) -> str:
    return f"{len(names)} {kind}{'s' if len(names) > 1 else ''}"
