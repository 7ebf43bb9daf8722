"""JPEG: read strictly, written by OpenCV."""

import struct

import cv2
from numpy.typing import NDArray

from mfjax.images import exif, jpeg_stream, opencv
from mfjax.images.formats import Format
from mfjax.images.jpeg_stream import APP0, APP1, APP2, Segment
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata

_EXIF, _ICC, _JFIF = b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0"
_QUALITY = 95
_MOST_ICC = 65_519  # bytes of a profile in one segment
_CENTIMETRES = 2  # unit of a density; 1 is inches


def _recognises(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _decode(data: bytes, page: int | None) -> Decoded:
    stream = jpeg_stream.walk(data)
    frame = stream.frame
    check_declared(frame.height, frame.width, frame.components, len(data))
    pixels = jpeg_stream.decode(data[: stream.end], frame)
    return Decoded(pixels, 1 if pixels.ndim == 2 else 3, metadata=_metadata(stream.segments))


def _metadata(segments: tuple[Segment, ...]) -> Metadata:
    block = next((content[6:] for marker, content in segments if marker == APP1 and content.startswith(_EXIF)), b"")
    parts = [content for marker, content in segments if marker == APP2 and content.startswith(_ICC)]
    parts.sort(key=lambda content: content[12:13])  # the part's number
    jfif = next((content for marker, content in segments if marker == APP0 and content.startswith(_JFIF)), b"")
    dpi = None
    if len(jfif) >= 12:
        unit, x, y = struct.unpack_from(">BHH", jfif, 7)
        factor = 2.54 if unit == _CENTIMETRES else 1
        dpi = (x * factor, y * factor) if unit and x and y else None
    return Metadata(
        orientation=exif.orientation(block),
        icc=b"".join(part[14:] for part in parts) or None,
        dpi=dpi,
        exif=exif.kept(block),
    )


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    data = opencv.encode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality or _QUALITY])
    added = b""
    if metadata.exif:
        added += _segment(APP1, _EXIF + metadata.exif)
    if metadata.icc:
        parts = [metadata.icc[at : at + _MOST_ICC] for at in range(0, len(metadata.icc), _MOST_ICC)]
        for number, part in enumerate(parts, 1):
            added += _segment(APP2, _ICC + bytes([number, len(parts)]) + part)
    behind = 4 + struct.unpack_from(">H", data, 4)[0]  # OpenCV writes a JFIF segment first
    jfif = bytearray(data[:behind])
    if metadata.dpi:
        struct.pack_into(">BHH", jfif, 13, 1, *(min(max(round(each), 1), 65_535) for each in metadata.dpi))
    return bytes(jfif) + added + data[behind:]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


FORMAT = Format(
    name="JPEG",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    recognises=_recognises,
    decode=_decode,
    reads="8 bits, gray, colour and CMYK (as RGB), baseline and progressive; data behind the end mark are fine",
    refuses="cut or half pictures, missing scans, zeroed stretches, all of which libjpeg warns; lossless, 12 bits",
    bits=(8,),
    encode=_encode,
    keeps="EXIF, ICC profile, dpi",
    quality=True,
)
