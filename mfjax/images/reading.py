"""Reads image files: the kind that the first bytes tell, the chosen page or band, and one of three number types."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mfjax import regular
from mfjax.errors import MfjaxError
from mfjax.images import formats
from mfjax.images.limits import MIN_SIDE
from mfjax.images.metadata import CELSIUS, UPRIGHT, Decoded, ImageFile, turned
from mfjax.images.radiometric import Thermal

logger = logging.getLogger("mfjax")

_SELECTED = re.compile(r"(.+)\[(\d+)\]")


def read(
    path: str | os.PathLike[str], *, page: int | None = None, band: int | None = None, exif: bool = False
) -> NDArray:
    """Returns the pixels of an image file as stored: gray [h, w] or RGB [h, w, 3]; uint8, uint16 or float32.

    A gray picture stored as RGB with equal channels stays RGB: `is_colour` tells the two apart. Float files may have
    any finite range (degrees, kelvin). Signed and 32-bit integers become float32 and keep their values, as do those of
    10 to 14 bits, as uint16. What was left out (alpha, further pages, an orientation), converted or guessed is logged
    as a warning by the logger "mfjax".

    Args:
        path: the image file, or FILE[N] for page N of a file of several pages, and for band N of another file, both
            counted from 0. A file of that very name comes first.
        page: the page, counted from 0; None: the picture, which is the first page that is no preview.
        band: the one channel to read, counted from 0, such as that of a multispectral image; None: all of a picture.
        exif: turn the picture as its EXIF orientation says. By default it stays as it is stored, for turning one image
            of a registered pair would break the pair.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: `path` is no readable, complete image of at least 2x2 finite pixels, or has no such page or band.
    """
    return open(path, page=page, band=band, exif=exif).pixels


def open(
    path: str | os.PathLike[str],
    *,
    page: int | None = None,
    band: int | None = None,
    exif: bool = False,
    thermal: bool = False,
) -> ImageFile:
    """Returns an image file with its pixels, as `read` does, and its metadata.

    Args:
        path: as of `read`.
        page: as of `read`.
        band: as of `read`.
        exif: as of `read`.
        thermal: read it as the source of an infrared image: where a camera stored temperatures beside a picture, these
            (`Metadata.unit` says so), and NaN, as infinite values become, where there are no data.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: as of `read`.
    """
    file, number = split_selection(path)
    data = bytes_of(file)
    if number is not None:
        if page is not None or band is not None:
            raise MfjaxError(f"{path}: names a page or band, and page or band is given, too; use one of them")
        with named(file):
            several = kind_of(data).count_pages(data) > 1
        page, band = (number, None) if several else (None, number)
    return _opened(data, Path(path), page=page, band=band, exif=exif, thermal=thermal)


def decode(data: bytes, path: Path) -> NDArray:
    """Returns the pixels of an image file's content, as `read` does for a file.

    Args:
        data: the bytes of the file.
        path: the name that messages give the file; nothing is read from there.

    Raises:
        MfjaxError: `data` is no complete image of at least 2x2 finite pixels.
    """
    return _opened(data, path, page=None, band=None, exif=False).pixels


def split_selection(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """Returns the file that a path names, and the N of FILE[N]; None if there is no such choice.

    Args:
        path: a file, or FILE[N]. A file of that very name comes first.
    """
    path = Path(path)
    found = _SELECTED.fullmatch(path.name)
    if found is None or path.exists() or not path.with_name(found[1]).is_file():
        return path, None
    return path.with_name(found[1]), int(found[2])


def _opened(
    data: bytes, path: Path, *, page: int | None, band: int | None, exif: bool, thermal: bool = False
) -> ImageFile:
    """Returns the content of a file, and logs what is to be said about it."""
    with named(path):
        kind = kind_of(data)
        if page and kind.count_pages(data) == 1:
            raise MfjaxError(f"has one page; there is no page {page}")
        decoded = kind.decode(data, page)
        if thermal and band is None and decoded.metadata.unit is None:
            decoded = _with_temperatures(decoded, kind.thermal(data, page))
        notes = list(decoded.notes)
        pixels = _as_pixels(_channels(decoded, band, notes), notes, nan=thermal)
    metadata = decoded.metadata
    if metadata.orientation != UPRIGHT:
        if exif:
            pixels = turned(pixels, metadata.orientation)
            metadata = replace(metadata, orientation=UPRIGHT)
        else:
            notes.append(f"EXIF orientation {metadata.orientation} ignored; exif=True (--exif) turns the picture")
    for note in notes:
        logger.warning("%s: %s", path, note)
    return ImageFile(pixels, metadata)


def _with_temperatures(decoded: Decoded, found: Thermal | str) -> Decoded:
    """Returns a picture's file with its temperatures in place of the picture, if it has any."""
    if isinstance(found, str):
        return decoded
    note = "the camera's temperatures (°C) read, not its picture"
    return Decoded(found.celsius, metadata=replace(decoded.metadata, unit=CELSIUS), notes=(note,))


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Puts a file's name before the message of an MfjaxError.

    Args:
        path: the file.
    """
    try:
        yield
    except MfjaxError as error:
        raise MfjaxError(f"{path}: {error}") from error


def kind_of(data: bytes) -> formats.Format:
    """Returns the kind of a file.

    Args:
        data: the bytes of the file.

    Raises:
        MfjaxError: it is none that is read.
    """
    if (kind := formats.of_bytes(data)) is not None:
        return kind
    if (name := formats.other_name(data)) is not None:
        raise MfjaxError(f"is {name}, which is not read; save it as a PNG or TIFF")
    raise MfjaxError(f"not an image of a known kind ({', '.join(each.name for each in formats.ALL)})")


def bytes_of(path: Path) -> bytes:
    """Returns the content of a file.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: it is empty, no regular file, or can't be read.
    """
    data = regular.read_bytes(path)
    if not data:
        raise MfjaxError(f"{path}: the file is empty")
    return data


def _channels(decoded: Decoded, band: int | None, notes: list[str]) -> NDArray:
    """Returns gray [h, w] or RGB [h, w, 3]: one band, or the colours without what else a file has."""
    pixels, colours = decoded.pixels, decoded.colours
    count = 1 if pixels.ndim == 2 else pixels.shape[2]
    if band is not None:
        if band >= count:
            raise MfjaxError(f"has {count} bands, counted from 0; there is no band {band}")
        return np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], count)[..., band])
    if colours == 0:
        raise MfjaxError(f"has {count} bands; choose one by FILE[N] (band=N), counted from 0")
    if count > colours:
        notes.append(f"{decoded.extra} dropped; FILE[{colours}] (band={colours}) reads it")
    if colours == 1:
        return np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], count)[..., 0])
    return np.ascontiguousarray(pixels[..., :colours])


def _as_pixels(pixels: NDArray, notes: list[str], *, nan: bool) -> NDArray:
    """Returns the pixels as uint8, uint16 or float32, with NaN if `nan` for what is not finite.

    Raises:
        MfjaxError: they are too few, or beyond these types.
    """
    if min(pixels.shape[:2]) < MIN_SIDE:
        raise MfjaxError(f"is {pixels.shape[0]}x{pixels.shape[1]}; images must be at least {MIN_SIDE}x{MIN_SIDE}")
    if pixels.dtype in (np.uint8, np.uint16):
        return pixels
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind == "f":
        finite = np.isfinite(pixels)
        if not finite.all():
            strange = pixels.size - np.count_nonzero(finite)
            if not nan or strange == pixels.size:
                raise MfjaxError(f"has {strange} of {pixels.size} values that are NaN or infinite; replace them first")
            pixels = np.where(finite, pixels, np.array(np.nan, pixels.dtype))
        largest = np.nanmax(np.abs(pixels))
        if largest > np.finfo(np.float32).max:
            raise MfjaxError(f"has values up to {largest:g}, beyond those of float32; scale them first")
    if pixels.dtype in (np.float16, np.float32):
        return pixels.astype(np.float32)
    converted = pixels.astype(np.float32)
    exactly = pixels.astype(np.float64)  # holds what matters here: 64-bit integers up to 2^53
    same = np.array_equal(converted, exactly, equal_nan=True) and np.nanmax(np.abs(exactly)) < 2**53
    rounded = "" if same else ", rounded to 24 bits"
    notes.append(f"{pixels.dtype} pixels read as float32{rounded}")
    return converted
