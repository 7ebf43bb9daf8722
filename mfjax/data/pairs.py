"""Folders of registered pairs, such as `ir/NAME` and `vis/NAME`, with equal sizes."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.inference.sources import infrared_luma
from mfjax.messages import NOTE, quietly
from mfjax.pairing import find_pairs

logger = logging.getLogger("mfjax")


class PairFiles(NamedTuple):
    """The two files of a pair."""

    ir: Path
    vis: Path


def pairs_in(root: Path) -> list[PairFiles]:
    """Returns the pairs of a folder, as `find_pairs` finds them, in the order of the infrared files' names.

    Guesses and ignored files are logged.

    Args:
        root: a folder with the folders `ir` and `vis`, or another one of which `find_pairs` finds the pairs.

    Raises:
        MfjaxError: there is no pair, or an image has no partner.
    """
    found = find_pairs(root)
    for note in found.notes:
        logger.warning("%s", note)
    if found.problems:
        raise MfjaxError(f"not all images in {root} are in pairs: {'; '.join(found.problems)}")
    return sorted((PairFiles(pair.ir, pair.vis) for pair in found.pairs), key=lambda files: files.ir.stem)


def by_stem(folder: Path) -> dict[str, Path]:
    """Returns the image files of a folder by their name without suffix, sorted.

    Args:
        folder: the folder; its subfolders are not searched.

    Raises:
        MfjaxError: two files have one name.
    """
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in images.SUFFIXES or file.name.startswith("."):  # macOS leaves some ._NAME
            continue
        if other := found.get(file.stem):
            raise MfjaxError(f"{other} and {file.name} have one name; leave one of them out")
        found[file.stem] = file
    return found


class LumaPair(NamedTuple):
    """A registered pair to train on: its name, and the luma of both images, uint8 `[h, w]`."""

    name: str
    ir: np.ndarray
    vis: np.ndarray


class PairSource(Protocol):
    """Pairs at random access, from a folder or from a built data set; their two images have equal sizes."""

    @property
    def name(self) -> str:
        """Returns the name of the folder or data set."""

    @property
    def names(self) -> Sequence[str]:
        """Returns the names of the pairs, all different."""

    @property
    def sizes(self) -> Sequence[tuple[int, int]] | None:
        """Returns the rows and columns of each pair, or None if they are not known without reading the images."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> LumaPair: ...

    def stored(self, index: int) -> LumaPair:
        """Returns a pair as its files hold it, before anything is cut or averaged: its two sizes may differ.

        Args:
            index: number of the pair.
        """


class FilePairs:
    """The pairs of a folder as a source.

    Args:
        name: name of the folder.
        files: the files of its pairs.
    """

    sizes = None

    def __init__(self, name: str, files: list[PairFiles]):
        self.name = name
        self.files = files
        self.names = [each.ir.stem for each in files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> LumaPair:
        files = self.files[index]
        return LumaPair(str(files.ir), *read_pair(files))

    def stored(self, index: int) -> LumaPair:
        """Returns a pair as it is read: nothing is changed."""
        return self[index]


def find_sources(roots: Sequence[Path]) -> list[FilePairs]:
    """Returns a source for each folder of pairs.

    Args:
        roots: folders with `ir` and `vis` in them, or folders of such folders, which stand for all of these.

    Raises:
        ValueError: a root is not a folder, or its pairs are not complete (see `pairs_in`).
    """
    found = []
    for root in roots:
        if not root.is_dir():
            raise MfjaxError(f"{root} is not a folder")
        inner = [d for d in sorted(root.iterdir()) if (d / "ir").is_dir() and (d / "vis").is_dir()]
        folders = [root] if (root / "ir").is_dir() or not inner else inner
        found += [FilePairs(folder.resolve().name, pairs_in(folder)) for folder in folders]
    return found


def read_pair(files: PairFiles) -> tuple[np.ndarray, np.ndarray]:
    """Returns the luma of both images, uint8 `[h, w]`.

    Args:
        files: the two files.

    Raises:
        MfjaxError: a file can't be read, or the two sizes differ.
    """
    ir, vis = infrared_pixels(images.read(files.ir), files.ir), images.luma(images.read(files.vis))
    if ir.shape != vis.shape:
        raise MfjaxError(f"{files.ir} is {ir.shape[0]}x{ir.shape[1]} but {files.vis} {vis.shape[0]}x{vis.shape[1]}")
    return ir, vis


def infrared_pixels(image: np.ndarray, file: Path) -> np.ndarray:
    """Returns the luma of an infrared image as fusing sees it, uint8 `[h, w]`: raw data of 16 bits are stretched.

    Args:
        image: the image.
        file: its file, for the message, which comes once.
    """
    if image.dtype != np.uint16:
        return images.luma(image)
    with quietly():
        made = images.from_float(infrared_luma(image), np.uint8)
    if not np.array_equal(made, images.luma(image)):
        _say_stretched(file)
    return made


_said: set[str] = set()


def _say_stretched(file: Path) -> None:
    if not _said:
        _said.add("stretched")
        logger.warning("%s: uses little of its 16 bits: stretched to what it uses, as others like it", file, extra=NOTE)
