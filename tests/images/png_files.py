"""Writes PNGs of every kind for tests, line by line as the specification describes them, and wrong ones."""

import struct
import zlib

import numpy as np

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
KINDS = [(kind, depth) for kind in SAMPLES for depth in (1, 2, 4, 8, 16)]
KINDS = [(kind, depth) for kind, depth in KINDS if depth >= 8 or kind in (GRAY, PALETTE)]
KINDS.remove((PALETTE, 16))


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def lines(values, depth):
    """Returns the lines of a picture [h, w, samples], each behind its filter (none)."""
    if values.size == 0:
        return b""
    bits = (values.reshape(len(values), -1)[..., None] >> np.arange(depth)[::-1]) & 1
    return b"".join(b"\0" + np.packbits(row).tobytes() for row in bits.reshape(len(values), -1).astype(np.uint8))


def png(values, kind=GRAY, depth=8, *, interlaced=False, colours=b"", more=b"", behind=b"", others=b""):
    """Returns a PNG of values [h, w, samples].

    Args:
        values: the values, in the range of their depth.
        kind: the colour type.
        depth: bits of a value.
        interlaced: store it in seven passes.
        colours: the palette.
        more: bytes behind the last line, compressed with it.
        behind: bytes behind the compressed lines.
        others: chunks before the picture's.
    """
    height, width = values.shape[:2]
    if interlaced:
        passes = [values[0::8, 0::8], values[0::8, 4::8], values[4::8, 0::4], values[0::4, 2::4]]
        passes += [values[2::4, 0::2], values[0::2, 1::2], values[1::2, 0::1]]
    else:
        passes = [values]
    stored = zlib.compress(b"".join(lines(each, depth) for each in passes) + more) + behind
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    palette = chunk(b"PLTE", colours) if colours else b""
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            *(chunk(b"IHDR", header), palette, others, chunk(b"IDAT", stored), chunk(b"IEND", b"")),
        )
    )


def expected(values, kind, depth, colours):
    """Returns what is to be read of such a PNG."""
    if kind == PALETTE:
        return np.frombuffer(colours, np.uint8).reshape(-1, 3)[values[..., 0]]
    pixels = values[..., : 1 if kind in (GRAY, GRAY_ALPHA) else 3]
    pixels = pixels.astype(np.uint16) if depth == 16 else (pixels * 255 // (2**depth - 1)).astype(np.uint8)
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
