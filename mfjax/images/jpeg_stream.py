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


class _Scan(NamedTuple):
    """The header of a scan (T.81, B.2.3)."""

    components: tuple[int, ...]
    tables: tuple[tuple[int, int], ...]
    """For each component the numbers of its Huffman tables, DC and AC."""
    first: int
    last: int
    """The first and the last coefficient, from 0 (DC) to 63."""
    high: int
    low: int
    """The lowest bit that came before (0: none did), and the lowest that comes in this scan."""

    @classmethod
    def of(cls, header: bytes) -> "_Scan":
        """Returns the scan that a SOS segment heads."""
        count = header[0] if header else 0
        if len(header) != 4 + 2 * count:
            raise damaged("the header of a scan is wrong")
        pairs = [(header[1 + 2 * i], header[2 + 2 * i]) for i in range(count)]
        first, last, bits = header[-3:]
        tables = tuple((each >> 4, each & 15) for _, each in pairs)
        return cls(tuple(name for name, _ in pairs), tables, first, last, bits >> 4, bits & 15)


@dataclass
class _State:
    """The tables and coefficients that came with some segments."""

    of_zeros: dict[tuple[int, int], int] = field(default_factory=dict)
    """For each Huffman table, by class (0: DC, 1: AC) and number, the symbol whose code is all zeros."""
    lowest: dict[int, list[int | None]] = field(default_factory=dict)
    """For each component, the lowest bit that came of each coefficient; None if none did."""

    def take_tables(self, content: bytes) -> None:
        """Takes the tables of a DHT segment. The code of zeros is the first symbol's."""
        at = 0
        while at + 17 < len(content):
            count = sum(content[at + 1 : at + 17])
            self.of_zeros[content[at] >> 4, content[at] & 15] = content[at + 17]
            at += 17 + count

    def take_scan(self, scan: _Scan) -> None:
        """Notes which bits a scan brings."""
        for name in scan.components:
            known = self.lowest.setdefault(name, [None] * 64)
            known[scan.first : scan.last + 1] = [scan.low] * len(known[scan.first : scan.last + 1])

    def is_complete(self, frame: Frame) -> bool:
        """Returns true if all scans came: all components, and of a progressive picture all bits of all coefficients."""
        if len(self.lowest) < frame.components:
            return False
        return frame.marker != PROGRESSIVE or all(low == 0 for known in self.lowest.values() for low in known)


def walk(data: bytes) -> Stream:
    """Returns the parts of a JPEG stream, after following its markers up to its own end.

    Args:
        data: bytes that begin with a JPEG stream; what follows it is ignored.

    Raises:
        MfjaxError: the stream ends before its end mark, lacks a scan, or a stretch of a scan is zeroed.
    """
    frame: Frame | None = None
    state, applications = _State(), []
    for marker, start, end in _segments(data):
        content = data[start:end]
        if marker in FRAMES:
            if len(content) < 6:
                break
            bits, height, width, components = struct.unpack_from(">BHHB", content)
            frame = Frame(marker, bits, height, width, components)
        elif marker == DHT:
            state.take_tables(content)
        elif marker == SOS and frame is not None:
            scan = _Scan.of(content)
            _check_scan(data, end, frame, scan, state)
            state.take_scan(scan)
        elif 0xE0 <= marker <= 0xEF:
            applications.append(Segment(marker, content))
        elif marker == EOI:
            if frame is None or not state.is_complete(frame):
                raise damaged("scans of the JPEG are missing")
            return Stream(frame, tuple(applications), end)
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


def _check_scan(data: bytes, start: int, frame: Frame, scan: _Scan, state: _State) -> None:
    """Raises MfjaxError if a scan has a stretch of zero bytes that no picture makes.

    Zeros can go on for long only where they mean a flat picture: where the code of zeros is "no change" for a DC and
    "end of block" for an AC coefficient, as tables made for a flat picture have it. Progressive scans of AC
    coefficients code all blocks without any at once, and so have no such stretch.
    """
    found = _END_OF_SCAN.search(data, start)
    zeros = data.find(bytes(ZEROED), start, found.start() if found else len(data))
    if zeros < 0:
        return
    flat = all(state.of_zeros.get((0, dc), 0) == 0 for dc, _ in scan.tables)
    if frame.marker == PROGRESSIVE:
        flat = scan.first == 0 and (flat or scan.high > 0)  # a refinement is one bit a block
    elif frame.marker in (BASELINE, EXTENDED):
        flat = flat and all(state.of_zeros.get((1, ac), 0) == 0 for _, ac in scan.tables)
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
