"""Image files to arrays and back, and the number formats between them.

An image is an array [h, w] (gray) or [h, w, 3] (RGB, never BGR) of one of three types: uint8 from 0 to 255,
uint16 from 0 to 65535, or float32. Files hold any of the three; the models take float32 in [0, 1].
"""

import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from mfjax import image_headers as headers
from mfjax.errors import MfjaxError

logger = logging.getLogger("mfjax")

# A single row or column has no neighbour to interpolate from, nor any contrast along one of its axes.
MIN_SIDE = 2

# What `write` can encode, and how many bits a channel the format holds.
FORMATS = {
    ".png": (8, 16),
    ".tif": (8, 16, 32),
    ".tiff": (8, 16, 32),
    ".jpg": (8,),
    ".jpeg": (8,),
    ".bmp": (8,),
}

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of R, G, B: BT.601, as OpenCV's BGR2GRAY


def read(path: str | os.PathLike[str]) -> NDArray:
    """The pixels of an image file as stored: gray [h, w] or RGB [h, w, 3]; uint8, uint16 or float32.

    A gray picture stored as RGB with equal channels stays RGB: `is_colour` tells the two apart. Float files
    may have any finite range (degrees, kelvin). An alpha channel is dropped, only the first page of a TIFF is
    read, and an EXIF orientation is ignored: turning one image of a registered pair would break the pair.
    Each of the three is logged as a warning by the logger "mfjax".

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: `path` is no readable, complete image of at least 2x2 finite pixels.
    """
    path = Path(path)
    return decode(_bytes_of(path), path)


def decode(data: bytes, path: Path) -> NDArray:
    """The pixels of an image file's content, as `read` gives them; `path` is what messages call it.

    Raises:
        MfjaxError: as `read`.
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
    return _checked(path, _without_alpha(path, image, gray=headers.is_gray_png(data)))


def write(path: str | os.PathLike[str], image: NDArray) -> None:
    """Writes an image file whole or not at all; the suffix of `path` (any of `FORMATS`) chooses the format.

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
    """Writes several files as `write` does; none replaces what is at its path before all are on the disk.

    Raises:
        MfjaxError: as `write`.
    """
    with ExitStack() as temporaries:
        complete = []
        for path, image in images.items():
            # In the same folder, for only there is a rename atomic.
            temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
            temporaries.callback(_remove, temporary)  # still there only if something failed, an interrupt included
            with _write_errors(path):
                _write_bytes(temporary, _encoded(path, image))
            complete.append((temporary, path))
        for temporary, path in complete:
            with _write_errors(path):
                os.replace(temporary, path)


def is_colour(image: NDArray) -> bool:
    """Whether an image shows any colour: it has three channels and they differ somewhere."""
    return image.ndim == 3 and not (
        np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 1], image[..., 2])
    )


def to_luma(image: NDArray) -> NDArray:
    """0.299 R + 0.587 G + 0.114 B of a float RGB image [h, w, 3]; a gray one [h, w] as it is."""
    return image @ LUMA if image.ndim == 3 else image


def luma(image: NDArray) -> NDArray[np.uint8]:
    """The luma of an image of any type and colour, uint8 `[h, w]`.

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype == np.uint8 and image.ndim == 2:
        return image
    return from_float(to_luma(to_float(image)), np.uint8)


def to_float(image: NDArray) -> NDArray[np.float32]:
    """The image as float32 in [0, 1]: integers over the largest value of their type, floats as they are.

    Raises:
        MfjaxError: the type is neither uint8, uint16 nor float, or a float lies outside [0, 1].
    """
    if image.dtype in (np.uint8, np.uint16):
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    _check_unit_range(image)
    return image.astype(np.float32)


def from_float(image: NDArray, dtype: DTypeLike = np.uint8) -> NDArray:
    """An image in [0, 1] as another type: uint8 or uint16 rounded to the nearest step, or a float type.

    The inverse of `to_float`, exactly, for every uint8 and uint16 value.

    Raises:
        MfjaxError: `dtype` is none of these, or a value lies outside [0, 1].
    """
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
    """Gray [h, w] or RGB [h, w, 3] from the channels OpenCV returns: 1, gray + alpha, BGR or BGR + alpha."""
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


def _checked(path: Path, image: NDArray) -> NDArray:
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
    if not (low >= 0 and high <= 1):  # so written, NaN fails too
        raise MfjaxError(f"float images must lie in [0, 1], not [{low:g}, {high:g}]; scale or clip first")


def _write_bytes(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:  # opened plainly, so the umask sets its mode
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    """Says what is wrong with a path that can't be written."""
    try:
        yield
    except FileNotFoundError as error:
        raise MfjaxError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        raise MfjaxError(f"{path}: can't be written ({error.strerror}); choose another place") from error


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


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
    """The pixels in a type that the format of `path` holds."""
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
    log = getattr(cv2.utils, "logging", cv2)  # where OpenCV 5 and 4 keep the level; 0 is silence
    level = log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(level)
