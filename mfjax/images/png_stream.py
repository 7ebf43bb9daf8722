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
_PIECE = 2**14  # bytes that are decompressed at a time, into 16 MiB at most
_WAYS = ((0, 0, 0), (0, 0, 1))  # compression, filtering, and interlaced or not
_INTERLACED = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


class Chunk(NamedTuple):
    """A chunk's kind and content."""

    kind: bytes
    content: bytes | memoryview


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

    of: Header
    row: int
    """The first row."""
    col: int
    down: int
    """The step to the next row."""
    across: int

    @property
    def rows(self) -> int:
        """Returns the number of its rows."""
        return -(-(self.of.height - self.row) // self.down)

    @property
    def cols(self) -> int:
        """Returns the number of its columns."""
        return -(-(self.of.width - self.col) // self.across)

    @property
    def header(self) -> Header:
        """Returns the header of the picture that it is."""
        return self.of._replace(height=self.rows, width=self.cols, interlaced=0)

    @property
    def nbytes(self) -> int:
        """Returns the bytes of its lines, each with the number of its filter."""
        bits = self.of.depth * _SAMPLES[self.of.kind]
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
        content = memoryview(data)[start + 8 : end]
        found.append(Chunk(kind, content if kind == b"IDAT" else bytes(content)))  # those are long
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
    behind = _check_lines(chunks, head)
    colours = bytes(next((chunk.content for chunk in chunks if chunk.kind == b"PLTE"), b""))[: 3 * 2**head.depth]
    stored = [chunk for chunk in chunks if chunk.kind == b"IDAT"]
    if behind:
        whole = b"".join(chunk.content for chunk in stored)
        stored = [Chunk(b"IDAT", whole[: len(whole) - behind])]
    if not head.interlaced:
        return _decoded(head, stored, colours)
    lines, at = zlib.decompress(b"".join(chunk.content for chunk in stored)), 0
    pixels = np.empty(0)
    for part in head.passes():  # each is a picture of its own, to be put between the others' rows and columns
        packed_lines = zlib.compress(lines[at : at + part.nbytes], 0)
        of_part = _decoded(part.header, [Chunk(b"IDAT", packed_lines)], colours)
        if at == 0:
            pixels = np.empty((head.height, head.width, *of_part.shape[2:]), of_part.dtype)
        pixels[part.row :: part.down, part.col :: part.across] = of_part
        at += part.nbytes
    return pixels


def _decoded(head: Header, stored: list[Chunk], colours: bytes) -> NDArray:
    """Returns the pixels of a picture that is not interlaced."""
    first = Chunk(b"IHDR", struct.pack(">IIBBBBB", *head))
    try:
        if head.kind != PALETTE:
            return imagecodecs.png_decode(_stream(first, *stored))
        # Libpng takes black for colours that a palette lacks: they are found by putting two others there.
        palettes = (Chunk(b"PLTE", colours.ljust(3 * 2**head.depth, filling)) for filling in (b"\0", b"\xff"))
        pixels, other = (imagecodecs.png_decode(_stream(first, palette, *stored)) for palette in palettes)
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
    if _check_lines(chunks, head):
        raise damaged("it has bytes behind its picture")


def _check_lines(chunks: list[Chunk], head: Header) -> int:
    """Returns the number of bytes behind the compressed lines, after checking that these are as many as declared."""
    inflate = zlib.decompressobj()
    left, behind = sum(part.nbytes for part in head.passes()), 0
    try:
        for chunk in chunks:
            for at in range(0, len(chunk.content) if chunk.kind == b"IDAT" else 0, _PIECE):
                piece = chunk.content[at : at + _PIECE]
                if inflate.eof:
                    behind += len(piece)
                    continue
                left -= len(inflate.decompress(piece))
                if left < 0:
                    raise damaged("it has more rows than declared")
                behind = len(inflate.unused_data)
    except zlib.error as error:
        raise damaged(error) from error
    if left or not inflate.eof:
        raise damaged("it has fewer rows than declared")
    return behind


def _stream(*chunks: Chunk) -> bytes:
    """Returns a PNG of some chunks and the one that ends it."""
    parts: list[bytes | memoryview] = [PNG]
    for kind, content in (*chunks, Chunk(b"IEND", b"")):
        sum_of_both = zlib.crc32(content, zlib.crc32(kind))
        parts += [struct.pack(">I", len(content)) + kind, content, struct.pack(">I", sum_of_both)]
    return b"".join(parts)


def packed(kind: bytes, content: bytes) -> bytes:
    """Returns a chunk as bytes.

    Args:
        kind: its kind.
        content: its content.
    """
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
