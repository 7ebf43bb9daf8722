"""The interface of a data set's layout, and the list of those that there are.

A data set is a file in this folder, or in another package that names it in an entry point of the group
`mfjax.data.sets` (see `mfjax.plugins`). It registers how the files lie as their authors publish them, and nothing else
has to know of it:

    def find(root: Path) -> Candidates:
        sides = root / "lwir", root / "rgb"
        return {"pairs": paired(*map(by_stem, sides))} if all(side.is_dir() for side in sides) else {}

    register(Layout("our_cars", "Our cars", "https://example.org", "the folders lwir and rgb", find))
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError

View = NDArray[np.float64]
"""Homography [3, 3] from the infrared image's unit square to the visible image's, x before y.

(0, 0) is the outer corner of the top left pixel, (1, 1) that of the bottom right one, so a view doesn't depend on the
number of pixels. The identity means that both images show the same field of view."""

SAME: View = np.eye(3)


class Candidate(NamedTuple):
    """The files of a possible pair; None for a file that is missing."""

    name: str  # unique in its split
    ir: Path | None
    vis: Path | None


Candidates = dict[str, list[Candidate]]
"""Candidates by split: "train" holds the pairs to train on, "pairs" those of a set that its authors did not split."""


def _same_view(ir_size: tuple[int, int], vis_size: tuple[int, int]) -> View | None:
    return SAME


@dataclass(frozen=True)
class Layout:
    """The arrangement of a data set's files, and the place to get them from."""

    name: str
    title: str
    home: str
    """Address to get the files from."""
    files: str
    """The required files, described for a person."""
    find: Callable[[Path], Candidates]
    """Returns the candidates below a folder, by split and sorted by name; none if the folder is not of this set."""
    view: Callable[[tuple[int, int], tuple[int, int]], View | None] = _same_view
    """Returns the view for the sizes (rows, cols) of infrared and visible; None if the camera is not known."""
    min_alignment: float = 0.0
    """Alignment score below which a pair is left out by default; see `mfjax.data.sets.alignment`."""

    def candidates(self, root: Path) -> Candidates:
        """Returns the candidates below `root`, by split.

        Args:
            root: the folder with the files as downloaded.

        Raises:
            MfjaxError: `root` is no folder of this data set; the message says which files are required and from where.
        """
        found = self.find(root) if root.is_dir() else {}
        found = {split: candidates for split, candidates in found.items() if candidates}
        if not found:
            state = "has none of its files" if root.is_dir() else "is not a folder"
            raise MfjaxError(
                f"{root} {state}. {self.title} has to come from {self.home}, by hand; wanted are {self.files}"
            )
        return found


LAYOUTS: dict[str, Layout] = {}


def register(layout: Layout) -> Layout:
    """Adds a data set to `LAYOUTS`, and returns it.

    Args:
        layout: the data set.

    Raises:
        ValueError: another one is called so. A file that is read again brings no other one.
    """
    there = LAYOUTS.get(layout.name)
    if there is not None and there.find.__module__ != layout.find.__module__:
        homes = layout.find.__module__, there.find.__module__
        raise ValueError(f"{homes[0]} can't have the data set {layout.name!r}, which {homes[1]} has")
    LAYOUTS[layout.name] = layout
    return layout


def paired(ir: Mapping[str, Path], vis: Mapping[str, Path]) -> list[Candidate]:
    """Returns candidates of equal names, sorted; a name that only one side has gives an incomplete candidate.

    Args:
        ir: infrared files by name.
        vis: visible files by name.
    """
    return [Candidate(name, ir.get(name), vis.get(name)) for name in sorted(ir.keys() | vis.keys())]


def with_subfolders(root: Path) -> Iterable[Path]:
    """Yields `root` and its direct subfolders, since unpacking an archive often adds one folder.

    Args:
        root: the folder.
    """
    yield root
    yield from sorted(folder for folder in root.iterdir() if folder.is_dir())
