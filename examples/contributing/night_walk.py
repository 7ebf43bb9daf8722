"""Night Walk, a data set made up for this example: `train/0001_thermal.png` beside `train/0001_rgb.jpg`."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidates, Layout, paired, register, with_subfolders


def _find(root: Path) -> Candidates:
    """Returns the pairs by split; a split's files lie in one folder, and their names end in what they are."""
    found: Candidates = {}
    for folder in (top / split for top in with_subfolders(root) for split in ("train", "test")):
        if folder.is_dir():
            files = by_stem(folder).items()
            ir = {name.removesuffix("_thermal"): file for name, file in files if name.endswith("_thermal")}
            vis = {name.removesuffix("_rgb"): file for name, file in files if name.endswith("_rgb")}
            found[folder.name] = paired(ir, vis)
    return found


register(
    Layout(
        name="night_walk",
        title="Night Walk",
        home="https://example.org/night-walk",
        files="the folders train and test, and in these 0001_thermal.png, 0001_rgb.jpg …",
        find=_find,
    )
)
