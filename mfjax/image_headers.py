"""Reads from the bytes of an image file what OpenCV doesn't tell: completeness, pages, orientation."""

import struct
import zlib

_PNG, _JPEG, _TIFF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", (b"II*\x00", b"MM\x00*")


def is_whole(data: bytes) -> bool:
    """Returns false if a PNG or JPEG lacks its end mark; some OpenCV releases then return gray rows silently.

    It also checks a PNG's checksums, about which OpenCV's library would print a line of its own. Other formats pass.

    Args:
        data: the bytes of the file.
    """
    if data.startswith(_PNG):
        return _is_whole_png(memoryview(data))
    if data.startswith(_JPEG):  # the end mark must follow the last scan: a thumbnail has an end mark of its own
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    return True


def _is_whole_png(data: memoryview) -> bool:
    """Returns true if all chunks of a PNG (length, kind, content, checksum) up to its end have the right checksum."""
    start, kind = len(_PNG), b""
    while kind != b"IEND":
        if len(data) < start + 12:
            return False
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 8 + length
        if len(data) < end + 4 or zlib.crc32(data[start + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return False
        start = end + 4
    return True


def is_gray_png(data: bytes) -> bool:
    """Returns true if the file is a PNG of type gray, or gray with alpha, which OpenCV returns as four channels.

    Args:
        data: the bytes of the file.
    """
    return data.startswith(_PNG) and data[25] in (0, 4)


def has_more_pages(data: bytes) -> bool:
    """Returns true if the file is a TIFF whose first directory names a second one.

    Args:
        data: the bytes of the file.
    """
    if not data.startswith(_TIFF):
        return False
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, start)
    (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * entries)
    return following != 0


def exif_orientation(data: bytes) -> int:
    """Returns the EXIF orientation of a JPEG, 1 to 8; 1 is upright, and also what a file without one gets.

    Args:
        data: the bytes of the file.
    """
    head = data.find(b"Exif\0\0", 0, 65536) + 6
    if not data.startswith(_JPEG) or head < 6 or data[head : head + 4] not in _TIFF:
        return 1
    order = "<" if data[head : head + 2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, head + 4)
        (entries,) = struct.unpack_from(order + "H", data, head + start)
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(order + "HHIH", data, head + start + 2 + 12 * entry)
            if tag == 0x0112:
                return value
    except struct.error:  # damaged metadata says nothing about the pixels
        pass
    return 1
