"""The TNO image fusion data set: scenes of four camera systems, each of which names its files in its own way.

As unpacked: Athena_images/SCENE[/view_N]/IR_*.bmp and VIS_*.bmp (or ir.bmp and vis.bmp; EO_ for visible in "bunker");
DHV_images/SCENE/IR_*.bmp and VIS_*.bmp; DHV_images/Fire_sequence/part_N/thermal/RAD*.bmp and dhv/DHV*.bmp;
FEL_images/SCENE/thermal/*i.bmp and visual/*v.bmp; Triclobs_images/SCENE/IR*.bmp and Vis*.bmp, or SCENE_IR.bmp and
SCENE_Vis.bmp, some with NIR*.bmp; tank/LWIR.tif and Vis.tif. Near-infrared files are not thermal and are not read.
Upper and lower case are the same, and so are .bmp, .tif and .png. Frames of a sequence pair by their last number.
"""

import re
from collections import defaultdict
from pathlib import Path

from mfjax import images
from mfjax.data.sets.layouts.base import Candidate, Candidates, Layout, register

# Words for a camera in the name of a file or its folder; where a scene has several cameras, the first one is taken.
THERMAL = ("lwir", "ir", "rad", "thermal")
VISIBLE = ("vis", "visual", "visible", "dhv", "eo", "ii")


def _find(root: Path) -> Candidates:
    scenes: dict[Path, list[Path]] = defaultdict(list)
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() in images.SUFFIXES and not file.name.startswith("."):
            own = file.parent.name.lower() in THERMAL + VISIBLE
            scenes[file.parent.parent if own and file.parent != root else file.parent].append(file)
    return {"pairs": [pair for scene in sorted(scenes) for pair in _pairs(root, scene, scenes[scene])]}


def _pairs(root: Path, scene: Path, files: list[Path]) -> list[Candidate]:
    """Returns the pairs of a scene: its only thermal and visible file, or the files of equal numbers."""
    ir, vis = _by_number(files, THERMAL), _by_number(files, VISIBLE)
    name = scene.relative_to(root).as_posix()
    if len(ir) == len(vis) == 1:
        return [Candidate(name, *ir.values(), *vis.values())]
    numbers = sorted(ir.keys() | vis.keys())
    return [Candidate(f"{name}/{number or '-'}", ir.get(number), vis.get(number)) for number in numbers]


def _by_number(files: list[Path], words: tuple[str, ...]) -> dict[str, Path]:
    """Returns one file of a camera for each last number in a name."""
    ranked = [(rank, file) for file in files if (rank := _rank(file, words)) is not None]
    found: dict[str, Path] = {}
    for _, file in sorted(ranked):
        number = (re.findall(r"\d+", file.stem) or [""])[-1]
        found.setdefault(number, file)
    return found


def _rank(file: Path, words: tuple[str, ...]) -> int | None:
    """Returns the index of the word that names a file's camera, in its name or else in its folder's; or None."""
    for text in (file.stem, file.parent.name):
        found = re.split(r"[^a-z]+", text.lower())
        if ranks := [rank for rank, word in enumerate(words) if word in found]:
            return ranks[0]
        if {*found} & {*THERMAL, *VISIBLE, "nir"}:  # another camera's
            return None
    return None


register(
    Layout(
        name="tno",
        title="The TNO image fusion data set",
        home="https://figshare.com/articles/dataset/TNO_Image_Fusion_Dataset/1008029",
        files="the folders Athena_images, DHV_images, FEL_images, Triclobs_images and tank, as the archive unpacks",
        find=_find,
    )
)
