"""WebP. Source: WebP container specification (RFC 9649)."""

import struct
from collections.abc import Iterator

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images import exif
from mfjax.images.damage import damaged
from mfjax.images.declared import webp_size
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata

_ANIMATED, _WITH_EXIF, _WITH_ICC = 0x02, 0x08, 0x20  # flags of the header
_MOST_SIDE = 16_383


def _recognises(data: bytes) -> bool:
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def _decode(data: bytes, page: int | None) -> Decoded:
    chunks = {kind: data[start:end] for kind, start, end in reversed(list(_chunks(data)))}
    height, width = webp_size(data[12:16], data[20:30])
    check_declared(height, width, 4, len(data))
    try:
        pixels = imagecodecs.webp_decode(data)
    except imagecodecs.WebpError as error:
        raise damaged(error) from error
    block = chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    animated = len(chunks.get(b"VP8X", b"")) >= 10 and chunks[b"VP8X"][0] & _ANIMATED
    return Decoded(
        pixels,
        3,
        metadata=Metadata(exif.orientation(block), icc=chunks.get(b"ICCP"), exif=exif.kept(block)),
        notes=("first picture of an animation read, others ignored",) if animated else (),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields the kind, start and end of each chunk's content."""
    if len(data) < 20 or len(data) < struct.unpack_from("<I", data, 4)[0] + 8:
        raise damaged("it is shorter than it says")
    at, whole = 12, struct.unpack_from("<I", data, 4)[0] + 8
    while at + 8 <= whole:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > whole:
            raise damaged("a chunk is longer than the file")
        yield kind, at + 8, at + 8 + length
        at += 8 + length + length % 2


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    if max(pixels.shape[:2]) > _MOST_SIDE:
        raise MfjaxError(f"a WebP has at most {_MOST_SIDE} pixels a side; write a .png or .tif")
    rgb = pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)
    data = bytes(imagecodecs.webp_encode(rgb, level=quality, lossless=quality is None))
    profile = metadata.icc if pixels.ndim == 3 else None  # that of gray fits no RGB
    if not profile and not metadata.exif:
        return data
    flags = (_WITH_ICC if profile else 0) | (_WITH_EXIF if metadata.exif else 0)
    height, width = pixels.shape[:2]
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    parts = [b"WEBP", _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides), _chunk(b"ICCP", profile or b"")]
    parts += [data[12:], _chunk(b"EXIF", metadata.exif or b"")]
    return _chunk(b"RIFF", b"".join(parts))


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Returns a chunk; nothing if it would be empty."""
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) if content else b""


FORMAT = Format(
    name="WebP",
    suffixes=(".webp",),
    recognises=_recognises,
    decode=_decode,
    reads="8 bits RGB, lossless and lossy",
    refuses="a file shorter than it says",
    says="that only the first picture of an animation is read",
    bits=(8,),
    encode=_encode,
    keeps=("EXIF", "ICC profile"),
    stores="lossless unless a quality is given, gray as RGB",
    quality=True,
)
