"""Draws the figures beside the road: people, trees, lamp posts and signs."""

import cv2
import numpy as np

from mfjax.data.synthetic.cutouts import Cutout, blank, disc, fill, limb, place
from mfjax.data.synthetic.layout import Person, Street, Tree
from mfjax.data.synthetic.light import Light
from mfjax.data.synthetic.stage import Noise, Stage


def person(stage: Stage, light: Light, noise: Noise, who: Person) -> None:
    """Puts a person on foot on the stage, facing the camera's picture plane."""
    size = (0.62 * who.height, 1.02 * who.height)
    origin = (who.x - size[0] / 2, 0, who.z)
    place(stage, light, _walker(noise, who), origin, (1, 0, 0), (0, 1, 0), size)


def _walker(noise: Noise, who: Person) -> Cutout:
    rows, cols = 510, 310
    figure = blank(rows, cols)
    rng = np.random.default_rng(who.seed)
    unit = rows / 102  # one percent of the body's height
    middle, turn = cols / 2, who.facing or 1
    swing = 13 * who.stride * unit * (1.0 if who.facing else 0.45)
    wide = (7.2 if who.facing else 9.6) * unit
    hip, knee, foot = 50 * unit, 74 * unit, 98 * unit
    shoulder, neck = 21 * unit, 16 * unit
    skin = np.array([0.30, 0.19, 0.14]) * rng.uniform(0.4, 1.2)
    trousers, coat = np.array(who.trousers), np.array(who.coat)

    def leg(side: float, dark: float) -> None:
        root = (middle + side * 0.4 * wide, hip)
        bent = (middle + side * (0.35 * wide + swing * 0.55) + 2 * unit * turn * bool(who.facing), knee)
        ankle = (middle + side * (0.35 * wide + swing), foot - max(0.0, -side * swing * turn) * 0.10)
        fill(figure, limb(root, bent, 5.6 * unit, 4.0 * unit), trousers * dark, 6.5)
        fill(figure, limb(bent, ankle, 3.9 * unit, 2.6 * unit), trousers * dark, 5.2)
        toe = (ankle[0] + (4.5 * unit * turn if who.facing else side * unit), ankle[1] + 2.0 * unit)
        fill(
            figure,
            limb((ankle[0], ankle[1] + 1.4 * unit), toe, 2.5 * unit, 1.8 * unit),
            (0.02, 0.02, 0.02),
            4.0,
        )

    def arm(side: float, dark: float) -> None:
        joint = (middle + side * wide * (0.95 if not who.facing else 0.2), shoulder + 2 * unit)
        reach = -side * swing * 0.8 if who.facing else side * 2.5 * unit
        elbow = (joint[0] + 0.45 * reach + side * unit, 37 * unit)
        hand = (joint[0] + reach + turn * 2 * unit * bool(who.facing), 50 * unit)
        fill(figure, limb(hand, hand, 2.1 * unit, 2.1 * unit), skin, 15.0)
        fill(figure, limb(joint, elbow, 3.6 * unit, 2.9 * unit), coat * dark, 9.5)
        fill(
            figure,
            limb(
                elbow,
                (0.15 * elbow[0] + 0.85 * hand[0], 0.15 * elbow[1] + 0.85 * hand[1]),
                2.9 * unit,
                2.3 * unit,
            ),
            coat * dark,
            9.5,
        )

    leg(-1, 0.75)
    arm(-1, 0.75)
    leg(1, 1.0)
    half = [
        (0.5 * wide, shoulder - 2.6 * unit),
        (wide, shoulder),
        (0.92 * wide, 36 * unit),
        (1.02 * wide, 56 * unit),
    ]
    torso = [(middle + x, y) for x, y in half] + [(middle - x, y) for x, y in half[::-1]]
    fill(figure, torso, coat, 10.5)
    arm(1, 1.1)
    fill(figure, limb((middle, neck), (middle, shoulder), 2.6 * unit, 3.4 * unit), skin * 0.8, 15.0)
    head = (middle + 0.9 * unit * turn * bool(who.facing), 9 * unit)
    fill(figure, disc(head, 6.6 * unit, 0.78), skin, 18.5)
    hair = np.array([0.03, 0.02, 0.015]) * rng.uniform(0.5, 2)
    crown = disc((head[0] - 0.8 * unit * turn * bool(who.facing), head[1] - 1.3 * unit), 6.3 * unit, 0.86)
    crown = crown[crown[:, 1] < head[1] - (0.2 if who.facing else 1.5) * unit]
    fill(figure, crown, hair, 11.0)
    if rng.random() < 0.4:  # a bag
        bag = (middle - turn * wide * 1.05, 34 * unit)
        fill(
            figure,
            limb((bag[0], bag[1] - 6 * unit), (bag[0], bag[1] + 7 * unit), 4 * unit, 4.6 * unit),
            (0.05, 0.03, 0.03),
            2.5,
        )

    # Folds of cloth, a rounded body (darker, cooler edges), and smooth passages between the parts.
    s, t = np.meshgrid(np.arange(cols) / cols, np.arange(rows) / rows)
    folds = noise.clouds(s + who.seed % 13, t * 0.8, 1.3)
    depth_in = cv2.distanceTransform((figure.covered > 0).astype(np.uint8), cv2.DIST_L2, 5)
    rounded = np.clip(depth_in / (5 * unit), 0, 1) ** 0.5
    colour = figure.colour * (0.55 + 0.45 * rounded + 0.16 * folds)[..., None]
    warmth = cv2.GaussianBlur(figure.warmth, (0, 0), 0.9 * unit)
    return figure._replace(colour=colour, warmth=warmth * (0.72 + 0.28 * rounded) + 0.7 * folds)


def tree(stage: Stage, light: Light, crown: Cutout, which: Tree) -> None:
    """Puts a tree on the stage, with the given `foliage`."""
    size = (0.85 * which.height, which.height)
    place(stage, light, crown, (which.x - size[0] / 2, 0, which.z), (1, 0, 0), (0, 1, 0), size)


def foliage(noise: Noise, seed: int) -> Cutout:
    """Returns a tree in leaf: a trunk, boughs, and a crown of clumps."""
    rows, cols = 420, 360
    figure = blank(rows, cols)
    rng = np.random.default_rng(seed)
    foot = np.array([cols / 2, rows - 1.0])
    fork = np.array([cols / 2 + rng.uniform(-12, 12), rows * 0.62])
    bark = (0.05, 0.04, 0.03)
    fill(figure, limb(foot, fork, 9, 6), bark, 1.8)
    crown = np.zeros((rows, cols), np.float32)
    y, x = np.mgrid[0:rows, 0:cols].astype(np.float32)
    for _ in range(13):
        turn, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 1) ** 0.5
        clump = np.array([cols / 2 + 0.33 * cols * far * np.cos(turn), rows * 0.34 + 0.23 * rows * far * np.sin(turn)])
        fill(figure, limb(fork, clump, 4.5, 1.5), bark, 1.5)
        size = float(rng.uniform(34, 58))
        crown = np.maximum(crown, 1.25 - ((x - float(clump[0])) ** 2 + ((y - float(clump[1])) * 1.2) ** 2) / size**2)
    s, t = np.meshgrid(np.arange(cols, dtype=np.float32), np.arange(rows, dtype=np.float32))
    clumps = noise.clouds(s + 83 * seed, t, 420)
    fine = noise.grain(s + 61 * seed, t, 700)
    leafy = (crown + 0.30 * clumps + 0.28 * fine > 0.55) & (crown > 0)
    # Light from above: a leaf is bright where the crown thins out upwards.
    density = cv2.GaussianBlur(leafy.astype(np.float32), (0, 0), 9)
    above = density - np.roll(density, 14, axis=0)
    tone = np.clip(0.5 + 0.9 * above + 0.28 * clumps + 0.25 * fine, 0.12, 1.6) * 0.075
    green = (
        tone[..., None] * np.array([0.75, 1.0, 0.36], np.float32) * np.array([rng.uniform(0.8, 1.5), 1, 1], np.float32)
    )
    warmth = -0.4 + 0.5 * clumps + 0.5 * fine - 0.5 * above
    return Cutout(
        np.where(leafy, 1, figure.covered).astype(np.float32),
        np.where(leafy[..., None], green, figure.colour).astype(np.float32),
        np.where(leafy, warmth, figure.warmth).astype(np.float32),
        figure.glow,
    )


def lamp_post(stage: Stage, light: Light, street: Street, head: tuple[float, float, float]) -> None:
    """Puts a street lamp on the stage, its post on the pavement and its head over the road."""
    x, y, z = head
    side = 1 if x > 0 else -1
    foot = side * (street.road + 0.45)
    reach = abs(foot - x)
    rows, cols = 620, 200
    figure = blank(rows, cols)
    scale = rows / 6.2  # pixels a metre
    post = (cols / 2, cols / 2)
    metal = (0.09, 0.10, 0.10)
    fill(figure, limb((post[0], rows), (post[0], rows - 5.6 * scale), 0.085 * scale, 0.05 * scale), metal, 1.0)
    fill(figure, limb((post[0], rows), (post[0], rows - 0.9 * scale), 0.12 * scale, 0.11 * scale), metal, 1.2)
    place(stage, light, figure, (foot - 1.0, 0, z), (1, 0, 0), (0, 1, 0), (2.0, 6.2), tilt=0.3)
    arm = blank(120, 320)
    per_metre = 320 / (reach + 0.8)
    tip = (0.35 * per_metre, 40.0)
    fill(arm, limb((320 - 0.4 * per_metre, 62), tip, 5, 4), metal, 1.0)
    lit = np.asarray(light.lamp_colour) * (9.0 if light.lamps_on else 0.0)
    fill(arm, limb((tip[0] - 0.25 * per_metre, 42), (tip[0] + 0.3 * per_metre, 42), 11, 9), metal, 3.0)
    fill(
        arm,
        limb((tip[0] - 0.22 * per_metre, 51), (tip[0] + 0.22 * per_metre, 51), 6, 6),
        (0.5, 0.5, 0.5),
        14.0 if light.lamps_on else 1.0,
        lit,
    )
    if side < 0:
        arm = Cutout(*(np.ascontiguousarray(plane[:, ::-1]) for plane in arm))
    left = x - 0.4 if side > 0 else foot - 0.4
    size = (reach + 0.8, 120 / per_metre)
    place(stage, light, arm, (left, y - 0.5 * size[1], z - 0.02), (1, 0, 0), (0, 1, 0), size)


def sign(stage: Stage, light: Light, x: float, z: float, text: str) -> None:
    """Puts a traffic sign on the stage; its face can be read in visible light only."""
    figure = blank(520, 160)
    fill(figure, [(76, 130), (84, 130), (84, 520), (76, 520)], (0.25, 0.25, 0.25), 0.6)
    if text == "30":
        fill(figure, disc((80, 80), 72), (0.55, 0.03, 0.03), 0.2)
        fill(figure, disc((80, 80), 56), (0.75, 0.75, 0.72), 0.2)
        ink = (0.02, 0.02, 0.02)
    else:
        fill(figure, [(12, 12), (148, 12), (148, 148), (12, 148)], (0.02, 0.10, 0.42), 0.2)
        ink = (0.8, 0.8, 0.8)
    scale = 2.0 if text == "30" else 3.2
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 8)
    letters = np.zeros(figure.covered.shape, np.uint8)
    cv2.putText(
        letters,
        text,
        (80 - width // 2, 80 + height // 2),
        cv2.FONT_HERSHEY_DUPLEX,
        scale,
        255,
        8,
        cv2.LINE_AA,
    )
    figure.colour[letters > 127] = ink
    place(stage, light, figure, (x - 0.4, 0, z), (1, 0, 0), (0, 1, 0), (0.8, 2.6))
