"""Scenes to try the page with, rendered from formulas and a seed; no camera took them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.data.synthetic import Scene, scene
from mfjax.errors import MfjaxError
from mfjax.serve.uploads import Kind
from mfjax.size import Size

IR, VIS, SMALL = (240, 320), (480, 640), (96, 128)  # sizes; the last of pictures to choose by
COUNTS = 7200, 1400  # least value and span of raw data, as of a 14-bit sensor
WINDOW = (0.12, 0.8), (0.16, 0.84)  # rows and columns, as shares, that infrared sees of two views that differ


@dataclass(frozen=True)
class Sample:
    """A rendered pair."""

    title: str
    words: str
    """The thing to try with it, in words."""
    seed: int
    infrared: Callable[[NDArray], NDArray]
    """Returns the infrared picture from that of the scene."""
    align: bool = False
    """True: its views differ, so that it is to be aligned."""


def _as_it_is(ir: NDArray) -> NDArray:
    return images.from_float(ir, np.uint8)


def _raw(ir: NDArray) -> NDArray:
    low, span = COUNTS
    return np.rint(low + span * ir).astype(np.uint16)


def _seen_narrower(ir: NDArray) -> NDArray:
    rows, cols = (
        slice(round(first * side), round(last * side)) for (first, last), side in zip(WINDOW, ir.shape, strict=True)
    )
    size = ir.shape[1], ir.shape[0]
    return images.from_float(np.clip(cv2.resize(ir[rows, cols], size, interpolation=cv2.INTER_AREA), 0, 1), np.uint8)


SAMPLES = {
    "night": Sample("A street at night", "Infrared at half the resolution of visible.", 20, _as_it_is),
    "raw": Sample("By day, raw thermal data", "16 bits, of which a sensor uses few: the range is found.", 17, _raw),
    "apart": Sample("Two views that differ", "Infrared sees less: align them.", 8, _seen_narrower, align=True),
}


@lru_cache(4 * len(SAMPLES))
def png(name: str, kind: Kind, *, small: bool = False) -> bytes:
    """Returns a picture of a sample as a PNG file.

    Args:
        name: one of `SAMPLES`.
        kind: the infrared or the visible picture.
        small: as large as a thumb, to choose by.

    Raises:
        MfjaxError: there is no such sample.
    """
    if name not in SAMPLES:
        raise MfjaxError(f"there is no sample {name!r}; there are {', '.join(SAMPLES)}")
    sample = SAMPLES[name]
    made = _rendered(sample.seed, SMALL if small else IR if kind == "ir" else VIS)
    if kind == "vis":
        return images.encode(images.from_float(made.vis, np.uint8), Path("vis.png"))
    return images.encode(_as_it_is(made.ir) if small else sample.infrared(made.ir), Path("ir.png"))


@lru_cache(len(SAMPLES))
def _rendered(seed: int, size: Size) -> Scene:
    return scene(seed, *size)
