"""Folders of registered pairs: `ir/NAME` and `vis/NAME`, equal names, equal sizes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError


class PairFiles(NamedTuple):
    """The two files of a pair."""

    ir: Path
    vis: Path


def pair_folder(root: Path) -> list[PairFiles]:
    """The pairs of `root/ir` and `root/vis`, sorted by name. Names match but for their suffix.

    Raises:
        MfjaxError: a folder is missing, there is no pair, a name has no partner, or two files have one name.
    """
    folders = [root / "ir", root / "vis"]
    for folder in folders:
        if not folder.is_dir():
            raise MfjaxError(f"{folder} is not a folder; pairs are read from {root}/ir and {root}/vis")
    ir, vis = (by_stem(folder) for folder in folders)
    unpaired = sorted(ir.keys() ^ vis.keys())
    if unpaired:
        names = ", ".join(unpaired[:5]) + (" …" if len(unpaired) > 5 else "")
        raise MfjaxError(f"{len(unpaired)} images under {root} have no partner of the same name: {names}")
    if not ir:
        raise MfjaxError(f"no images in {folders[0]}")
    return [PairFiles(ir[name], vis[name]) for name in sorted(ir)]


def by_stem(folder: Path) -> dict[str, Path]:
    """The image files of a folder by their name without suffix, sorted.

    Raises:
        MfjaxError: two files have one name.
    """
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in images.FORMATS or file.name.startswith("."):  # macOS leaves some ._NAME
            continue
        if other := found.get(file.stem):
            raise MfjaxError(f"{other} and {file.name} have one name; leave one of them out")
        found[file.stem] = file
    return found


class Pair(NamedTuple):
    """A pair to train on: its name and luma, uint8 `[h, w]` of equal sizes."""

    name: str
    ir: np.ndarray
    vis: np.ndarray


class PairSource(Protocol):
    """Pairs at random access: those of a folder, or of a built data set."""

    @property
    def name(self) -> str:
        """Of the folder or data set."""

    @property
    def names(self) -> Sequence[str]:
        """Of the pairs, unlike one another."""

    @property
    def sizes(self) -> Sequence[tuple[int, int]] | None:
        """Rows and columns of each pair, where they are known without reading it."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Pair: ...

    def stored(self, index: int) -> Pair:
        """A pair as its files hold it, before anything is cut or averaged: its sizes may differ."""


class FilePairs:
    """The pairs of a `PairFolder` as a source."""

    sizes = None

    def __init__(self, folder: "PairFolder"):
        self.name = folder.name
        self.files = folder.files
        self.names = [files.ir.stem for files in folder.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:
        files = self.files[index]
        return Pair(str(files.ir), *read_pair(files))

    def stored(self, index: int) -> Pair:
        """As it is read: nothing is changed."""
        return self[index]


class PairFolder(NamedTuple):
    """A folder of pairs and its name."""

    name: str
    files: list[PairFiles]


def pair_folders(roots: Sequence[Path]) -> list[PairFolder]:
    """The pairs of each of several folders; a folder of such folders counts as all of them."""
    found = []
    for root in roots:
        if not root.is_dir():
            raise MfjaxError(f"{root} is not a folder")
        inner = [d for d in sorted(root.iterdir()) if (d / "ir").is_dir() and (d / "vis").is_dir()]
        folders = [root] if (root / "ir").is_dir() or not inner else inner
        found += [PairFolder(folder.resolve().name, pair_folder(folder)) for folder in folders]
    return found


def read_pair(files: PairFiles) -> tuple[np.ndarray, np.ndarray]:
    """Luma of both images, uint8 `[h, w]`.

    Raises:
        MfjaxError: a file can't be read, or the two sizes differ.
    """
    ir, vis = (images.luma(images.read(file)) for file in files)
    if ir.shape != vis.shape:
        raise MfjaxError(f"{files.ir} is {ir.shape[0]}x{ir.shape[1]} but {files.vis} {vis.shape[0]}x{vis.shape[1]}")
    return ir, vis
