"""FLIR's radiometric data: frames of records, in files of their own (FFF, SEQ, CSQ) and in the segments of a JPEG.

Source: ExifTool's tables of FLIR tags (lib/Image/ExifTool/FLIR.pm).
"""

import struct
from collections.abc import Iterable
from mmap import mmap
from typing import NamedTuple

from mfjax.errors import MfjaxError
from mfjax.images.damage import damaged
from mfjax.images.flir_pixels import byte_order, photo, raw_counts
from mfjax.images.jpeg_stream import APP1, Segment
from mfjax.images.planck import Calibration
from mfjax.images.radiometric import Placement, Thermal

SIGNATURES = (b"FFF\0", b"AFF\0")
_SEGMENT = b"FLIR\0\1"
_VERSIONS = range(100, 200)
_HEADER, _ENTRY = 64, 32  # bytes of a frame's header, and of an entry of its directory
_TIME = 0x384  # where a camera's record has the time
_RAW, _PHOTO, _CAMERA, _PLACEMENT = 0x01, 0x0E, 0x20, 0x2A  # kinds of records
_KINDS = (_RAW, _PHOTO, _CAMERA, _PLACEMENT)  # those that are read


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
    seconds, thousandths = struct.unpack_from(f"{byte_order(record)}2I", record, _TIME)
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
    counts, calibration = raw_counts(found.records.get(_RAW, b"")), _calibration(found)
    with_photo = _PHOTO in found.records
    return Thermal(
        calibration.celsius(counts),
        photo(found.records[_PHOTO]) if with_photo else None,
        _placement(found.records, zoom) if with_photo and _PLACEMENT in found.records else None,
    )


def _calibration(found: Frame) -> Calibration:
    record = found.records.get(_CAMERA, b"")
    if len(record) < 0x310:
        raise MfjaxError("has raw counts without a calibration; save its temperatures as a float TIFF")
    order = byte_order(record)

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
