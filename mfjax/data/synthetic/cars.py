"""Draws cars: the profile of a side, swept across the car's width strip by strip."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfjax.data.synthetic.cutouts import Cutout, blank, disc, fill, place
from mfjax.data.synthetic.layout import Car
from mfjax.data.synthetic.light import HORIZON, ZENITH, Light
from mfjax.data.synthetic.stage import Stage

# (metres from the rear, metres up) along the top of the body from the rear bumper to the front bumper.
PROFILES = {
    "hatchback": (
        (0.0, 0.35), (0.0, 0.90), (0.35, 1.40), (0.75, 1.47),
        (2.20, 1.45), (2.95, 0.98), (3.85, 0.80), (3.98, 0.35),
    ),
    "saloon": (
        (0.0, 0.35), (0.02, 0.95), (0.85, 1.00), (1.55, 1.40),
        (2.55, 1.42), (3.25, 0.98), (4.30, 0.80), (4.45, 0.35),
    ),
    "van": (
        (0.0, 0.35), (0.0, 1.05), (0.12, 1.85), (0.40, 1.95),
        (3.30, 1.92), (4.00, 1.15), (4.55, 0.95), (4.65, 0.35),
    ),
}  # fmt: skip
# The part of a car between two points of a profile; a van has those of a hatchback.
STRIPS = {
    "hatchback": ("rear", "glass", "roof", "roof", "glass", "hood", "front"),
    "saloon": ("rear", "boot", "glass", "roof", "glass", "hood", "front"),
}
HALF_WIDTH = 0.88
BELT = 0.93  # height above which the sides lean inwards
VAN_BELT = 1.1
LEAN = 0.30
RUBBER, ARCH, GLASS, CHROME = (0.012,) * 3, (0.006,) * 3, (0.02, 0.022, 0.025), (0.35, 0.35, 0.36)
PLATE, DARK, NO_GLOW = (0.65, 0.65, 0.60), (0.015,) * 3, (0.0,) * 3


def car(stage: Stage, light: Light, what: Car) -> None:
    """Puts a car on the stage: the side turned to the camera, and every strip of its profile.

    Args:
        stage: where to draw.
        light: of the scene.
        what: the car.
    """
    profile = np.array(PROFILES[what.kind])
    length = float(profile[:, 0].max())
    belt = VAN_BELT if what.kind == "van" else BELT
    forwards = -1 if what.oncoming else 1

    side = _side(what, profile, length, belt)
    if what.oncoming:
        side = Cutout(*(plane[:, ::-1] for plane in side))
    cut = int(side.covered.shape[0] * (1 - belt / 2))
    upper, lower = Cutout(*(plane[:cut] for plane in side)), Cutout(*(plane[cut:] for plane in side))
    towards = 1 if stage.camera.x > what.x else -1
    foot = np.array([what.x + towards * HALF_WIDTH, 0, what.z])
    if abs(stage.camera.x - what.x) > HALF_WIDTH:
        along, inwards = (0, 0, 1), (-towards * LEAN, 1, 0)
        place(stage, light, lower, foot, along, (0, 1, 0), (length, belt), tilt=0.75)
        place(stage, light, upper, foot + np.array([0, belt, 0]), along, inwards, (length, 2 - belt), tilt=0.85)

    rear = what.z + length if what.oncoming else what.z
    kinds = STRIPS.get(what.kind, STRIPS["hatchback"])
    for kind, (low, high) in zip(kinds, pairwise(profile), strict=True):
        rise, run = high[1] - low[1], high[0] - low[0]
        reach = float(np.hypot(rise, run))
        halves = [HALF_WIDTH - LEAN * max(end[1] - belt, 0) for end in (low, high)]
        start = (what.x - HALF_WIDTH, low[1], rear + forwards * low[0])
        up = (0, rise / reach, forwards * run / reach)
        skyward = 0.62 + 0.5 * run / reach  # a level strip sees all of the sky
        strip = _strip(what, light, kind, halves[0], halves[1], reach)
        place(stage, light, strip, start, (1, 0, 0), up, (2 * HALF_WIDTH, reach), tilt=skyward)


def _side(what: Car, profile: NDArray, length: float, belt: float) -> Cutout:
    scale = 100  # pixels a metre, over 2 metres of height
    figure = blank(200, int(length * scale))

    def part(points: Iterable[tuple[float, float]], colour: ArrayLike, warmth: float) -> None:
        fill(figure, [(x * scale, (2 - y) * scale) for x, y in points], colour, warmth)

    def bar(x0: float, x1: float, y0: float, y1: float, colour: ArrayLike, warmth: float) -> None:
        part([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, warmth)

    paint, van = np.array(what.paint), what.kind == "van"
    start, end = (profile[2], profile[5]) if what.kind == "saloon" else (profile[1], profile[5])
    top = profile[3:5] if what.kind == "saloon" else profile[2:5]
    roof, hood = profile[:, 1].max(), profile[-3, 0]
    middle = profile[2:5, 0].mean()
    part([*profile, (length - 0.1, 0.22), (0.1, 0.22)], paint, 0.4)
    bar(0.1, length - 0.1, 0.2, 0.42, 0.3 * paint, 1.0)
    part(
        [(hood, 0.92), (length - 0.05, 0.76), (length - 0.05, 0.4), (hood, 0.4)],
        paint,
        0.4 + 0.35 * what.engine,
    )
    if van:
        panes = [(2.45, belt + 0.06), (2.5, roof - 0.16), (3.25, roof - 0.16), (end[0] - 0.2, belt + 0.06)]
    else:
        under_roof = [(x + 0.04 * np.sign(middle - x), y - 0.09) for x, y in top]
        panes = [(start[0] + 0.28, belt + 0.03), *under_roof, (end[0] - 0.2, belt + 0.03)]
    part(panes, GLASS, 1.2)
    for pillar in () if van else (middle - 0.05, middle + 0.95):
        bar(pillar - 0.02, pillar + 0.06, belt, roof - 0.05, 0.5 * paint, 0.6)
    for door in (middle - 0.75, middle + 0.02, middle + 1.0):
        bar(door, door + 0.02, 0.4, belt, 0.35 * paint, 0.6)
        bar(door + 0.08, door + 0.25, 0.8, 0.83, CHROME, 0.2)
    for hub in (0.75, length - 0.78):
        part(disc((hub, 0.36), 0.40), ARCH, 1.5)
        part(disc((hub, 0.32), 0.32), RUBBER, 2.5 + 0.35 * what.engine)
        part(disc((hub, 0.32), 0.20), CHROME, 2.0 + 0.5 * what.engine)
        for turn in np.arange(5) * 2 * np.pi / 5:
            hole = (hub + 0.12 * np.cos(turn), 0.32 + 0.12 * np.sin(turn))
            part(disc(hole, 0.04), RUBBER, 2.0 + 0.4 * what.engine)
    # The belt line catches the sky; the flank below it darkens.
    up = 2.0 - (np.arange(200) + 0.5) / scale
    sheen = 1 + 0.5 * np.exp(-(((up - belt + 0.06) / 0.06) ** 2)) - 0.35 * np.clip((0.75 - up) / 0.5, 0, 1)
    return figure._replace(colour=figure.colour * sheen[:, None, None].astype(np.float32))


def _strip(what: Car, light: Light, kind: str, low: float, high: float, reach: float) -> Cutout:
    """Returns one strip of the profile; `low` and `high` are half its widths at its lower and upper edge."""
    scale = 120
    rows, cols = max(int(reach * scale), 8), int(2 * HALF_WIDTH * scale)
    figure = blank(rows, cols)
    paint = np.array(what.paint)
    middle = cols / 2

    def band(bottom: float, top: float, inset: float, colour: ArrayLike, warmth: float) -> None:
        """Draws a trapezium between two heights (shares of the strip), inset from its sides in metres."""
        y0, y1 = rows * (1 - bottom), rows * (1 - top)
        half0, half1 = ((low + (high - low) * share - inset) * scale for share in (bottom, top))
        outline = [(middle - half0, y0), (middle - half1, y1), (middle + half1, y1), (middle + half0, y0)]
        fill(figure, outline, colour, warmth)

    def pair(
        x0: float, x1: float, y0: float, y1: float, colour: ArrayLike, warmth: float, glow: ArrayLike = NO_GLOW
    ) -> None:
        """Draws the same rectangle left and right, in metres from the middle and shares of the height."""
        top, bottom = rows * (1 - y1), rows * (1 - y0)
        for left, right in ((-x1, -x0), (x0, x1)):
            left, right = middle + left * scale, middle + right * scale
            fill(figure, [(left, top), (right, top), (right, bottom), (left, bottom)], colour, warmth, glow)

    lit = light.lamps_on and what.driving
    if kind == "glass":
        sky = 0.06 * light.at_hour(HORIZON) + 0.10 * light.at_hour(ZENITH)
        band(0, 1, 0.0, paint, 0.8)
        band(0.03, 0.95, 0.07, GLASS, 0.6)
        shine = np.linspace(1.3, 0.5, rows, dtype=np.float32)[:, None, None] * sky
        figure.glow[:] = np.where((figure.colour[..., :1] == np.float32(GLASS[0])), shine, 0)
    elif kind == "roof":
        band(0, 1, 0.0, paint * 1.1, -2.5)
    elif kind in ("hood", "boot"):
        band(0, 1, 0.0, paint, -1.0)
        band(0.05, 0.95, 0.12, paint * 1.08, (0.75 * what.engine if kind == "hood" else 0.0) - 0.5)
    elif kind == "rear":
        band(0, 1, 0.0, paint, 0.5)
        band(0, 0.3, 0.02, paint * 0.35, 1.2)
        pair(0, 0.26, 0.40, 0.60, PLATE, 0.4)
        red = (1.6, 0.05, 0.03) if lit else NO_GLOW
        pair(0.56, 0.84, 0.66, 0.92, (0.30, 0.02, 0.02), 2.0 if lit else 0.8, red)
        pair(0.02, 0.20, 0.46, 0.54, (0.05, 0.05, 0.05), 0.4)
        if what.engine:
            fill(figure, disc((middle - 0.5 * scale, rows * 0.93), 0.05 * scale), RUBBER, 1.8 * what.engine)
    else:  # the front, drawn from the hood downwards, so upside down
        band(0, 1, 0.0, paint, 0.6 + 0.25 * what.engine)
        band(0.25, 0.95, 0.2, DARK, 2 + 0.9 * what.engine)
        pair(0, 0.26, 0.55, 0.78, PLATE, 1.5)
        white = (7.0, 6.6, 5.6) if lit else NO_GLOW
        pair(0.52, 0.82, 0.08, 0.38, (0.5, 0.5, 0.5), 6.0 if lit else 1.0, white)
    return figure
