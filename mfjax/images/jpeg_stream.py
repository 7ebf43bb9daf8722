"""Walks the segments of a JPEG stream and decodes it strictly; also used for the strips and tiles of TIFF files.

Source: ITU-T T.81 (Annex B: markers; Annex C: Huffman tables).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images.damage import damaged
from mfjax.images.numbers import rgb_of_inverted_cmyk

SOI, EOI, SOS, DHT = 0xD8, 0xD9, 0xDA, 0xC4
APP0, APP1, APP2 = 0xE0, 0xE1, 0xE2
FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}  # SOF0 to SOF15
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
_LONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a segment: TEM, RST0 to RST7

# In a scan, FF stands before a zero if it is data, and before D0 to D7 at a restart; else a marker ends the scan.
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
# Zero bytes in a row that no scan has unless its codes of zeros mean a flat picture: more than the 63 coefficients of
# a block can take where each costs the three bits of the standard tables' shortest code.
ZEROED = 32
NAMES = {0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xCB: "lossless"}


class Frame(NamedTuple):
    """The header of a frame."""

    marker: int
    bits: int
    height: int
    width: int
    components: int


class Segment(NamedTuple):
    """A marker and the content of its segment, without the length."""

    marker: int
    content: bytes


@dataclass(frozen=True)
class Stream:
    """The parts of a JPEG stream from its start to the end of its own picture."""

    frame: Frame
    segments: tuple[Segment, ...]
    """The segments APP0 to APP15, in order."""
    end: int
    """The number of its bytes; what a file has behind them is no part of the picture."""


@dataclass
class _Tables:
    """For each Huffman table, by class (0: DC, 1: AC) and number, the symbol whose code is all zeros."""

    of_zeros: dict[tuple[int, int], int] = field(default_factory=dict)

    def read(self, content: bytes) -> None:
        """Takes the tables of a DHT segment. The code of zeros is the first symbol's."""
        at = 0
        while at + 17 < len(content):
            count = sum(content[at + 1 : at + 17])
            self.of_zeros[content[at] >> 4, content[at] & 15] = content[at + 17]
            at += 17 + count


def walk(data: bytes) -> Stream:
    """Returns the parts of a JPEG stream, after following its markers up to its own end.

    Args:
        data: bytes that begin with a JPEG stream; what follows it is ignored.

    Raises:
        MfjaxError: the stream ends before its end mark, has no picture, or a stretch of a scan is zeroed.
    """
    frame: Frame | None = None
    tables, applications = _Tables(), []
    at = 2
    for marker, start, end in _segments(data):
        content = data[start:end]
        if marker in FRAMES:
            if len(content) < 6:
                break
            bits, height, width, components = struct.unpack_from(">BHHB", content)
            frame = Frame(marker, bits, height, width, components)
        elif marker == DHT:
            tables.read(content)
        elif marker == SOS and frame is not None:
            _check_scan(data, end, frame, content, tables)
        elif 0xE0 <= marker <= 0xEF:
            applications.append(Segment(marker, content))
        at = end
        if marker == EOI:
            if frame is None:
                raise MfjaxError("the JPEG has no picture")
            return Stream(frame, tuple(applications), at)
    raise damaged("the JPEG ends before its end mark")


def decode(data: bytes, frame: Frame) -> NDArray[np.uint8]:
    """Returns the pixels of a JPEG stream, [h, w] or [h, w, 3], RGB.

    Args:
        data: the stream.
        frame: its frame's header.

    Raises:
        MfjaxError: libjpeg has anything to complain of, or the kind of JPEG is not decoded.
    """
    if frame.bits != 8 or frame.marker in NAMES:
        kind = NAMES.get(frame.marker, f"{frame.bits}-bit")
        raise MfjaxError(f"is a {kind} JPEG; 8-bit baseline and progressive ones are read, so save it as a PNG or TIFF")
    space = {1: "GRAY", 3: "RGB", 4: "CMYK"}.get(frame.components)
    if space is None:
        raise MfjaxError(f"is a JPEG of {frame.components} components; save it as a PNG or TIFF")
    try:
        pixels = simplejpeg.decode_jpeg(data, space, strict=True)
    except ValueError as error:
        raise damaged(error) from error
    if space == "CMYK":
        return rgb_of_inverted_cmyk(pixels)
    return pixels[..., 0] if space == "GRAY" else pixels


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yields each marker with the start and end of its segment's content, as far as the data go."""
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == EOI or marker in _LONE:
            at += 2
            yield marker, at, at
            if marker == EOI:
                return
            continue
        if at + 4 > len(data):
            return
        start, end = at + 4, at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end < start or end > len(data):
            return
        yield marker, start, end
        at = end
        if marker == SOS:
            found = _END_OF_SCAN.search(data, end)
            if found is None:
                return
            at = found.end() - 2


def _check_scan(data: bytes, start: int, frame: Frame, header: bytes, tables: _Tables) -> None:
    """Raises MfjaxError if a scan has a stretch of zero bytes that no picture makes.

    Zeros can go on for long only where they mean a flat picture: where the code of zeros is "no change" for a DC and
    "end of block" for an AC coefficient, as tables made for a flat picture have it. Progressive scans of AC
    coefficients code all blocks without any at once, and so have no such stretch.
    """
    found = _END_OF_SCAN.search(data, start)
    zeros = data.find(bytes(ZEROED), start, found.start() if found else len(data))
    if zeros < 0 or not header or len(header) < 4 + 2 * header[0]:
        return
    components = header[0]
    used = [(header[2 + 2 * i] >> 4, header[2 + 2 * i] & 15) for i in range(components)]
    first, _, approximation = header[1 + 2 * components : 4 + 2 * components]
    dc_flat = all(tables.of_zeros.get((0, dc), 0) == 0 for dc, _ in used)
    if frame.marker == PROGRESSIVE:
        flat = first == 0 and (dc_flat or approximation >> 4 > 0)  # a refinement is one bit a block
    elif frame.marker in (BASELINE, EXTENDED):
        flat = dc_flat and all(tables.of_zeros.get((1, ac), 0) == 0 for _, ac in used)
    else:  # arithmetic coding has no such codes
        flat = True
    if not flat:
        raise damaged(f"zeros from byte {zeros} on")


def check(data: bytes, tables: bytes | None, most: int) -> None:
    """Raises MfjaxError if a strip or tile of a TIFF is no whole JPEG stream.

    Args:
        data: the strip or tile.
        tables: the stream with the tables that all of them share; None if there is none.
        most: the pixels that it may have.
    """
    if tables:
        data = data[:2] + tables[2:].removesuffix(bytes([0xFF, EOI])) + data[2:]
    stream = walk(data)
    if stream.frame.height * stream.frame.width > most:
        raise damaged(f"it declares {stream.frame.height}x{stream.frame.width} pixels")
    if stream.frame.bits == 8 and stream.frame.components in (1, 3, 4) and stream.frame.marker not in NAMES:
        decode(data[: stream.end], stream.frame)
