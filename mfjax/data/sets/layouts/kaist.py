"""The KAIST multispectral pedestrian data set."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidates, Layout, paired, register, with_subfolders


def _find(root: Path) -> Candidates:
    """Returns KAIST's pairs by the authors' split: sets 00 to 05 to train on, 06 to 11 to test."""
    found: Candidates = {"train": [], "test": []}
    for folder in with_subfolders(root):
        for video in sorted(folder.glob("set[0-9][0-9]/V[0-9][0-9][0-9]")):
            split = "train" if int(video.parent.name[3:]) <= 5 else "test"
            sides = [by_stem(side) if side.is_dir() else {} for side in (video / "lwir", video / "visible")]
            prefix = f"{video.parent.name}/{video.name}"
            found[split] += [pair._replace(name=f"{prefix}/{pair.name}") for pair in paired(*sides)]
    return found


register(
    Layout(
        name="kaist",
        title="The KAIST multispectral pedestrian data set",
        home="https://soonminhwang.github.io/rgbt-ped-detection/",
        files="set00 to set11, each with V000, V001 …, and in these lwir/I00000.jpg and visible/I00000.jpg",
        find=_find,
    )
)
