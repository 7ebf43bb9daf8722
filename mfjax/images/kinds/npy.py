"""NumPy arrays: `.npy`, and `.npz` with one array."""

import io
import math
import re
import zipfile
import zlib
from tokenize import TokenError
from typing import IO

import numpy as np

from mfjax.errors import MfjaxError
from mfjax.images.damage import damaged
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded

_ARRAY, _ARCHIVE = b"\x93NUMPY", b"PK\x03\x04"


def _recognises(data: bytes) -> bool:
    return data.startswith((_ARRAY, _ARCHIVE))


def _decode(data: bytes, page: int | None) -> Decoded:
    try:
        if data.startswith(_ARRAY):
            return _picture(io.BytesIO(data), len(data))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [each for each in archive.infolist() if each.filename.endswith(".npy")]
            if len(names) != 1:
                arrays = ", ".join(each.filename.removesuffix(".npy") for each in names) or "none"
                raise MfjaxError(f"has these arrays: {arrays}; save the one that is the image as .npy")
            with archive.open(names[0]) as file:
                return _picture(file, len(data))
    except MfjaxError:
        raise
    except (ValueError, EOFError, SyntaxError, TokenError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise damaged(re.split(r"\.\s", str(error))[0]) from error  # then NumPy advises what would be unsafe


def _picture(file: IO[bytes], stored: int) -> Decoded:
    """Returns the content of an array's file, after checking what its header declares.

    Args:
        file: the array's file, from its start.
        stored: the bytes of the whole file.
    """
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = reader(file)
    if dtype.kind not in "uifb":
        raise MfjaxError(f"has values of type {dtype}; images are integers or floats")
    if len(shape) not in (2, 3):
        raise MfjaxError(f"has an array of shape {shape}; an image is [h, w] (gray) or [h, w, 3] (RGB)")
    height, width, *channels = shape
    check_declared(height, width, math.prod(channels) * dtype.itemsize, stored)
    content = file.read(math.prod(shape) * dtype.itemsize)
    if len(content) < math.prod(shape) * dtype.itemsize:
        raise damaged("it has fewer values than declared")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")
    colours = {1: 1, 3: 3, 4: 3}.get(channels[0], 0) if channels else 1
    return Decoded(array.astype(dtype.newbyteorder("=")), colours)


FORMAT = Format(
    name="NumPy",
    suffixes=(".npy", ".npz"),
    recognises=_recognises,
    decode=_decode,
    reads="[h, w], [h, w, 3] and [h, w, 4] of any number type, which is what TIFF reads",
    refuses="pickled objects, archives of several arrays",
)
