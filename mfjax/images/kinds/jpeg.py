"""JPEG: read strictly, written by OpenCV."""

import struct

import cv2
from numpy.typing import NDArray

from mfjax.images import exif, flir, jpeg_stream, opencv
from mfjax.images.formats import Format
from mfjax.images.jpeg_stream import APP0, APP1, APP2, Segment
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata
from mfjax.images.radiometric import Thermal

_EXIF, _ICC, _JFIF = b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0"
_QUALITY = 95
_MOST_ICC = 65_519  # bytes of a profile in one segment
_APP3, _APP4 = 0xE3, 0xE4
_DJI = (
    "no free reader of DJI's R-JPEG is known; its Thermal SDK writes them by 'dji_irp -s IN -a measure "
    "--measurefmt float32 -o OUT', which np.fromfile(OUT, np.float32).reshape(HEIGHT, WIDTH) reads, to be saved as .npy"
)
_CENTIMETRES = 2  # unit of a density; 1 is inches


def _recognises(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _decode(data: bytes, page: int | None) -> Decoded:
    stream = jpeg_stream.walk(data)
    frame = stream.frame
    check_declared(frame.height, frame.width, frame.components, len(data))
    pixels = jpeg_stream.decode(data[: stream.end], frame)
    notes: tuple[str, ...] = ()
    if flir.in_segments(stream.segments):
        notes = ("the picture read, not the temperatures beside it, which mfjax.images.read_thermal reads",)
    elif _is_dji_thermal(stream.segments):
        notes = (f"the picture read, not the temperatures beside it: {_DJI}",)
    return Decoded(pixels, 1 if pixels.ndim == 2 else 3, metadata=_metadata(stream.segments), notes=notes)


def _thermal(data: bytes, page: int | None) -> Thermal | str:
    segments = jpeg_stream.walk(data).segments
    if flir.in_segments(segments):
        return flir.thermal(flir.frame(flir.from_segments(segments)), zoom=exif.digital_zoom(_exif(segments)))
    return f"has temperatures that can't be read: {_DJI}" if _is_dji_thermal(segments) else "has no temperatures"


def _has_photo(data: bytes) -> bool:
    segments = jpeg_stream.walk(data).segments
    return flir.in_segments(segments) and flir.has_photo(flir.frame(flir.from_segments(segments)))


def _is_dji_thermal(segments: tuple[Segment, ...]) -> bool:
    """Returns true for the JPEG of a DJI thermal camera (R-JPEG): raw counts in APP3 and parameters in APP4."""
    found = dict(segments)  # the last of each marker
    return _APP3 in found and found.get(_APP4, b"")[4:8] == b"iirp"


def _exif(segments: tuple[Segment, ...]) -> bytes:
    return next((content[6:] for marker, content in segments if marker == APP1 and content.startswith(_EXIF)), b"")


def _metadata(segments: tuple[Segment, ...]) -> Metadata:
    block = _exif(segments)
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
    reads="8 bits, gray, colour and CMYK (as RGB), baseline and progressive; data behind the end mark are fine; of an "
    "infrared FLIR radiometric JPEG the temperatures",
    refuses="cut or half pictures, missing scans, zeroed stretches, all of which libjpeg warns; lossless, 12 bits",
    says="temperatures beside the picture that are not read, as those of DJI",
    thermal=_thermal,
    has_photo=_has_photo,
    bits=(8,),
    encode=_encode,
    keeps=("EXIF", "ICC profile", "dpi"),
    quality=True,
)
