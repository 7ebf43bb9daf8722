"""The pixels in the records of a FLIR frame: raw counts, and the photo of the visible camera.

Source: ExifTool's tables of FLIR tags (lib/Image/ExifTool/FLIR.pm).
"""

import struct

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images import jpeg_stream, png_stream
from mfjax.images.damage import damaged
from mfjax.images.declared import PNG
from mfjax.images.limits import check_declared
from mfjax.size import Size

_PIXELS = 32  # bytes of a record before its pixels
_JPEG, _JPEG_LS_FRAME, _JPEG_LS_END = b"\xff\xd8\xff", b"\xff\xf7", b"\xff\xd9"


def byte_order(record: bytes) -> str:
    """Returns the byte order of a record, as `struct` names it, by the small number that a record begins with.

    Args:
        record: the record, of 2 bytes or more.
    """
    return "<" if struct.unpack_from("<H", record)[0] < 0x100 else ">"


def raw_counts(record: bytes) -> NDArray[np.uint16]:
    """Returns the raw counts of a record, [h, w].

    Args:
        record: the record.

    Raises:
        MfjaxError: there are none, or they are damaged.
    """
    order, height, width, content = _picture(record)
    check_declared(height, width, 2, len(record))
    if content.startswith((PNG, _JPEG)):
        pixels = _decoded(content, (height, width))
        if pixels.shape != (height, width) or pixels.dtype != np.uint16:
            raise damaged(f"its raw counts are {pixels.dtype} of shape {pixels.shape}")
        if content.startswith(PNG):  # most cameras write the low byte first, though a PNG has it last
            return min((pixels, pixels.byteswap()), key=_roughness)
        return pixels
    if len(content) < 2 * height * width:
        raise damaged("it has fewer raw counts than declared")
    return np.frombuffer(content, f"{order}u2", height * width).reshape(height, width).astype(np.uint16)


def photo(record: bytes) -> NDArray[np.uint8]:
    """Returns the photo of a record, RGB, [h, w, 3].

    Args:
        record: the record.

    Raises:
        MfjaxError: it is damaged, or of an unknown kind.
    """
    _, height, width, content = _picture(record)
    check_declared(height, width, 3, len(record))
    if content.startswith(_JPEG):
        stream = jpeg_stream.walk(content)
        check_declared(stream.frame.height, stream.frame.width, 3, len(record))
        pixels = jpeg_stream.decode(content[: stream.end], stream.frame)
        return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
    if content.startswith(PNG):
        pixels = _decoded(content, (height, width))
        if pixels.dtype == np.uint8 and pixels.shape == (height, width, 3):
            return _rgb_of_ycbcr(pixels)
    raise MfjaxError("has a photo of an unknown kind in it; give the visible image as a file of its own")


def _picture(record: bytes) -> tuple[str, int, int, bytes]:
    """Returns the byte order, height, width and content of a record with pixels."""
    if len(record) <= _PIXELS:
        raise damaged("it has no raw counts")
    order = byte_order(record)
    width, height = struct.unpack_from(f"{order}2H", record, 2)
    return order, height, width, record[_PIXELS:]


def _roughness(counts: NDArray) -> float:
    """Returns how much neighbours differ; where the bytes of a count are exchanged, far more than in any scene."""
    return float(np.abs(np.diff(counts.astype(np.float32), axis=1)).mean())


def _decoded(content: bytes, expected: Size) -> NDArray:
    """Returns the pixels of a PNG, or of a JPEG-LS, which begins as any JPEG, after checking the size it declares."""
    if content.startswith(PNG):
        chunks = png_stream.walk(content)
        header = png_stream.header(chunks)
        _check_size((header.height, header.width), expected)
        return png_stream.decode(chunks, header)
    at = content.find(_JPEG_LS_FRAME)
    _check_size(struct.unpack_from(">2H", content, at + 5) if 0 <= at <= len(content) - 9 else None, expected)
    end = content.find(_JPEG_LS_END, at)  # as bytes of a scan these do not occur
    if end < 0:  # of which the codec would make zeros, for many seconds
        raise damaged("its raw counts are cut")
    try:
        return imagecodecs.jpegls_decode(content[: end + len(_JPEG_LS_END)])
    except (RuntimeError, ValueError) as error:  # the errors of the codec, and of its messages
        raise damaged(error) from error


def _check_size(found: Size | None, expected: Size) -> None:
    if found != expected:
        raise damaged(f"pixels of size {found} are where {expected} were declared")


def _rgb_of_ycbcr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns RGB of what these cameras store in PNGs: Y, Cb and Cr."""
    return cv2.cvtColor(np.ascontiguousarray(pixels[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB).astype(np.uint8, copy=False)
