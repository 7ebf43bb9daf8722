"""Writes image files, each completely or not at all."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mfjax import atomic
from mfjax.errors import MfjaxError
from mfjax.images import formats
from mfjax.images.metadata import Metadata
from mfjax.images.numbers import from_float

_NOTHING = Metadata()

logger = logging.getLogger("mfjax")


def write(
    path: str | os.PathLike[str], image: NDArray, *, metadata: Metadata = _NOTHING, quality: int | None = None
) -> None:
    """Writes an image file completely or not at all, in the format that the suffix of `path` names (one of `FORMATS`).

    uint8 and uint16 pixels are stored as they are. Floats are stored as float32 in a TIFF, which takes any
    finite range, and as 8 bits in the other formats, from [0, 1]; for 16 bits use `from_float` first.

    Args:
        path: where to write; a file already there is replaced only when the new one is complete.
        image: gray [h, w] or RGB [h, w, 3].
        metadata: the ICC profile, dpi and EXIF data of the source, as `mfjax.images.open` gives them. A profile or EXIF
            data that the format can't keep are logged; a profile for colours is left out of a gray image. By default
            there are none.
        quality: 1 to 100, of JPEG (95 by default) and WebP (lossless by default).

    Raises:
        MfjaxError: the format can't hold the image, its shape or range is wrong, or `path` can't be written.
    """
    write_all({Path(path): image}, metadata={Path(path): metadata}, quality=quality)


def write_all(
    images: Mapping[Path, NDArray],
    *,
    metadata: Mapping[Path, Metadata] | None = None,
    quality: int | None = None,
) -> None:
    """Writes several files as `write` does, and replaces none before all of them are on the disk.

    Args:
        images: the image to write to each path.
        metadata: what to store with each; a path that is not in it has none.
        quality: as of `write`.

    Raises:
        MfjaxError: the same errors as `write`.
    """
    known = metadata or {}
    try:
        atomic.write_all(
            (path, encode(image, path, metadata=known.get(path, _NOTHING), quality=quality))
            for path, image in images.items()
        )
    except FileNotFoundError as error:
        path = Path(error.filename)
        raise MfjaxError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        raise MfjaxError(f"{error.filename}: can't be written ({error.strerror}); choose another place") from error


def check_quality(quality: int | None, path: Path) -> None:
    """Raises MfjaxError if a quality is none, or the format of a file has none.

    Args:
        quality: the quality, from 1 to 100; None: the format's default, which is always possible.
        path: the file.
    """
    if quality is None:
        return
    if not 1 <= quality <= 100:
        raise MfjaxError(f"quality is {quality}; it is a number from 1 to 100")
    kind = formats.of_suffix(path.suffix)
    if kind is not None and not kind.quality:
        lossy = ", ".join(suffix for each in formats.ALL if each.quality for suffix in each.suffixes)
        raise MfjaxError(f"{path}: {path.suffix} is lossless and has no quality; {lossy} have one")


def encode(image: NDArray, path: Path, *, metadata: Metadata = _NOTHING, quality: int | None = None) -> bytes:
    """Returns the bytes of the file that `write` writes.

    Args:
        image: as of `write`.
        path: the name that messages give the file, and whose suffix is its format; nothing is written there.
        metadata: as of `write`.
        quality: as of `write`.

    Raises:
        MfjaxError: the format can't hold the image, or its shape or range is wrong.
    """
    kind = formats.of_suffix(path.suffix)
    if kind is None or kind.encode is None:
        raise MfjaxError(formats.unknown_suffix(path))
    check_quality(quality, path)
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
        raise MfjaxError(f"{path}: an image is [h, w] or [h, w, 3], not {list(image.shape)}")
    pixels = np.ascontiguousarray(_storable(path, image))
    fitting = _fitting(metadata, pixels)
    told = {"ICC profile": fitting.icc, "EXIF": fitting.exif}  # not the dpi, which nearly every file has
    if lost := [what for what, content in told.items() if content and what not in kind.keeps]:
        logger.warning("%s: a %s keeps no %s of its source", path, kind.name, " and no ".join(lost))
    try:
        return kind.encode(pixels, fitting, quality)
    except (MfjaxError, RuntimeError) as error:  # imagecodecs raises RuntimeErrors
        raise MfjaxError(f"{path}: {image.shape[0]}x{image.shape[1]} pixels can't be encoded ({error})") from error


def _fitting(metadata: Metadata, pixels: NDArray) -> Metadata:
    """Returns the metadata without an ICC profile that is for another number of channels."""
    colours = b"GRAY" if pixels.ndim == 2 else b"RGB "
    if metadata.icc is None or metadata.icc[16:20] == colours:  # the field of the profile's colour space
        return metadata
    return Metadata(dpi=metadata.dpi, exif=metadata.exif)


def _storable(path: Path, image: NDArray) -> NDArray:
    """Returns the pixels in a type that the format of `path` holds."""
    depths = formats.FORMATS[path.suffix.lower()]
    if image.dtype.kind == "f":
        if 32 not in depths:
            return from_float(image)
        if not np.isfinite(image).all():
            raise MfjaxError(f"{path}: the image has values that are NaN or infinite")
        return image.astype(np.float32)
    if image.dtype not in (np.uint8, np.uint16):
        raise MfjaxError(f"{path}: images are uint8, uint16 or float, not {image.dtype}")
    if 8 * image.dtype.itemsize not in depths:
        raise MfjaxError(f"{path}: {path.suffix} holds 8 bits, the image 16; write .png or .tiff, or 8 bits")
    return image
