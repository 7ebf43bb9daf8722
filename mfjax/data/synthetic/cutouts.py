"""Flat figures: drawn as polygons once, then put anywhere on the stage."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfjax.data.synthetic.light import AIR, Light
from mfjax.data.synthetic.stage import Stage, Surface

Point = tuple[float, float] | NDArray


class Cutout(NamedTuple):
    """A flat figure, rows from the top: the pixels it covers, its reflectance, its degrees above the air."""

    covered: NDArray  # [h, w] in [0, 1]
    colour: NDArray  # [h, w, 3]
    warmth: NDArray  # [h, w]
    glow: NDArray  # [h, w, 3], light of its own


def blank(height: int, width: int) -> Cutout:
    """Returns an empty cut-out of so many pixels."""
    shape = (height, width)
    return Cutout(
        np.zeros(shape, np.float32),
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
        np.zeros((*shape, 3), np.float32),
    )


def fill(
    cutout: Cutout, points: ArrayLike, colour: ArrayLike, warmth: float, glow: ArrayLike = (0.0, 0.0, 0.0)
) -> None:
    """Fills a polygon of a cut-out.

    Args:
        cutout: changed in place.
        points: corners (x, y) in pixels.
        colour: reflectance, three numbers.
        warmth: degrees above the air.
        glow: light of its own, three numbers.
    """
    polygon = np.rint(np.asarray(points, float) * 16).astype(np.int32)
    for plane, value in zip(cutout, (1.0, np.asarray(colour).tolist(), warmth, np.asarray(glow).tolist()), strict=True):
        cv2.fillPoly(plane, [polygon], value, cv2.LINE_8, 4)


def disc(centre: Point, radius: float, squeeze: float = 1.0) -> NDArray:
    """Returns the outline [40, 2] of a disc, narrower than high if `squeeze` is below 1."""
    turn = np.linspace(0, 2 * np.pi, 40)
    return np.stack([centre[0] + squeeze * radius * np.cos(turn), centre[1] + radius * np.sin(turn)], axis=1)


def limb(start: Point, end: Point, width_start: float, width_end: float) -> NDArray:
    """Returns the outline around two discs, as of an arm or a leg."""
    both = np.concatenate([disc(start, width_start), disc(end, width_end)]).astype(np.float32)
    return cv2.convexHull(both)[:, 0]


def place(
    stage: Stage,
    light: Light,
    cutout: Cutout,
    origin: ArrayLike,
    along: ArrayLike,
    up: ArrayLike,
    size: Point,
    *,
    tilt: float = 1.0,
) -> None:
    """Puts a cut-out on the stage.

    Args:
        stage: where to draw.
        light: of the scene.
        cutout: the figure.
        origin: its lower left corner, in metres.
        along: direction of its width.
        up: direction of its height.
        size: width and height in metres.
        tilt: share of the light that reaches a surface of its slope.
    """
    width, height = size
    rows, cols = cutout.covered.shape
    origin, along, up = (np.asarray(vector, float) for vector in (origin, along, up))
    cutout = Cutout(*(np.ascontiguousarray(plane, np.float32) for plane in cutout))
    width, height, tilt = float(width), float(height), float(tilt)

    def shade(s: NDArray, t: NDArray, depth: NDArray) -> Surface:
        where = (
            (s / width * cols - 0.5).astype(np.float32),
            ((1 - t / height) * rows - 0.5).astype(np.float32),
        )
        covered, colour, warmth, glow = (
            cv2.remap(plane, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for plane in cutout
        )
        middle = origin + 0.5 * width * along + 0.5 * height * up
        falling = light.falling_on(*middle.tolist()) * (0.7 + 0.3 * t / height)[..., None]
        radiance = light.through_haze(colour * falling * tilt + glow, depth)
        return Surface(covered > 0.5, radiance, AIR + warmth)

    stage.add(origin, along, up, (0, width, 0, height), shade)
