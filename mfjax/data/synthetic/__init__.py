"""Registered infrared and visible pictures of street scenes, rendered from formulas and a seed.

A scene is laid out in metres first (`layout`), then drawn surface by surface with a depth for every pixel
(`stage`), so that objects hide each other correctly and any number of pixels shows the same scene. Each
surface has a colour, for light of an hour of the day, and a temperature, for the infrared camera.
"""

import os
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.data.synthetic.cars import car
from mfjax.data.synthetic.figures import foliage, lamp_post, person, sign, tree
from mfjax.data.synthetic.ground import ground, skyline
from mfjax.data.synthetic.layout import CROWNS, FAR, Street, draw
from mfjax.data.synthetic.light import EXPOSURE, Light
from mfjax.data.synthetic.stage import ASPECT, Noise, Stage
from mfjax.data.synthetic.walls import Wall
from mfjax.errors import MfjaxError

ACROSS, UP, FORWARDS = (1, 0, 0), (0, 1, 0), (0, 0, 1)
COLDEST, HOTTEST = 4.0, 27.0  # degrees Celsius that infrared shows as black and white

Kind = Literal["person", "car"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # in the order of their numbers in label files


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
    stage, light, _ = _staged(seed, height, width)
    fine = stage.shape[0] // height
    sensor = np.random.default_rng((seed, height, width))
    ir = _infrared(_averaged(stage.celsius, fine), sensor)
    vis = _visible(_averaged(stage.radiance, fine), light, sensor)
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
    stage, _, kinds = _staged(seed, height, width)
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


def _staged(seed: int, height: int, width: int) -> tuple[Stage, Light, list[Kind]]:
    """Returns a scene's stage, finer than its pictures by a whole factor, its light, and its owners' kinds."""
    if height < 1 or width < 1:
        raise MfjaxError(f"a scene needs at least 1x1 pixels, not {height}x{width}")
    rng = np.random.default_rng(seed)
    street, noise = draw(rng), Noise(rng)
    light = Light(street.hour, street.lamps, street.lamp_colour, noise)
    fine = 2 if height > 300 else 3  # rendered finer, then averaged over areas: smooth edges
    stage = Stage(street.camera, fine * height, fine * width)
    return stage, light, _build(stage, street, light, noise)


def _build(stage: Stage, street: Street, light: Light, noise: Noise) -> list[Kind]:
    """Puts everything on the stage; near things go first, so that hidden surfaces are skipped.

    Returns:
        The kinds of people and cars, in the order of the owner's numbers that they have on the stage, from 1.
    """
    kinds: list[Kind] = []
    stage.backdrop(light.sky)
    for who in street.people:
        kinds.append("person")
        stage.adding = len(kinds)
        person(stage, light, noise, who)
    stage.adding = 0
    for x, z, text in street.signs:
        sign(stage, light, x, z, text)
    for head in street.lamps:
        lamp_post(stage, light, street, head)
    for what in street.cars:
        kinds.append("car")
        stage.adding = len(kinds)
        car(stage, light, what)
    stage.adding = 0
    crowns = [foliage(noise, number) for number in range(CROWNS)]
    for which in street.trees:
        tree(stage, light, crowns[which.crown], which)
    for building in street.buildings:
        corner, height = (building.x, 0, building.z), building.height
        stage.add(corner, FORWARDS, UP, (0, building.length, 0, height), Wall(building, light, noise))
        across = (building.side, 0, 0)
        stage.add(corner, across, UP, (0, 12, 0, height), Wall(building, light, noise, end=True))
    end = 2 * FAR
    stage.add((0, 0, 0), ACROSS, FORWARDS, (-end, end, 1, end), ground(street, light, noise))
    stage.add((0, 0, end), ACROSS, UP, (-2 * end, 2 * end, 0, 60), skyline(light, noise))
    return kinds


def _averaged(picture: NDArray, fine: int) -> NDArray:
    height, width = picture.shape[0] // fine, picture.shape[1] // fine
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _infrared(celsius: NDArray, sensor: np.random.Generator) -> NDArray[np.float32]:
    """Returns the picture of a thermal camera: softer, with a little noise, and columns that differ slightly."""
    height, width = celsius.shape
    soft = cv2.GaussianBlur(celsius, (0, 0), 0.0016 * height + 0.25)
    level = np.clip((soft - COLDEST) / (HOTTEST - COLDEST), 0, 1)
    level = level + 0.006 * sensor.standard_normal((height, width)) + 0.002 * sensor.standard_normal((1, width))
    return np.clip(level, 0, 1).astype(np.float32)


def _visible(radiance: NDArray, light: Light, sensor: np.random.Generator) -> NDArray[np.float32]:
    """Returns the picture of a camera: lights bloom, exposure suits the hour, corners are dark, the dark is noisy."""
    height, width = radiance.shape[:2]
    bloom = sum(
        share * cv2.GaussianBlur(np.minimum(radiance, 6), (0, 0), sigma * height)
        for share, sigma in ((0.035, 0.006), (0.03, 0.025), (0.02, 0.08))
    )
    exposed = 1 - np.exp(-float(light.at_hour(EXPOSURE)[0]) * (radiance + bloom))
    rows, cols = np.linspace(-1, 1, height)[:, None], np.linspace(-ASPECT, ASPECT, width)[None, :]
    exposed = exposed * (1 - 0.09 * (rows**2 + cols**2))[..., None]
    shown = np.clip(exposed, 0, 1) ** np.float32(1 / 2.2)
    shown = shown + 0.35 * (shown * shown * (3 - 2 * shown) - shown)  # a film's contrast
    grain = 0.004 + 0.012 * light.hour
    shown = shown + grain * sensor.standard_normal((height, width, 3)) * (1.1 - shown)
    return np.clip(shown, 0, 1).astype(np.float32)
