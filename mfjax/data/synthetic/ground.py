"""Draws the ground of a street and the far skyline, each with its colour and its warmth."""

import numpy as np
from numpy.typing import NDArray

from mfjax.data.synthetic.layout import FAR, Street
from mfjax.data.synthetic.light import AIR, Light
from mfjax.data.synthetic.stage import Noise, Shader, Surface, flag, smooth


def ground(street: Street, light: Light, noise: Noise) -> Shader:
    """Returns the shader of the ground at s = x, t = z: road with its marks, kerbs, paved and green sides, shadows."""

    def shade(x: NDArray, z: NDArray, depth: NDArray) -> Surface:
        near = np.clip(18 / depth, 0, 1)
        rough = noise.clouds(x, z, 11)
        grain = noise.grain(x, z, 5) * near
        across = np.abs(x)

        # Asphalt, with patches, tracks of tyres and cracks where one level of the noise passes.
        cracks = flag((np.abs(noise.clouds(x + 3, z, 17)) < 0.025) & (rough > 0))
        tracks = np.exp(-(((across - 0.5 * street.road) % 1.6 - 0.8) ** 2) / 0.08)
        tone = 0.062 * (1 + 0.16 * rough + 0.22 * grain - 0.14 * tracks) * (1 - 0.4 * cracks)
        celsius = AIR + 3.4 + 0.5 * rough + 0.9 * tracks + 0.15 * grain
        mark, worn = _road_marks(street, x, z), noise.clouds(x, z, 4) > -1.2
        painted = mark & worn
        tone = np.where(painted, 0.45 + 0.04 * rough, tone)
        celsius = celsius - 1.3 * flag(painted)
        colour = tone[..., None] * np.array([1.02, 1.0, 0.97], np.float32)

        # Kerb, then paving slabs with joints.
        beside = across - street.road
        slab_s, slab_t = beside / 0.6, z / 0.6 + 0.5 * (np.floor(beside / 0.6) % 2)
        joint = np.minimum(np.abs(slab_s % 1 - 0.5), np.abs(slab_t % 1 - 0.5))
        joints = smooth(0.44, 0.47, 0.5 - joint) * near
        shades = noise.grain(np.floor(slab_s) * 7.3, np.floor(slab_t) * 3.7, 512)
        paving = 0.20 * (1 + 0.1 * shades + 0.12 * rough + 0.1 * grain) * (1 - 0.45 * joints)
        kerb = (beside > 0) & (beside < 0.22)
        paving = np.where(kerb, 0.30 + 0.03 * grain, paving)
        paved = beside > 0
        colour = np.where(paved[..., None], paving[..., None] * np.array([1, 0.97, 0.92], np.float32), colour)
        celsius = np.where(
            paved, AIR + 1.8 + 0.4 * rough + 0.5 * shades * near - 0.5 * joints + 0.8 * flag(kerb), celsius
        )

        # Grass beyond the pavement.
        verge = smooth(0, 0.25, beside - 0.5 - street.pavement + 0.15 * rough)
        grass = 0.05 * (1 + 0.3 * noise.clouds(x, z, 6) + 0.35 * grain)
        green = grass[..., None] * np.array([0.85, 1.25, 0.45], np.float32)
        colour = colour + verge[..., None] * (green - colour)
        celsius = celsius + verge * (AIR - 1.2 + 0.6 * rough + 0.5 * grain - celsius)

        manhole = (x - 0.35 * street.road) ** 2 + (z - 11.5) ** 2 < 0.11
        colour = np.where(
            manhole[..., None], (0.03 + 0.02 * flag(np.sin(40 * x) * np.sin(40 * z) > 0))[..., None], colour
        )
        celsius = np.where(manhole, AIR + 9, celsius)

        shadow, warmed = _under_things(street, x, z)
        falling = light.falling_on(x, 0.0, z) * shadow[..., None]
        falling = falling + _headlights(street, x, z)[..., None] * np.array([1.0, 0.93, 0.8], np.float32)
        radiance = light.through_haze(colour * falling, depth)
        return Surface(np.ones_like(x, bool), radiance, celsius + warmed - 3 * smooth(30, FAR, depth))

    return shade


def _road_marks(street: Street, x: NDArray, z: NDArray) -> NDArray:
    centre = (np.abs(x) < 0.07) & (z % 6 < 3)
    edges = np.abs(np.abs(x) - street.road + 2.15) < 0.05
    zebra = (np.abs(z - street.crossing - 1.5) < 1.5) & (np.abs(x) < street.road - 0.2)
    stop = np.abs(z - street.crossing + 1.0) < 0.16
    calm = (z > street.crossing - 1.3) & (z < street.crossing + 4)
    return np.where(zebra, x % 1.0 < 0.5, ((centre | edges) & ~calm) | (stop & (x > 0))) & (np.abs(x) < street.road)


def _under_things(street: Street, x: NDArray, z: NDArray) -> tuple[NDArray, NDArray]:
    """Returns the share of the light that reaches the ground, and the degrees by which engines warm it."""
    light, warm = np.ones_like(x), np.zeros_like(x)

    def around(middle: float, reach: float) -> slice:
        """Returns the rows of the patch near z = middle; z is the same along a row, for the camera is level."""
        rows = np.flatnonzero(np.abs(z[:, 0] - middle) < reach)
        return slice(rows[0], rows[-1] + 1) if rows.size else slice(0, 0)

    for car in street.cars:
        rows = around(car.z + 2.1, 4)
        aside, ahead = np.abs(x[rows] - car.x) - 0.8, np.abs(z[rows] - car.z - 2.1) - 2.0
        outside = np.hypot(np.maximum(aside, 0), np.maximum(ahead, 0))
        light[rows] *= 1 - 0.88 * np.exp(-((outside / 0.35) ** 2))
        engine = car.z + (0.7 if car.oncoming else 3.5)
        warm[rows] += 0.28 * car.engine * np.exp(-((x[rows] - car.x) ** 2 + (z[rows] - engine) ** 2) / 0.7)
    for person in street.people:
        rows = around(person.z, 1)
        light[rows] *= 1 - 0.5 * np.exp(-((x[rows] - person.x) ** 2 + (z[rows] - person.z) ** 2) / 0.12)
    for tree in street.trees:
        rows = around(tree.z, tree.height)
        square = (x[rows] - tree.x) ** 2 + (z[rows] - tree.z) ** 2
        light[rows] *= 1 - 0.35 * np.exp(-square / (0.1 * tree.height**2))
    edge = 0.5 + street.pavement + street.road
    for side in {building.side for building in street.buildings}:  # a wall hides half of the sky
        light *= 1 - 0.45 * np.exp(-np.maximum(edge - side * x, 0) / 0.7)
    return light, warm


def _headlights(street: Street, x: NDArray, z: NDArray) -> NDArray:
    """Returns the light that the lamps of driving cars throw on the road before them."""
    total = np.zeros_like(x)
    if street.hour < 0.3:
        return total
    for car in street.cars:
        if car.driving:
            ahead = car.z - z if car.oncoming else z - car.z - 4.2
            spread = 0.9 + 0.16 * np.maximum(ahead, 0)
            beam = np.exp(-(((x - car.x) / spread) ** 2)) * smooth(0.2, 4, ahead) * np.exp(-np.maximum(ahead, 0) / 9)
            total += 0.9 * beam
    return total


def skyline(light: Light, noise: Noise) -> Shader:
    """Returns the shader of distant roofs and trees on a plane far away: s metres across, t metres up."""

    def shade(s: NDArray, t: NDArray, depth: NDArray) -> Surface:
        block = np.floor(s / 13)
        roofs = 13 + 8 * noise.grain(block * 11.7, block * 0 + 5.3, 512)
        crowns = 9 + 4 * noise.clouds(s, s * 0 + 1, 160) + 0.9 * noise.clouds(s, t, 30)
        covered = t < np.maximum(roofs, crowns)
        trees = crowns > roofs
        rows, cols = (t % 3.2) / 3.2, (s % 2.8) / 2.8
        window = ~trees & (np.abs(rows - 0.5) < 0.25) & (np.abs(cols - 0.5) < 0.25)
        hashed = noise.grain(np.floor(s / 2.8) * 3.1, np.floor(t / 3.2) * 5.7, 512)
        lit = window & (hashed > 1.25 - 0.6 * light.hour) & (light.hour > 0.2)
        crown = 0.05 + 0.02 * noise.grain(s, t, 60)
        tone = np.where(trees, crown, 0.16 + 0.05 * noise.grain(block * 5, block, 512))
        radiance = light.through_haze(tone[..., None] * light.falling_on(0.0, 8.0, FAR), depth)
        radiance = radiance + (0.22 * flag(lit))[..., None] * np.array([1, 0.75, 0.42], np.float32)
        celsius = AIR - 0.5 - 1.5 * flag(trees) + 0.5 * noise.clouds(s, t, 60) + 1.2 * flag(window)
        return Surface(covered, radiance, celsius)

    return shade
