"""The light at an hour: sky, ambient light, street lamps and haze."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfjax.data.synthetic.stage import Noise, Surface

Coordinate = float | NDArray

AIR = 11.0  # degrees Celsius

# Linear colours by the hour: an overcast afternoon, dusk, night.
HOURS = (0.0, 0.5, 1.0)
ZENITH = ((0.34, 0.42, 0.55), (0.05, 0.09, 0.20), (0.004, 0.006, 0.014))
HORIZON = ((0.80, 0.80, 0.80), (0.80, 0.40, 0.20), (0.035, 0.026, 0.022))
AMBIENT = ((0.60, 0.63, 0.68), (0.10, 0.115, 0.16), (0.010, 0.011, 0.015))
EXPOSURE = (2.1, 3.6, 9.0)


@dataclass(frozen=True)
class Light:
    """All light of a scene at one hour, from 0, an overcast afternoon, to 1, night."""

    hour: float
    lamps: tuple[tuple[float, float, float], ...]  # positions of the lamp heads
    lamp_colour: tuple[float, float, float]
    noise: Noise

    def at_hour(self, colours: ArrayLike) -> NDArray:
        """Returns a quantity at this hour, from its values at the three HOURS, interpolated by ratio."""
        logs = np.log(np.asarray(colours, float)).reshape(3, -1)
        return np.exp([np.interp(self.hour, HOURS, column) for column in logs.T]).astype(np.float32)

    @property
    def lamps_on(self) -> bool:
        """Returns true if the street lamps are lit."""
        return self.hour > 0.3

    def sky(self, u: NDArray, v: NDArray) -> Surface:
        """Returns the sky around the street's end: bright and less cold low down, with clouds."""
        elevation = np.clip(v, 0, 1)
        blend = np.exp(-elevation / (0.14 + 0.25 * (1 - self.hour)))[..., None]
        colour = self.at_hour(HORIZON) * blend + self.at_hour(ZENITH) * (1 - blend)
        # Clouds lie on a plane above: they shrink and crowd towards the horizon.
        distance = 1 / (elevation + 0.12)
        clouds = np.clip(self.noise.clouds(u * distance, 2 * distance, 9) * 0.5 + 0.35, 0, 1)
        cloudy = 0.55 * clouds[..., None] * (1 - 0.6 * blend)
        lit = 0.55 * self.at_hour(HORIZON) + 0.45 * self.at_hour(AMBIENT)
        celsius = AIR - 3.5 - 15 * (1 - np.exp(-elevation / 0.4)) + 5 * clouds
        return Surface(np.ones_like(u, bool), colour * (1 - cloudy) + lit * cloudy, celsius)

    def falling_on(self, x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray:
        """Returns the light [..., 3] that arrives at points: from the whole sky and from each lamp."""
        shape = np.broadcast_shapes(np.shape(x), np.shape(y), np.shape(z))
        total = np.broadcast_to(self.at_hour(AMBIENT), (*shape, 3))
        if not self.lamps_on:
            return total
        lamplight: NDArray = np.zeros(shape, np.float32)
        for lamp_x, lamp_y, lamp_z in self.lamps:
            square = (x - lamp_x) ** 2 + (y - lamp_y) ** 2 + (z - lamp_z) ** 2
            below = np.clip((lamp_y + 0.3 - y) / np.sqrt(square), 0, 1)  # a shade keeps the light down
            lamplight = lamplight + 7.0 * below**1.5 / (square + 1)
        return total + lamplight[..., None] * np.asarray(self.lamp_colour, np.float32)

    def through_haze(self, radiance: NDArray, depth: NDArray) -> NDArray:
        """Returns radiance as it arrives after `depth` metres of evening air."""
        clear = np.exp(-depth / 600)[..., None]
        return radiance * clear + 0.6 * self.at_hour(HORIZON) * (1 - clear)
