"""The sizes that streams of pixels declare in their first bytes: of files, and of what lies inside a TIFF."""

import struct

from mfjax.images.damage import damaged
from mfjax.size import Size

PNG = b"\x89PNG\r\n\x1a\n"
JPEG2000 = b"\xff\x4f\xff\x51"  # a codestream begins with SOC and SIZ


def size(data: bytes) -> Size | None:
    """Returns the (height, width) of a PNG, a JPEG 2000 codestream or a WebP; None if these bytes are another kind.

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
    return None


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
