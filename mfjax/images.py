"""Reads and writes image files, and converts between the number formats of their pixels.

An image is an array [h, w] (gray) or [h, w, 3] (RGB, never BGR) of one of three types: uint8 from 0 to 255,
uint16 from 0 to 65535, or float32. Files hold any of the three; the models take float32 in [0, 1].
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from mfjax import atomic
from mfjax import image_headers as headers
from mfjax.errors import MfjaxError

logger = logging.getLogger("mfjax")

# A single row or column has no neighbour to interpolate from, nor any contrast along one of its axes.
MIN_SIDE = 2

# The formats that `write` can encode, by suffix, and the bits a channel that each holds.
FORMATS = {
    ".png": (8, 16),
    ".tif": (8, 16, 32),
    ".tiff": (8, 16, 32),
    ".jpg": (8,),
    ".jpeg": (8,),
    ".bmp": (8,),
}

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of R, G, B: BT.601, as OpenCV's BGR2GRAY


def read(path: str | os.PathLike[str]) -> NDArray:
    """Returns the pixels of an image file as stored: gray [h, w] or RGB [h, w, 3]; uint8, uint16 or float32.

    A gray picture stored as RGB with equal channels stays RGB: `is_colour` tells the two apart. Float files
    may have any finite range (degrees, kelvin). An alpha channel is dropped, only the first page of a TIFF is
    read, and an EXIF orientation is ignored: turning one image of a registered pair would break the pair.
    Each of the three is logged as a warning by the logger "mfjax".

    Args:
        path: the image file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: `path` is no readable, complete image of at least 2x2 finite pixels.
    """
    path = Path(path)
    return decode(_bytes_of(path), path)


def decode(data: bytes, path: Path) -> NDArray:
    """Returns the pixels of an image file's content, as `read` does for a file.

    Args:
        data: the bytes of the file.
        path: the name that messages give the file; nothing is read from there.

    Raises:
        MfjaxError: `data` is no complete image of at least 2x2 finite pixels.
    """
    if not headers.is_whole(data):
        raise MfjaxError(f"{path}: the file is cut short or damaged; copy it again")
    try:
        with _quiet_opencv():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise MfjaxError(f"{path}: can't be decoded ({error.err})") from error
    if image is None:
        raise MfjaxError(f"{path}: not an image, or a damaged one")
    if headers.has_more_pages(data):
        logger.warning("%s: first page read, others ignored", path)
    if (orientation := headers.exif_orientation(data)) != 1:
        logger.warning("%s: EXIF orientation %d ignored", path, orientation)
    return _as_pixels(path, _without_alpha(path, image, gray=headers.is_gray_png(data)))


def write(path: str | os.PathLike[str], image: NDArray) -> None:
    """Writes an image file completely or not at all, in the format that the suffix of `path` names (one of `FORMATS`).

    uint8 and uint16 pixels are stored as they are. Floats are stored as float32 in a TIFF, which takes any
    finite range, and as 8 bits in the other formats, from [0, 1]; for 16 bits use `from_float` first.

    Args:
        path: where to write; a file already there is replaced only when the new one is complete.
        image: gray [h, w] or RGB [h, w, 3].

    Raises:
        MfjaxError: the format can't hold the image, its shape or range is wrong, or `path` can't be written.
    """
    write_all({Path(path): image})


def write_all(images: Mapping[Path, NDArray]) -> None:
    """Writes several files as `write` does, and replaces none before all of them are on the disk.

    Args:
        images: the image to write to each path.

    Raises:
        MfjaxError: the same errors as `write`.
    """
    try:
        atomic.write_all((path, _encoded(path, image)) for path, image in images.items())
    except FileNotFoundError as error:
        path = Path(error.filename)
        raise MfjaxError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        raise MfjaxError(f"{error.filename}: can't be written ({error.strerror}); choose another place") from error


def is_colour(image: NDArray) -> bool:
    """Returns true if an image shows colour: it has three channels and they differ somewhere.

    Args:
        image: gray [h, w] or RGB [h, w, 3], of any type.
    """
    return image.ndim == 3 and not (
        np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 1], image[..., 2])
    )


def to_luma(image: NDArray) -> NDArray:
    """Returns the luma of a float image, 0.299 R + 0.587 G + 0.114 B, as [h, w].

    Args:
        image: RGB [h, w, 3]; a gray image [h, w] is returned unchanged.
    """
    return image @ LUMA if image.ndim == 3 else image


def luma(image: NDArray) -> NDArray[np.uint8]:
    """Returns the luma of an image as uint8 [h, w].

    Args:
        image: gray [h, w] or RGB [h, w, 3], of any of the three types; floats in [0, 1].

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype == np.uint8 and image.ndim == 2:
        return image
    return from_float(to_luma(to_float(image)), np.uint8)


def to_float(image: NDArray) -> NDArray[np.float32]:
    """Returns an image as float32 in [0, 1]: integers divided by the largest value of their type, floats unchanged.

    Args:
        image: an array of any shape; floats in [0, 1].

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype in (np.uint8, np.uint16):
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    _check_unit_range(image)
    return image.astype(np.float32)


def from_float(image: NDArray, dtype: DTypeLike = np.uint8) -> NDArray:
    """Returns an image in another type: uint8 or uint16 rounded to the nearest step, or a float type.

    It inverts `to_float` exactly for every uint8 and uint16 value.

    Args:
        image: a float array of any shape in [0, 1].
        dtype: uint8, uint16 or a float type.

    Raises:
        MfjaxError: `dtype` is none of these, the image is no float array, or a value lies outside [0, 1].
    """
    if image.dtype.kind != "f":
        raise MfjaxError(f"the image is {image.dtype} already; what is converted from float is a float array in [0, 1]")
    _check_unit_range(image)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return image.astype(dtype)
    if dtype not in (np.uint8, np.uint16):
        raise MfjaxError(f"images are uint8, uint16 or float, not {dtype}")
    return np.rint(image.astype(np.float32) * np.float32(np.iinfo(dtype).max)).astype(dtype)


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise MfjaxError(f"{path}: is a folder, not an image file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise MfjaxError(f"{path}: can't be read ({error.strerror})") from error
    if not data:
        raise MfjaxError(f"{path}: the file is empty")
    return data


def _without_alpha(path: Path, image: NDArray, *, gray: bool) -> NDArray:
    """Returns gray [h, w] or RGB [h, w, 3] from the channels OpenCV gives: 1, gray + alpha, BGR or BGR + alpha."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels in (2, 4):
        logger.warning("%s: alpha dropped", path)
    if channels == 1:
        return image.reshape(image.shape[:2])
    if channels == 2 or gray:
        return np.ascontiguousarray(image[..., 0])
    if channels in (3, 4):
        return np.ascontiguousarray(image[..., 2::-1])
    raise MfjaxError(f"{path}: has {channels} channels; gray and RGB images are read")


def _as_pixels(path: Path, image: NDArray) -> NDArray:
    """Returns the pixels as uint8, uint16 or float32. Raises MfjaxError if they are too few, or of another type."""
    if min(image.shape[:2]) < MIN_SIDE:
        raise MfjaxError(f"{path}: is {_size(image)}; images must be at least {MIN_SIDE}x{MIN_SIDE}")
    if image.dtype in (np.uint8, np.uint16):
        return image
    if image.dtype.kind != "f":
        raise MfjaxError(f"{path}: pixels are {image.dtype}; save them as 8 or 16 bits unsigned, or as float")
    if not np.isfinite(image).all():
        raise MfjaxError(f"{path}: has pixels that are NaN or infinite; replace them first")
    return image.astype(np.float32)


def _check_unit_range(image: NDArray) -> None:
    if image.dtype.kind != "f":
        raise MfjaxError(f"images are uint8, uint16 or float, not {image.dtype}")
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise MfjaxError(f"float images must lie in [0, 1], not [{low:g}, {high:g}]; scale or clip first")


def _encoded(path: Path, image: NDArray) -> bytes:
    if path.suffix.lower() not in FORMATS:
        raise MfjaxError(f"{path}: unknown suffix {path.suffix!r}; use one of {', '.join(FORMATS)}")
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
        raise MfjaxError(f"{path}: an image is [h, w] or [h, w, 3], not {list(image.shape)}")
    pixels = _storable(path, image)
    bgr = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])
    options = []
    if pixels.dtype == np.float32:  # OpenCV 4.10 compresses float TIFFs into different numbers
        options = [cv2.IMWRITE_TIFF_COMPRESSION, 1]
    try:
        with _quiet_opencv():
            done, data = cv2.imencode(path.suffix.lower(), bgr, options)
    except cv2.error as error:
        raise MfjaxError(f"{path}: {_size(image)} pixels can't be encoded ({error.err})") from error
    if not done:
        raise MfjaxError(f"{path}: {_size(image)} pixels can't be encoded as {path.suffix}")
    return data.tobytes()


def _storable(path: Path, image: NDArray) -> NDArray:
    """Returns the pixels in a type that the format of `path` holds."""
    depths = FORMATS[path.suffix.lower()]
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


def _size(image: NDArray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV from printing what an exception is about to say."""
    log = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 and 4 keep the level in different places; 0 is silence
    level = log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(level)
