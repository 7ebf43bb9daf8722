"""Walks the chunks of a PNG stream and decodes its picture strictly; also used for what TIFF and FLIR files hold.

Source: PNG specification, third edition (W3C, 2025).
"""

import struct
import zlib
from typing import NamedTuple

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images.damage import damaged
from mfjax.images.declared import PNG

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # colour types
_SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8), RGB: (8, 16), GRAY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
_WAYS = ((0, 0, 0), (0, 0, 1))  # compression, filtering, and interlaced or not
_INTERLACED = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


class Chunk(NamedTuple):
    """A chunk's kind and content."""

    kind: bytes
    content: bytes


class Header(NamedTuple):
    """The content of the first chunk."""

    width: int
    height: int
    depth: int
    kind: int
    compression: int
    filtering: int
    interlaced: int

    @property
    def bytes_a_pixel(self) -> int:
        """Returns the bytes of a pixel once decoded."""
        return 3 if self.kind == PALETTE else _SAMPLES[self.kind] * (2 if self.depth == 16 else 1)

    def passes(self) -> "list[Pass]":
        """Returns the passes in which the lines are stored, but empty ones: one if it is not interlaced, else seven."""
        all_passes = (Pass(self, *each) for each in (_INTERLACED if self.interlaced else ((0, 0, 1, 1),)))
        return [each for each in all_passes if each.rows > 0 and each.cols > 0]


class Pass(NamedTuple):
    """A part of the picture's rows and columns, stored like a picture of its own."""

    header: Header
    row: int
    """The first row."""
    col: int
    down: int
    """The step to the next row."""
    across: int

    @property
    def rows(self) -> int:
        """Returns the number of its rows."""
        return -(-(self.header.height - self.row) // self.down)

    @property
    def cols(self) -> int:
        """Returns the number of its columns."""
        return -(-(self.header.width - self.col) // self.across)

    @property
    def nbytes(self) -> int:
        """Returns the bytes of its lines, each with the number of its filter."""
        bits = self.header.depth * _SAMPLES[self.header.kind]
        return self.rows * (1 + (self.cols * bits + 7) // 8)


def walk(data: bytes) -> list[Chunk]:
    """Returns the chunks of a PNG stream up to its end, after checking their sums.

    Args:
        data: bytes that begin with a PNG stream; what follows it is ignored.

    Raises:
        MfjaxError: a chunk is cut or damaged, or the first is no header.
    """
    start, found = len(PNG), [Chunk(b"", b"")]
    while found[-1].kind != b"IEND":
        if len(data) < start + 12:
            raise damaged("it has no end")
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 8 + length
        if len(data) < end + 4:
            raise damaged("a chunk is longer than the file")
        if zlib.crc32(memoryview(data)[start + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise damaged("a checksum is wrong")
        found.append(Chunk(kind, data[start + 8 : end]))
        start = end + 4
    if found[1].kind != b"IHDR":
        raise damaged("it has no header")
    return found[1:]


def header(chunks: list[Chunk]) -> Header:
    """Returns the header of a PNG.

    Args:
        chunks: its chunks.

    Raises:
        MfjaxError: it declares what no PNG has.
    """
    content = chunks[0].content
    found = Header(*struct.unpack(">IIBBBBB", content)) if len(content) == 13 else None
    if found is None or found.depth not in _DEPTHS.get(found.kind, ()) or found[4:] not in _WAYS:
        raise damaged("its header is wrong")
    return found


def decode(chunks: list[Chunk], head: Header) -> NDArray:
    """Returns the pixels of a PNG: [h, w] or [h, w, c], uint8, or uint16 if it has 16 bits.

    Only lines whose number is right reach the decoder, which prints a warning where they are more, where they are
    interlaced, and of many other chunks. OpenCV's decoder crashes at some animations.

    Args:
        chunks: its chunks.
        head: its header, of which the size was checked.

    Raises:
        MfjaxError: the picture is damaged.
    """
    lines, _ = _lines(chunks, head)
    colours = next((chunk.content for chunk in chunks if chunk.kind == b"PLTE"), b"")[: 3 * 2**head.depth]
    parts, at = [], 0
    for part in head.passes():
        parts.append(_decoded(part, lines[at : at + part.nbytes], colours))
        at += part.nbytes
    if not head.interlaced:
        return parts[0]
    pixels = np.empty((head.height, head.width, *parts[0].shape[2:]), parts[0].dtype)
    for part, of_part in zip(head.passes(), parts, strict=True):
        pixels[part.row :: part.down, part.col :: part.across] = of_part
    return pixels


def _decoded(part: Pass, lines: bytes, colours: bytes) -> NDArray:
    """Returns the pixels of a pass, by a PNG made of it."""
    header = struct.pack(">IIBBBBB", part.cols, part.rows, part.header.depth, part.header.kind, 0, 0, 0)
    first, stored = Chunk(b"IHDR", header), Chunk(b"IDAT", bytes(imagecodecs.deflate_encode(lines, level=0)))
    try:
        if part.header.kind != PALETTE:
            return imagecodecs.png_decode(_stream(first, stored))
        # Libpng takes black for colours that a palette lacks: they are found by putting two others there.
        whole = 3 * 2**part.header.depth
        palettes = (Chunk(b"PLTE", colours.ljust(whole, filling)) for filling in (b"\0", b"\xff"))
        pixels, other = (imagecodecs.png_decode(_stream(first, palette, stored)) for palette in palettes)
    except (RuntimeError, ValueError) as error:  # the errors of the codec, and of its messages
        raise damaged(error) from error
    if len(colours) % 3 or not np.array_equal(pixels, other):
        raise damaged(f"it has colours beyond the {len(colours) // 3} of its palette")
    return pixels


def check(data: bytes) -> None:
    """Raises MfjaxError if a strip or tile of a TIFF is no whole PNG, or one of which a decoder would print warnings.

    Args:
        data: the strip or tile.
    """
    chunks = walk(data)
    if strange := {chunk.kind for chunk in chunks} - {b"IHDR", b"PLTE", b"IDAT", b"IEND"}:
        raise damaged(f"it has a chunk {min(strange)!r} besides those of a picture")
    head = header(chunks)
    if head.interlaced:
        raise MfjaxError("it is an interlaced PNG; save it anew")
    _, rest = _lines(chunks, head)
    if rest:
        raise damaged("it has bytes behind its picture")


def _lines(chunks: list[Chunk], head: Header) -> tuple[bytes, bytes]:
    """Returns the lines of a picture, filtered as they are stored, and what lies behind them."""
    inflate = zlib.decompressobj()
    whole = sum(part.nbytes for part in head.passes())
    try:
        found = inflate.decompress(b"".join(chunk.content for chunk in chunks if chunk.kind == b"IDAT"), whole + 1)
    except zlib.error as error:
        raise damaged(error) from error
    if len(found) != whole or not inflate.eof:
        raise damaged(f"it has {'more' if len(found) > whole else 'fewer'} rows than declared")
    return found, inflate.unused_data


def _stream(*chunks: Chunk) -> bytes:
    """Returns a PNG of some chunks and the one that ends it."""
    return PNG + b"".join(packed(*chunk) for chunk in (*chunks, Chunk(b"IEND", b"")))


def packed(kind: bytes, content: bytes) -> bytes:
    """Returns a chunk as bytes.

    Args:
        kind: its kind.
        content: its content.
    """
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
