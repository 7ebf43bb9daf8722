"""FLIR ADAS, both releases: a thermal and a visible camera side by side behind one windscreen.

The visible camera has a wider field of view, another place and, in parts, another moment, so pairs are not registered.
For each size of the visible image, a crop brings the pair close for distant objects; the alignment score then decides
which pairs are good enough. None of the crops was checked on the real images: whoever has calibrated the cameras
should pass homographies of their own (`mfjax.data.sets.homographies`).
"""

import json
from pathlib import Path

import numpy as np

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidate, Candidates, Layout, View, paired, register, with_subfolders
from mfjax.errors import MfjaxError

MAP = "rgb_to_thermal_vid_map.json"

# Left, top, width and height in pixels of what the thermal camera sees, by the visible image's size (rows, cols).
CROPS: dict[tuple[int, int], tuple[float, float, float, float]] = {
    # Release 1, most images. The mean of two crops that others found and publish in their code: factor 2.477 at
    # (155, 155), and 2.5 at (162.5, 145). They differ by up to 22 pixels, which are 9 of infrared.
    (1600, 1800): (159, 150, 1593, 1274),
    # Nominal, and not checked on images: release 2's notes give 52.8° across for the visible camera and 45° × 37° for
    # the thermal one, so it sees tan(22.5°)/tan(26.4°) = 0.834 of the width, with square pixels, from the centre.
    (1536, 2048): (169.5, 84.5, 1709, 1367),
    (2048, 2448): (202.5, 207, 2043, 1634),
    (1024, 1224): (101.5, 103.5, 1021, 817),
}


def _view(ir_size: tuple[int, int], vis_size: tuple[int, int]) -> View | None:
    """Returns the crop as a homography of unit squares; None for sizes that `CROPS` does not have."""
    if vis_size not in CROPS:
        return None
    rows, cols = vis_size
    left, top, width, height = CROPS[vis_size]
    return np.array([[width / cols, 0, left / cols], [0, height / rows, top / rows], [0, 0, 1]])


def _find(root: Path) -> Candidates:
    for folder in with_subfolders(root):
        if (folder / MAP).is_file():
            return _release_two(folder)
        if any((folder / split / "thermal_8_bit").is_dir() for split in ("train", "val", "video")):
            return _release_one(folder)
    return {}


def _release_one(root: Path) -> Candidates:
    found = {}
    for split in ("train", "val", "video"):
        sides = [root / split / "thermal_8_bit", root / split / "RGB"]
        found[split] = paired(*(by_stem(side) if side.is_dir() else {} for side in sides))
    return found


def _release_two(root: Path) -> Candidates:
    """Returns pairs by FLIR's map from visible to thermal file names, the only relation between both cameras' frames.

    The map has the 3,749 frames of the split "video" only: the images of train and val were chosen separately for
    each camera, and a video has another identifier in each. Whoever has found pairs among them can add them to it.
    """
    try:
        partners = json.loads((root / MAP).read_text())
        thermal_to_rgb = {Path(thermal).name: Path(rgb).name for rgb, thermal in partners.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise MfjaxError(f"{root / MAP} must be a JSON object from visible to thermal file names ({error})") from error
    found: Candidates = {}
    for split, suffix in (("train", "images_{}_train"), ("val", "images_{}_val"), ("video", "video_{}_test")):
        thermal, rgb = (root / suffix.format(camera) / "data" for camera in ("thermal", "rgb"))
        found[split] = []
        for name, file in (by_stem(thermal) if thermal.is_dir() else {}).items():
            vis = rgb / thermal_to_rgb.get(file.name, "")
            found[split].append(Candidate(name, file, vis if vis.is_file() else None))
    return found


register(
    Layout(
        name="flir_adas",
        title="FLIR ADAS",
        home="https://www.flir.com/oem/adas/adas-dataset-form/",
        files=(
            "of release 1 the folders train, val or video, with thermal_8_bit/FLIR_00001.jpeg and RGB/FLIR_00001.jpg "
            f"in them; of release 2 {MAP}, video_thermal_test/data and video_rgb_test/data"
        ),
        find=_find,
        view=_view,
        # Of registered pairs of LLVIP, M3FD, MSRS and RoadScene 19 in 20 score above 0.86 to 0.97, by set; the median
        # is 0.99. With one image moved by 1 % of the width the median is 0.86 to 0.91, by 2 % 0.66 to 0.78. Another
        # scale is noticed less: 0.95 at 6 %.
        min_alignment=0.9,
    )
)
