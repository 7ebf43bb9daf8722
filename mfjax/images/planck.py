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
_HOTTEST = 1e5  # kelvin; beyond it a calibration is damaged
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
        if not (self.r1 > 0 and self.r2 > 0 and self.b > 0):
            raise damaged("its calibration is empty")
        try:
            found = self._celsius(np.asarray(counts, np.float64))
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            raise damaged(f"its calibration is none of a camera: {error}") from error
        if not np.isfinite(found).any():
            raise damaged("its calibration makes no temperature of any raw count")
        return found.astype(np.float32)

    def _celsius(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        # From the camera to the object: each layer lets a share through and radiates the rest by its own temperature.
        # The air is taken to be as thick before a window as behind it.
        if not min(self.atmosphere, self.window, self.reflected) > 0:
            raise ValueError("a temperature is below absolute zero")
        air = self._transmission_of_air()
        layers = (
            (air, self.atmosphere),
            (self.window_transmission, self.window),
            (air, self.atmosphere),
            (self.emissivity, self.reflected),
        )
        for share, kelvin in layers:
            if not 0 < share < math.inf:
                raise ValueError(f"a share of {share:g} is let through")
            signal = (signal - (1 - share) * self._counts(kelvin)) / share
        with np.errstate(all="ignore"):
            kelvins = self.b / np.log(self.r1 / (self.r2 * (signal + self.o)) + self.f)
            found = np.where((signal + self.o > 0) & (kelvins > 0) & (kelvins < _HOTTEST), kelvins, np.nan)
        return found - ZERO_CELSIUS

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
