"""Temperatures from the raw counts of a calibrated thermal camera.

Sources: FLIR, "ThermaCAM: thermographic measurement techniques" (the formula of the manuals); W. Minkina, S. Dudzik,
"Infrared Thermography: Errors and Uncertainties" (2009), for the atmosphere; ExifTool's FLIR tags for the constants.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfjax.images.damage import damaged

ZERO_CELSIUS = 273.15  # kelvin
_VAPOUR = 1.5587, 0.06939, -2.7816e-4, 6.8455e-7  # of the logarithm of the water in saturated air, by powers of °C


@dataclass(frozen=True)
class Calibration:
    """The constants of a camera, and what its user told it of the scene. Temperatures are in kelvin."""

    r1: float
    r2: float
    b: float
    f: float
    o: float
    emissivity: float
    distance: float
    """In metres."""
    reflected: float
    """The apparent temperature of what the object reflects."""
    atmosphere: float
    window: float
    """The temperature of a window before the camera."""
    window_transmission: float
    humidity: float
    """Relative, from 0 to 1."""
    alpha: tuple[float, float]
    beta: tuple[float, float]
    x: float

    def celsius(self, counts: ArrayLike) -> NDArray[np.float32]:
        """Returns the temperatures of an object in °C; NaN where it would radiate less than nothing.

        Args:
            counts: raw counts, of any shape.

        Raises:
            MfjaxError: the constants are none of a camera.
        """
        if not (self.r1 > 0 and self.r2 > 0 and self.b > 0 and self.emissivity > 0 and self.window_transmission > 0):
            raise damaged("its calibration is empty")
        # From the camera to the object: each layer lets a share through and radiates the rest by its own temperature.
        # The air is taken to be as thick before a window as behind it.
        air = self._transmission_of_air()
        layers = (
            (air, self.atmosphere),
            (self.window_transmission, self.window),
            (air, self.atmosphere),
            (self.emissivity, self.reflected),
        )
        signal = np.asarray(counts, np.float64)
        for share, kelvin in layers:
            signal = (signal - (1 - share) * self._counts(kelvin)) / share
        with np.errstate(invalid="ignore", divide="ignore"):
            kelvins = self.b / np.log(self.r1 / (self.r2 * (signal + self.o)) + self.f)
        return np.where(signal + self.o > 0, kelvins - ZERO_CELSIUS, np.nan).astype(np.float32)

    def _counts(self, kelvin: float) -> float:
        """Returns the counts of a black body."""
        return self.r1 / (self.r2 * (math.exp(self.b / kelvin) - self.f)) - self.o

    def _transmission_of_air(self) -> float:
        celsius = self.atmosphere - ZERO_CELSIUS
        water = self.humidity * math.exp(sum(each * celsius**power for power, each in enumerate(_VAPOUR)))
        path = math.sqrt(self.distance / 2)
        first, second = (
            math.exp(-path * (alpha + beta * math.sqrt(water)))
            for alpha, beta in zip(self.alpha, self.beta, strict=True)
        )
        return self.x * first + (1 - self.x) * second
