"""Registered infrared and visible pictures of street scenes, rendered from formulas and a seed.

A scene is laid out in metres first (`layout`), then drawn surface by surface with a depth for every pixel
(`stage`), so that objects hide each other correctly and any number of pixels shows the same scene. Each
surface has a colour, for light of an hour of the day, and a temperature, for the infrared camera.
"""

import os
from pathlib import Path
from typing import NamedTuple

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

ACROSS, UP, FORWARDS = (1, 0, 0), (0, 1, 0), (0, 0, 1)
COLDEST, HOTTEST = 4.0, 27.0  # degrees Celsius that infrared shows as black and white


class Scene(NamedTuple):
    """A registered pair, float32 in [0, 1]."""

    ir: NDArray[np.float32]  # [h, w]
    vis: NDArray[np.float32]  # [h, w, 3], or [h, w] without colour


def scene(seed: int, height: int, width: int, *, colour: bool = True) -> Scene:
    """A street scene as an infrared and a visible camera see it at the same place.

    The field of view is 4:3 at any size, so pictures of one seed in several sizes stay registered, and other
    shapes are stretched. Only the cameras' noise depends on the size.

    Args:
        seed: of the scene; another seed is another street, hour and crowd.
        height: rows of both pictures.
        width: columns of both pictures.
        colour: whether `vis` is RGB [h, w, 3] or its luma [h, w].

    Raises:
        ValueError: a side is not positive.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a scene needs at least 1x1 pixels, not {height}x{width}")
    rng = np.random.default_rng(seed)
    street, noise = draw(rng), Noise(rng)
    light = Light(street.hour, street.lamps, street.lamp_colour, noise)
    fine = 2 if height > 300 else 3  # rendered finer, then averaged over areas: smooth edges
    stage = Stage(street.camera, fine * height, fine * width)
    _build(stage, street, light, noise)
    sensor = np.random.default_rng((seed, height, width))
    ir = _infrared(_averaged(stage.celsius, fine), sensor)
    vis = _visible(_averaged(stage.radiance, fine), light, sensor)
    if not colour:
        vis = (vis @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    return Scene(ir, vis)


def write_folder(
    root: str | os.PathLike[str],
    count: int,
    seed: int,
    *,
    ir_size: tuple[int, int] = (120, 160),
    vis_size: tuple[int, int] | None = None,
    colour: bool = True,
) -> None:
    """Writes `count` pairs of scenes as 8-bit files root/ir/NAME.png and root/vis/NAME.png.

    Args:
        root: the folder, made if it is missing.
        count: number of pairs.
        seed: of the first pair; the following ones count up.
        ir_size: rows and columns of the infrared files.
        vis_size: rows and columns of the visible files; those of infrared by default.
        colour: whether visible files are RGB or gray.
    """
    root = Path(root)
    for folder in ("ir", "vis"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number in range(seed, seed + count):
        ir, vis = scene(number, *ir_size, colour=colour)
        if vis_size is not None and vis_size != ir_size:
            vis = scene(number, *vis_size, colour=colour).vis
        images.write(root / "ir" / f"{number:05d}.png", ir)
        images.write(root / "vis" / f"{number:05d}.png", vis)


def _build(stage: Stage, street: Street, light: Light, noise: Noise) -> None:
    """Puts everything on the stage; what is near goes first, so that hidden surfaces are skipped."""
    stage.backdrop(light.sky)
    for who in street.people:
        person(stage, light, noise, who)
    for x, z, text in street.signs:
        sign(stage, light, x, z, text)
    for head in street.lamps:
        lamp_post(stage, light, street, head)
    for what in street.cars:
        car(stage, light, what)
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


def _averaged(picture: NDArray, fine: int) -> NDArray:
    height, width = picture.shape[0] // fine, picture.shape[1] // fine
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _infrared(celsius: NDArray, sensor: np.random.Generator) -> NDArray[np.float32]:
    """What a thermal camera shows: a softer picture, a little noise, columns that differ slightly."""
    height, width = celsius.shape
    soft = cv2.GaussianBlur(celsius, (0, 0), 0.0016 * height + 0.25)
    level = np.clip((soft - COLDEST) / (HOTTEST - COLDEST), 0, 1)
    level = level + 0.006 * sensor.standard_normal((height, width)) + 0.002 * sensor.standard_normal((1, width))
    return np.clip(level, 0, 1).astype(np.float32)


def _visible(radiance: NDArray, light: Light, sensor: np.random.Generator) -> NDArray[np.float32]:
    """What a camera shows: lights bloom, the exposure suits the hour, dark corners, noise in the dark."""
    height, width = radiance.shape[:2]
    bloom = sum(
        share * cv2.GaussianBlur(np.minimum(radiance, 6), (0, 0), sigma * height)
        for share, sigma in ((0.035, 0.006), (0.03, 0.025), (0.02, 0.08))
    )
    exposed = 1 - np.exp(-float(light.of_hour(EXPOSURE)[0]) * (radiance + bloom))
    rows, cols = np.linspace(-1, 1, height)[:, None], np.linspace(-ASPECT, ASPECT, width)[None, :]
    exposed = exposed * (1 - 0.09 * (rows**2 + cols**2))[..., None]
    shown = np.clip(exposed, 0, 1) ** np.float32(1 / 2.2)
    shown = shown + 0.35 * (shown * shown * (3 - 2 * shown) - shown)  # a film's contrast
    grain = 0.004 + 0.012 * light.hour
    shown = shown + grain * sensor.standard_normal((height, width, 3)) * (1.1 - shown)
    return np.clip(shown, 0, 1).astype(np.float32)
