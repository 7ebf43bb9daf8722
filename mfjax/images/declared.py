"""The sizes that streams of pixels declare in their first bytes: of files, and of what lies inside a TIFF."""

import struct

from mfjax.images.damage import damaged
from mfjax.size import Size

PNG = b"\x89PNG\r\n\x1a\n"
JPEG2000 = b"\xff\x4f\xff\x51"  # a codestream begins with SOC and SIZ
LERC = b"Lerc2 "
_JPEG_XL, _JPEG_XL_FILE = b"\xff\x0a", b"\0\0\0\x0cJXL "
_JPEG_XL_RATIOS = (1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)  # of width to height
_JPEG_XR, _JPEG_XR_STREAM = b"II\xbc", b"WMPHOTO\0"
_HEAD = 2**16  # bytes in which a stream's header lies


def size(data: bytes) -> Size | None:
    """Returns the (height, width) that a stream declares; None if these bytes are of no kind that is known here.

    Known are PNG, JPEG 2000 codestreams, WebP, JPEG XL, JPEG XR and LERC.

    Args:
        data: a stream from its start.
    """
    if data.startswith(PNG) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return height, width
    if data.startswith(JPEG2000) and len(data) >= 24:
        right, bottom, left, top = struct.unpack_from(">IIII", data, 8)
        return bottom - top, right - left
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 20:
        return webp_size(data[12:16], data[20:30])
    if data.startswith(LERC) and len(data) >= 22:
        at = 14 if struct.unpack_from("<i", data, 6)[0] >= 3 else 10  # behind a checksum
        height, width = struct.unpack_from("<ii", data, at)
        return height, width
    if data.startswith(_JPEG_XL_FILE):
        parts = ((data.find(name, 0, _HEAD), length) for name, length in ((b"jxlc", 4), (b"jxlp", 8)))
        data = next((data[at + length :] for at, length in parts if at >= 0), b"")
    if data.startswith(_JPEG_XL):
        return _jpeg_xl_size(data)
    if data.startswith(_JPEG_XR):
        return _jpeg_xr_size(data)
    return None


def lerc_depth(data: bytes) -> int:
    """Returns the number of values that each pixel of a LERC stream has.

    Args:
        data: the stream from its start.
    """
    several = len(data) >= 26 and struct.unpack_from("<i", data, 6)[0] >= 4
    return struct.unpack_from("<i", data, 22)[0] if several else 1


def _jpeg_xl_size(data: bytes) -> Size:
    """Returns the size in the header of a JPEG XL codestream. Source: ISO/IEC 18181-1, SizeHeader."""
    bits = int.from_bytes(data[2:14], "little")

    def take(count: int) -> int:
        nonlocal bits
        found, bits = bits & ((1 << count) - 1), bits >> count
        return found

    small = take(1)

    def side() -> int:
        return 8 * (1 + take(5)) if small else 1 + take((9, 13, 18, 30)[take(2)])

    height, ratio = side(), take(3)
    if not ratio:
        return height, side()
    across, down = _JPEG_XL_RATIOS[ratio - 1]
    return height, height * across // down


def _jpeg_xr_size(data: bytes) -> Size | None:
    """Returns the size in the header of a JPEG XR's codestream, whatever its directory says. Source: ITU-T T.832."""
    at = data.find(_JPEG_XR_STREAM, 0, _HEAD)
    if at < 0 or len(data) < at + 20:
        return None
    short = data[at + 10] >> 7
    width, height = struct.unpack_from(">HH" if short else ">II", data, at + 12)
    return 1 + height, 1 + width


def webp_size(kind: bytes, content: bytes) -> Size:
    """Returns the (height, width) that the first chunk of a WebP declares.

    Args:
        kind: the chunk's name.
        content: the chunk's content, ten bytes of it at least where it has them.
    """
    if kind == b"VP8X" and len(content) >= 10:
        width, height = (1 + int.from_bytes(content[at : at + 3], "little") for at in (4, 7))
    elif kind == b"VP8L" and len(content) >= 5:
        both = int.from_bytes(content[1:5], "little")
        width, height = 1 + (both & 0x3FFF), 1 + (both >> 14 & 0x3FFF)
    elif kind == b"VP8 " and len(content) >= 10:
        width, height = (each & 0x3FFF for each in struct.unpack_from("<HH", content, 6))
    else:
        raise damaged("it has no picture")
    return height, width
