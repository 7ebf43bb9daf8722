"""Night Walk, a data set made up for this example: `train/0001_thermal.png` beside `train/0001_rgb.jpg`."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidate, Candidates, Layout, paired, register, with_subfolders


def _find(root: Path) -> Candidates:
    """Returns the pairs of both splits, whose files lie in one folder each and differ by their last word."""
    found: Candidates = {}
    for folder in with_subfolders(root):
        for split in ("train", "test"):
            if (folder / split).is_dir():
                found[split] = _pairs(folder / split)
    return found


def _pairs(folder: Path) -> list[Candidate]:
    files = by_stem(folder)
    ir, vis = (
        {name.removesuffix(ending): file for name, file in files.items() if name.endswith(ending)}
        for ending in ("_thermal", "_rgb")
    )
    return paired(ir, vis)


register(
    Layout(
        name="night_walk",
        title="Night Walk",
        home="https://example.org/night-walk",
        files="the folders train and test, and in these 0001_thermal.png, 0001_rgb.jpg …",
        find=_find,
    )
)
