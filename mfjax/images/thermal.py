"""Reads the temperatures of thermal cameras, and the photo that some of them keep in the same file."""

import os
from pathlib import Path
from typing import Literal

import numpy as np

from mfjax.errors import MfjaxError
from mfjax.images import reading
from mfjax.images.planck import ZERO_CELSIUS
from mfjax.images.radiometric import Thermal


def read_thermal(
    path: str | os.PathLike[str], *, page: int | None = None, unit: Literal["celsius", "kelvin"] | None = None
) -> Thermal:
    """Returns the temperatures of a file in °C, and the photo in it with the place where it shows them.

    Args:
        path: a FLIR radiometric JPEG, FFF, SEQ or CSQ; or with `unit` a float TIFF or NumPy array of temperatures.
            FILE[N] is frame N.
        page: the frame or page, counted from 0.
        unit: the unit of the numbers of a file that does not state it; None: the file states it.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: the file is damaged, or has no temperatures of which the unit is known.
    """
    file, number = reading.split_selection(path)
    if number is not None and page is not None:
        raise MfjaxError(f"{path}: names a page, and page is given, too; use one of them")
    page = number if page is None else page
    if unit is None:
        return of_bytes(reading.bytes_of(file), Path(path), page=page)
    if unit not in ("celsius", "kelvin"):
        raise MfjaxError(f"unit is {unit!r}; it is celsius or kelvin")
    found = reading.open(file, page=page, thermal=True)
    if found.metadata.unit is not None:
        raise MfjaxError(f"{path}: says itself that it is in {found.metadata.unit}; leave unit out")
    if found.pixels.dtype != np.float32 or found.pixels.ndim != 2:
        raise MfjaxError(f"{path}: has {found.pixels.dtype} pixels of shape {found.pixels.shape}, not temperatures")
    return Thermal(found.pixels - np.float32(ZERO_CELSIUS if unit == "kelvin" else 0))


def has_photo(path: str | os.PathLike[str]) -> bool:
    """Returns true if a thermal camera's file has a photo in it, without decoding anything.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: the file is damaged, or no image.
    """
    data = reading.bytes_of(Path(path))
    with reading.named(Path(path)):
        return reading.kind_of(data).has_photo(data)


def of_bytes(data: bytes, path: Path, *, page: int | None = None) -> Thermal:
    """Returns the temperatures of a file's content, as `read_thermal` does for a file.

    Args:
        data: the bytes of the file.
        path: the name that messages give the file; nothing is read from there.
        page: as of `read_thermal`.

    Raises:
        MfjaxError: as of `read_thermal`.
    """
    with reading.named(path):
        found = reading.kind_of(data).thermal(data, page)
        if isinstance(found, str):
            raise MfjaxError(found)
        return found
