"""Registered infrared and visible pictures of street scenes, rendered from formulas and a seed.

A scene is laid out in metres first (`layout`), then drawn surface by surface with a depth for every pixel
(`stage`), so that objects hide each other correctly and any number of pixels shows the same scene. Each
surface has a colour, for light of an hour of the day, and a temperature, for the infrared camera.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.data.synthetic.pictures import KINDS, Kind, averaged, infrared, staged, visible


class Scene(NamedTuple):
    """A registered pair of pictures, float32 in [0, 1]."""

    ir: NDArray[np.float32]  # [h, w]
    vis: NDArray[np.float32]  # [h, w, 3], or [h, w] without colour


class Object(NamedTuple):
    """A person or a car in a scene, with its box in shares of the picture's width and height from the top left."""

    kind: Kind
    left: float
    top: float
    right: float
    bottom: float


def scene(seed: int, height: int, width: int, *, colour: bool = True) -> Scene:
    """Returns a street scene as an infrared and a visible camera see it from the same place.

    The field of view is 4:3 at any size, so pictures of one seed in several sizes stay registered, and other
    shapes are stretched. Only the cameras' noise depends on the size.

    Args:
        seed: of the scene; another seed is another street, hour and crowd.
        height: rows of both pictures.
        width: columns of both pictures.
        colour: by default `vis` is RGB [h, w, 3]; if false it is its luma [h, w].

    Raises:
        MfjaxError: a side is not positive.
    """
    stage, light, _ = staged(seed, height, width)
    fine = stage.shape[0] // height
    sensor = np.random.default_rng((seed, height, width))
    ir = infrared(averaged(stage.celsius, fine), sensor)
    vis = visible(averaged(stage.radiance, fine), light, sensor)
    if not colour:
        vis = (vis @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    return Scene(ir, vis)


def objects(seed: int, height: int, width: int, *, least: float = 4) -> list[Object]:
    """Returns the people and cars that can be seen in a scene, each with the tight box of its visible part.

    Args:
        seed: of the scene.
        height: rows of its pictures.
        width: columns of its pictures.
        least: number of pixels that a box must be wide and high; smaller ones are left out.

    Raises:
        MfjaxError: a side is not positive.
    """
    stage, _, kinds = staged(seed, height, width)
    rows, cols = stage.shape
    found = []
    for number, kind in enumerate(kinds, 1):
        at = stage.owner == number
        down, across = np.flatnonzero(at.any(axis=1)), np.flatnonzero(at.any(axis=0))
        if not down.size:  # hidden, or beside the picture
            continue
        top, bottom, left, right = down[0] / rows, (down[-1] + 1) / rows, across[0] / cols, (across[-1] + 1) / cols
        if (bottom - top) * height >= least and (right - left) * width >= least:
            found.append(Object(kind, float(left), float(top), float(right), float(bottom)))
    return found


def write_folder(
    root: str | os.PathLike[str],
    count: int,
    seed: int,
    *,
    ir_size: tuple[int, int] = (120, 160),
    vis_size: tuple[int, int] | None = None,
    colour: bool = True,
    labels: bool = False,
) -> None:
    """Writes `count` pairs of scenes as 8-bit files root/ir/NAME.png and root/vis/NAME.png.

    Args:
        root: the folder, made if it is missing.
        count: number of pairs.
        seed: of the first pair; the following ones count up.
        ir_size: rows and columns of the infrared files.
        vis_size: rows and columns of the visible files; those of infrared by default.
        colour: by default visible files are RGB; if false they are gray.
        labels: if true, also writes the boxes of `objects` in the visible picture in YOLO's format: root/labels with
            NAME.txt for each pair, a line "class x y width height" for each box, and classes.txt.

    Raises:
        ValueError: a side is not positive, or a file can't be written.
    """
    root = Path(root)
    if labels:
        (root / "labels").mkdir(parents=True, exist_ok=True)
        (root / "labels" / "classes.txt").write_text("".join(f"{kind}\n" for kind in KINDS), encoding="utf-8")
    for folder in ("ir", "vis"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number in range(seed, seed + count):
        ir, vis = scene(number, *ir_size, colour=colour)
        if vis_size is not None and vis_size != ir_size:
            vis = scene(number, *vis_size, colour=colour).vis
        images.write(root / "ir" / f"{number:05d}.png", ir)
        images.write(root / "vis" / f"{number:05d}.png", vis)
        if labels:
            lines = [_yolo(each) for each in objects(number, *(vis_size or ir_size))]
            (root / "labels" / f"{number:05d}.txt").write_text("".join(lines), encoding="utf-8")


def _yolo(item: Object) -> str:
    """Returns a line of text: the class's number, the box's centre, width and height."""
    box = (item.left + item.right) / 2, (item.top + item.bottom) / 2, item.right - item.left, item.bottom - item.top
    return f"{KINDS.index(item.kind)} " + " ".join(f"{value:.6f}" for value in box) + "\n"
