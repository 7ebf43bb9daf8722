"""PNG: only the picture reaches the decoder. Source: PNG specification, third edition (W3C, 2025)."""

import struct
import zlib

from numpy.typing import NDArray

from mfjax.images import exif, opencv, png_stream
from mfjax.images.declared import PNG
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata
from mfjax.images.png_stream import packed

_METRE = 39.3700787  # inches
_MOST_PROFILE = 2**24  # bytes of a profile; real ones take some thousand


def _recognises(data: bytes) -> bool:
    return data.startswith(PNG)


def _decode(data: bytes, page: int | None) -> Decoded:
    chunks = png_stream.walk(data)
    header = png_stream.header(chunks)
    check_declared(header.height, header.width, header.bytes_a_pixel, len(data))
    pixels = png_stream.decode(chunks, header)
    others = (chunk for chunk in reversed(chunks) if chunk.kind != b"IDAT")
    kinds = {chunk.kind: bytes(chunk.content) for chunk in others}  # the first of each kind
    notes = []
    if b"acTL" in kinds:
        notes.append("first picture of an animation read, others ignored")
    if b"tRNS" in kinds:
        notes.append("transparency dropped")
    colours = 1 if header.kind in (png_stream.GRAY, png_stream.GRAY_ALPHA) else 3
    return Decoded(pixels, colours, metadata=_metadata(kinds), notes=tuple(notes))


def _metadata(kinds: dict[bytes, bytes]) -> Metadata:
    block = kinds.get(b"eXIf", b"")
    dpi = None
    if len(density := kinds.get(b"pHYs", b"")) == 9:
        x, y, unit = struct.unpack(">IIB", density)
        dpi = (round(x / _METRE, 2), round(y / _METRE, 2)) if unit == 1 and x and y else None
    return Metadata(
        orientation=exif.orientation(block), icc=_profile(kinds.get(b"iCCP", b"")), dpi=dpi, exif=exif.kept(block)
    )


def _profile(chunk: bytes) -> bytes | None:
    """Returns an ICC profile, or None if there is none, or one that can't be unpacked."""
    _, found, packed = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _MOST_PROFILE) or None if found else None
    except zlib.error:
        return None


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    data = opencv.encode(".png", pixels)
    added = b""
    if metadata.icc:
        added += packed(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))
    if metadata.dpi:
        x, y = (round(each * _METRE) for each in metadata.dpi)
        added += packed(b"pHYs", struct.pack(">IIB", x, y, 1))
    if metadata.exif:
        added += packed(b"eXIf", metadata.exif)
    behind = len(PNG) + 25  # the header's chunk, before which none may come
    return data[:behind] + added + data[behind:]


FORMAT = Format(
    name="PNG",
    suffixes=(".png",),
    recognises=_recognises,
    decode=_decode,
    reads="1 to 16 bits: gray, RGB, palette, interlaced; below 8 bits scaled to 8",
    refuses="a wrong checksum, a missing end, fewer or more rows than declared, colours that its palette lacks",
    says="that only the first picture of an animation is read",
    bits=(8, 16),
    encode=_encode,
    keeps=("EXIF", "ICC profile", "dpi"),
)
