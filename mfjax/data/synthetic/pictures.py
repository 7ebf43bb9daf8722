"""Pictures of a scene: everything put on a stage, and what an infrared and a visible camera make of that."""

from dataclasses import replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.data.synthetic.cars import car
from mfjax.data.synthetic.figures import foliage, lamp_post, person, sign, tree
from mfjax.data.synthetic.ground import ground, skyline
from mfjax.data.synthetic.layout import CROWNS, FAR, Street, draw
from mfjax.data.synthetic.light import EXPOSURE, Light
from mfjax.data.synthetic.stage import ASPECT, Camera, Noise, Stage
from mfjax.data.synthetic.walls import Wall
from mfjax.errors import MfjaxError

ACROSS, UP, FORWARDS = (1, 0, 0), (0, 1, 0), (0, 0, 1)
COLDEST, HOTTEST = 4.0, 27.0  # degrees Celsius that infrared shows as black and white

Kind = Literal["person", "car"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # in the order of their numbers in label files


def staged(seed: int, height: int, width: int, *, camera: Camera | None = None) -> tuple[Stage, Light, list[Kind]]:
    """Returns a scene's stage, finer than its pictures by a whole factor, its light, and its owners' kinds.

    Args:
        seed: of the scene.
        height: rows of its pictures.
        width: columns of its pictures.
        camera: a camera in place of the scene's own.

    Raises:
        MfjaxError: a side is not positive.
    """
    if height < 1 or width < 1:
        raise MfjaxError(f"a scene needs at least 1x1 pixels, not {height}x{width}")
    rng = np.random.default_rng(seed)
    street, noise = draw(rng), Noise(rng)
    street = replace(street, camera=camera or street.camera)
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


def averaged(picture: NDArray, fine: int) -> NDArray:
    """Returns a picture with one pixel for the mean of `fine`×`fine`.

    Args:
        picture: `[h, w]` or `[h, w, c]`.
        fine: the whole factor.
    """
    height, width = picture.shape[0] // fine, picture.shape[1] // fine
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def infrared(celsius: NDArray, sensor: np.random.Generator) -> NDArray[np.float32]:
    """Returns the picture of a thermal camera: softer, with a little noise, and columns that differ slightly.

    Args:
        celsius: apparent temperatures, `[h, w]`.
        sensor: the source of noise.
    """
    height, width = celsius.shape
    soft = cv2.GaussianBlur(celsius, (0, 0), 0.0016 * height + 0.25)
    level = np.clip((soft - COLDEST) / (HOTTEST - COLDEST), 0, 1)
    level = level + 0.006 * sensor.standard_normal((height, width)) + 0.002 * sensor.standard_normal((1, width))
    return np.clip(level, 0, 1).astype(np.float32)


def visible(radiance: NDArray, light: Light, sensor: np.random.Generator) -> NDArray[np.float32]:
    """Returns the picture of a camera: lights bloom, exposure suits the hour, corners are dark, the dark is noisy.

    Args:
        radiance: linear light, `[h, w, 3]`.
        light: the scene's light.
        sensor: the source of noise.
    """
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
