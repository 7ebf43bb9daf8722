"""FLIR's radiometric data: frames of records, in files of their own (FFF, SEQ, CSQ) and in the segments of a JPEG.

Source: ExifTool's tables of FLIR tags (lib/Image/ExifTool/FLIR.pm).
"""

import struct
from collections.abc import Iterable
from mmap import mmap
from typing import NamedTuple

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images import jpeg_stream, png_stream
from mfjax.images.damage import damaged
from mfjax.images.declared import PNG
from mfjax.images.jpeg_stream import APP1, Segment
from mfjax.images.limits import check_declared
from mfjax.images.planck import Calibration
from mfjax.images.radiometric import Placement, Thermal
from mfjax.size import Size

SIGNATURES = (b"FFF\0", b"AFF\0")
_SEGMENT = b"FLIR\0\1"
_VERSIONS = range(100, 200)
_HEADER, _ENTRY, _PIXELS = 64, 32, 32  # bytes of a frame's header, of an entry of its directory, before pixels
_TIME = 0x384  # where a camera's record has the time
_RAW, _PHOTO, _CAMERA, _PLACEMENT = 0x01, 0x0E, 0x20, 0x2A  # kinds of records
_KINDS = (_RAW, _PHOTO, _CAMERA, _PLACEMENT)  # those that are read
_JPEG, _JPEG_LS_FRAME, _JPEG_LS_END = b"\xff\xd8\xff", b"\xff\xf7", b"\xff\xd9"


class Frame(NamedTuple):
    """A frame: the contents of those of its records that are read, by kind, and where it ends."""

    records: dict[int, bytes]
    end: int


def in_segments(segments: Iterable[Segment]) -> bool:
    """Returns true if the segments of a JPEG hold a frame.

    Args:
        segments: the JPEG's.
    """
    return any(marker == APP1 and content.startswith(_SEGMENT) for marker, content in segments)


def from_segments(segments: Iterable[Segment]) -> bytes:
    """Returns the frame that the segments of a JPEG hold.

    Args:
        segments: the JPEG's.

    Raises:
        MfjaxError: parts of the frame are missing.
    """
    parts = {
        content[6]: (content[7], content[8:])
        for marker, content in segments
        if marker == APP1 and content.startswith(_SEGMENT) and len(content) >= 8
    }
    last = max((last for last, _ in parts.values()), default=0)
    if sorted(parts) != [*range(last + 1)]:
        raise damaged(f"{len(parts)} of {last + 1} parts of its FLIR data are there")
    return b"".join(parts[number][1] for number in range(last + 1))


def starts(data: bytes | mmap) -> list[int]:
    """Returns where each frame of a file begins. The last one may be cut.

    Args:
        data: the file, or its map.

    Raises:
        MfjaxError: the first frame is damaged.
    """
    found, at = [], 0
    while at >= 0:
        found.append(at)
        try:
            end = _extent(data, at)[1]
        except MfjaxError:
            if at == 0:
                raise
            break
        following = [data.find(mark, end) for mark in SIGNATURES]
        at = min((each for each in following if each >= 0), default=-1)
    return found


def frame(data: bytes | mmap, start: int = 0) -> Frame:
    """Returns the frame that begins at a place of a file.

    Args:
        data: the file, or its map.
        start: the place.

    Raises:
        MfjaxError: the frame is damaged.
    """
    parts, end = _extent(data, start)
    return Frame({kind: data[first:last] for kind, (first, last) in parts.items()}, end)


def time_of(found: Frame) -> float | None:
    """Returns when a frame was taken, in seconds since 1970; None if it does not say it.

    Args:
        found: the frame.
    """
    record = found.records.get(_CAMERA, b"")
    if len(record) < _TIME + 8:
        return None
    seconds, thousandths = struct.unpack_from(f"{_order(record)}2I", record, _TIME)
    return seconds + (thousandths & 0xFFFF) / 1000 if seconds else None


def _extent(data: bytes | mmap, start: int) -> tuple[dict[int, tuple[int, int]], int]:
    """Returns where each kind of record of a frame begins and ends, and where the frame ends."""
    if len(data) < start + _HEADER:
        raise damaged("a frame has no header")
    for order in "><":  # big-endian in JPEGs, little-endian in most sequences
        version, at, count = struct.unpack_from(f"{order}3I", data, start + 20)
        if version in _VERSIONS:
            break
    else:
        raise damaged("a frame is of no known version")
    records: dict[int, tuple[int, int]] = {}
    ends = [start + at + _ENTRY * count]
    if at < _HEADER:
        raise damaged("a frame's directory is inside its header")
    if ends[0] > len(data):
        raise damaged("a frame's directory is longer than the file")
    for i in range(count):
        kind, *_, begin, length = struct.unpack_from(f"{order}HHIIII", data, start + at + _ENTRY * i)
        if kind and length:
            ends.append(start + begin + length)
            if ends[-1] > len(data):
                raise damaged("a frame is longer than the file")
            if kind in _KINDS:
                records.setdefault(kind, (start + begin, ends[-1]))
    return records, max(ends)


def has_photo(found: Frame) -> bool:
    """Returns true if a frame holds raw counts and a photo; decodes neither.

    Args:
        found: the frame.
    """
    return {_RAW, _PHOTO} <= found.records.keys()


def thermal(found: Frame, *, zoom: float = 1.0) -> Thermal:
    """Returns the temperatures of a frame, and its photo and placement if it has both.

    Args:
        found: the frame.
        zoom: how many times the camera enlarged the middle of its picture. The frame places that part in the photo,
            while its temperatures are those of the whole view.

    Raises:
        MfjaxError: a record is missing or damaged.
    """
    counts, calibration = raw_counts(found), _calibration(found)
    with_photo = _PHOTO in found.records
    return Thermal(
        calibration.celsius(counts),
        _photo(found.records[_PHOTO]) if with_photo else None,
        _placement(found.records, zoom) if with_photo and _PLACEMENT in found.records else None,
    )


def raw_counts(found: Frame) -> NDArray[np.uint16]:
    """Returns the raw counts of a frame, [h, w].

    Args:
        found: the frame.

    Raises:
        MfjaxError: it has none, or they are damaged.
    """
    record = found.records.get(_RAW, b"")
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


def _picture(record: bytes) -> tuple[str, int, int, bytes]:
    """Returns the byte order, height, width and content of a record with pixels."""
    if len(record) <= _PIXELS:
        raise damaged("it has no raw counts")
    order = _order(record)
    width, height = struct.unpack_from(f"{order}2H", record, 2)
    return order, height, width, record[_PIXELS:]


def _order(record: bytes) -> str:
    """Returns the byte order of a record, which begins with a small number."""
    return "<" if struct.unpack_from("<H", record)[0] < 0x100 else ">"


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


def _photo(record: bytes) -> NDArray[np.uint8]:
    """Returns the photo, RGB."""
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


def _rgb_of_ycbcr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns RGB of what these cameras store in PNGs: Y, Cb and Cr."""
    return cv2.cvtColor(np.ascontiguousarray(pixels[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB).astype(np.uint8, copy=False)


def _calibration(found: Frame) -> Calibration:
    record = found.records.get(_CAMERA, b"")
    if len(record) < 0x310:
        raise MfjaxError("has raw counts without a calibration; save its temperatures as a float TIFF")
    order = _order(record)

    def floats(at: int, count: int) -> tuple[float, ...]:
        return struct.unpack_from(f"{order}{count}f", record, at)

    emissivity, distance, reflected, atmosphere, window, transmission = floats(0x20, 6)
    (humidity,), (r1, b, f), (alpha1, alpha2, beta1, beta2, x) = floats(0x3C, 1), floats(0x58, 3), floats(0x70, 5)
    offset, r2 = struct.unpack_from(f"{order}if", record, 0x308)
    return Calibration(
        r1=r1,
        r2=r2,
        b=b,
        f=f,
        o=offset,
        emissivity=emissivity,
        distance=distance,
        reflected=reflected,
        atmosphere=atmosphere,
        window=window,
        window_transmission=transmission,
        humidity=humidity / 100 if humidity > 2 else humidity,  # some files have it in per cent
        alpha=(alpha1, alpha2),
        beta=(beta1, beta2),
        x=x,
    )


def _placement(records: dict[int, bytes], zoom: float) -> Placement:
    """Returns the place of the whole infrared view in the photo."""
    record = records[_PLACEMENT]
    if len(record) < 8:
        raise damaged("the place of its photo is cut")
    ratio, right, down = struct.unpack_from("<f2h", record)
    if not 0.1 < ratio < 100:
        raise damaged(f"its photo is {ratio:g} times as large as its infrared view")
    return Placement(ratio / zoom, (down, right))
