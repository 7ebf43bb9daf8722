"""RoadScene at native sizes."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidates, Layout, paired, register, with_subfolders


def _find(root: Path) -> Candidates:
    """Returns RoadScene's pairs: infrared as the authors cropped it, visible at its camera's own, higher resolution."""
    for folder in with_subfolders(root):
        ir, vis = folder / "cropinfrared", folder / "crop_HR_visible"
        if ir.is_dir() and vis.is_dir():
            return {"pairs": paired(by_stem(ir), by_stem(vis))}
    return {}


register(
    Layout(
        name="road_scene",
        title="RoadScene",
        home="https://github.com/hanna-xu/RoadScene",
        files="the folders cropinfrared and crop_HR_visible with equally named .jpg files",
        find=_find,
    )
)
