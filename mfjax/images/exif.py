"""Reads EXIF data, and makes from it what an output may carry.

EXIF data are a small TIFF: a header, and directories of entries (tag, type, count, value).
Source: CIPA DC-008, Exif 3.0.
"""

import struct
from collections.abc import Mapping

import numpy as np

from mfjax.images.metadata import UPRIGHT

ORIENTATION, EXIF_DIRECTORY, GPS_DIRECTORY, DIGITAL_ZOOM = 0x0112, 0x8769, 0x8825, 0xA404
MAKE, MODEL, SOFTWARE, TIME, ARTIST, COMPUTER, COPYRIGHT = 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298

# Of the first directory, what tells of the photograph and not of the pixels' storage.
_KEPT = (MAKE, MODEL, SOFTWARE, TIME, ARTIST, COMPUTER, COPYRIGHT)
# Of the directory of the photograph: the maker's note holds addresses that are wrong elsewhere, and three others tell
# the size of the original and a directory about it.
_LEFT_OUT = (0x927C, 0xA002, 0xA003, 0xA005)
_HEADERS = {b"II*\0": "<", b"MM\0*": ">"}
_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}  # bytes of what is swapped, by type
_SIZE = _UNIT | {5: 8, 10: 8}  # bytes of a value; a rational is two integers
_LONG, _RATIONAL = 4, 5
_MOST_ENTRIES, _MOST_BYTES = 512, 65_000  # a JPEG segment holds no more

Entry = tuple[int, int, bytes]  # type, count, and the value in little-endian order
Directory = dict[int, Entry]


def orientation(data: bytes) -> int:
    """Returns the orientation, 1 to 8; 1, upright, where none is told.

    Args:
        data: EXIF data.
    """
    kind, _, value = _directory(data, first_directory(data)).get(ORIENTATION, (3, 1, b"\1\0"))
    told = struct.unpack("<H", value)[0] if kind == 3 and len(value) == 2 else UPRIGHT
    return told if 1 <= told <= 8 else UPRIGHT


def digital_zoom(data: bytes) -> float:
    """Returns how many times the camera enlarged the middle of its picture; 1 where that is not told or not at all.

    Args:
        data: EXIF data.
    """
    photograph = _sub(data, _directory(data, first_directory(data)), EXIF_DIRECTORY)
    kind, count, value = photograph.get(DIGITAL_ZOOM, (0, 0, b""))
    above, below = struct.unpack("<2I", value) if kind == _RATIONAL and count == 1 else (0, 0)
    return above / below if above and below else 1.0  # 0: the zoom was not used


def kept(data: bytes) -> bytes | None:
    """Returns what of EXIF data an output may carry; None if that is nothing.

    That is camera, times, exposure, place and names. Orientation, thumbnail and sizes are left out, since they are not
    the output's, and the maker's note, since it does not survive being moved.

    Args:
        data: EXIF data, or a whole TIFF file.
    """
    main = _directory(data, first_directory(data))
    directories = {tag: _sub(data, main, tag) for tag in (EXIF_DIRECTORY, GPS_DIRECTORY)}
    main = {tag: entry for tag, entry in main.items() if tag in _KEPT}
    photograph = directories[EXIF_DIRECTORY]
    directories[EXIF_DIRECTORY] = {tag: entry for tag, entry in photograph.items() if tag not in _LEFT_OUT}
    if not main and not any(directories.values()):
        return None
    made = b"II*\0" + struct.pack("<I", 8) + _packed(main, directories, 8)
    return made if len(made) <= _MOST_BYTES else None


def entries(data: bytes) -> tuple[Directory, Mapping[int, Directory]]:
    """Returns the first directory, and by their tags the directories of the photograph and of its place.

    Args:
        data: EXIF data.
    """
    main = _directory(data, first_directory(data))
    subs = {tag: _sub(data, main, tag) for tag in (EXIF_DIRECTORY, GPS_DIRECTORY) if tag in main}
    return {tag: entry for tag, entry in main.items() if tag not in subs}, subs


def packed(directory: Directory, at: int) -> bytes:
    """Returns a directory as bytes in little-endian order.

    Args:
        directory: its entries.
        at: its place in the file, from which its addresses count.
    """
    return _packed(directory, {}, at)


def first_directory(data: bytes) -> int:
    """Returns the place of the first directory; 0 if these are no EXIF data.

    Args:
        data: EXIF data, or a whole TIFF file.
    """
    order = _HEADERS.get(data[:4])
    return struct.unpack_from(order + "I", data, 4)[0] if order and len(data) >= 8 else 0


def _sub(data: bytes, main: Directory, tag: int) -> Directory:
    kind, count, value = main.get(tag, (0, 0, b""))
    return _directory(data, struct.unpack("<I", value)[0]) if kind == _LONG and count == 1 else {}


def _directory(data: bytes, at: int) -> Directory:
    """Returns the entries of a directory. Damaged ones are left out: they say nothing about the pixels."""
    found: Directory = {}
    order = _HEADERS.get(data[:4])
    if order is None or not 8 <= at <= len(data) - 2:
        return found
    (count,) = struct.unpack_from(order + "H", data, at)
    for start in range(at + 2, min(at + 2 + 12 * min(count, _MOST_ENTRIES), len(data) - 11), 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, start)
        length = _SIZE.get(kind, 0) * values
        place = start + 8 if length <= 4 else struct.unpack_from(order + "I", data, start + 8)[0]
        if 0 < length <= _MOST_BYTES and place + length <= len(data):
            raw = np.frombuffer(data, f"{order}u{_UNIT[kind]}", length // _UNIT[kind], place)
            found[tag] = kind, values, raw.astype(f"<u{_UNIT[kind]}").tobytes()
    return found


def _packed(main: Directory, directories: Mapping[int, Directory], at: int) -> bytes:
    """Returns a directory and those it refers to, which follow it, as bytes to be put at a place of a file."""
    wanted = {tag: directory for tag, directory in directories.items() if directory}
    all_tags = sorted([*main, *wanted])
    table, behind = struct.pack("<H", len(all_tags)), b""
    end = at + 2 + 12 * len(all_tags) + 4
    for tag in all_tags:
        if tag in wanted:
            kind, count = _LONG, 1
            value = struct.pack("<I", end + len(behind))
            behind += _packed(wanted[tag], {}, end + len(behind))
        else:
            kind, count, value = main[tag]
            if len(value) > 4:
                value, behind = struct.pack("<I", end + len(behind)), behind + value + b"\0" * (len(value) % 2)
        table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return table + struct.pack("<I", 0) + behind
