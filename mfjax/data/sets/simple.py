"""Data sets whose pairs have equal names in two folders: KAIST, RoadScene and the user's own."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layout import Candidates, Layout, paired, with_subfolders


def _kaist(root: Path) -> Candidates:
    """Returns KAIST's pairs by the authors' split: sets 00 to 05 to train on, 06 to 11 to test."""
    found: Candidates = {"train": [], "test": []}
    for folder in with_subfolders(root):
        for video in sorted(folder.glob("set[0-9][0-9]/V[0-9][0-9][0-9]")):
            split = "train" if int(video.parent.name[3:]) <= 5 else "test"
            sides = [by_stem(side) if side.is_dir() else {} for side in (video / "lwir", video / "visible")]
            prefix = f"{video.parent.name}/{video.name}"
            found[split] += [pair._replace(name=f"{prefix}/{pair.name}") for pair in paired(*sides)]
    return found


def _road_scene(root: Path) -> Candidates:
    """Returns RoadScene's pairs: infrared as the authors cropped it, visible at its camera's own, higher resolution."""
    for folder in with_subfolders(root):
        ir, vis = folder / "cropinfrared", folder / "crop_HR_visible"
        if ir.is_dir() and vis.is_dir():
            return {"pairs": paired(by_stem(ir), by_stem(vis))}
    return {}


def _pair_folder(root: Path) -> Candidates:
    ir, vis = root / "ir", root / "vis"
    return {"pairs": paired(by_stem(ir), by_stem(vis))} if ir.is_dir() and vis.is_dir() else {}


KAIST = Layout(
    name="kaist",
    title="The KAIST multispectral pedestrian data set",
    home="https://soonminhwang.github.io/rgbt-ped-detection/",
    files="set00 to set11, each with V000, V001 …, and in these lwir/I00000.jpg and visible/I00000.jpg",
    find=_kaist,
)
ROAD_SCENE = Layout(
    name="road_scene",
    title="RoadScene",
    home="https://github.com/hanna-xu/RoadScene",
    files="the folders cropinfrared and crop_HR_visible with equally named .jpg files",
    find=_road_scene,
)
PAIR_FOLDER = Layout(
    name="pair_folder",
    title="A folder of one's own pairs",
    home="your own camera",
    files="the folders ir and vis with equally named images of the same field of view, of any two sizes",
    find=_pair_folder,
)
