"""PNG: only the chunks of the picture reach the decoder. Source: PNG specification, third edition (W3C, 2025)."""

import struct
import zlib
from collections.abc import Iterator

import imagecodecs
from numpy.typing import NDArray

from mfjax.images import exif, opencv
from mfjax.images.damage import damaged
from mfjax.images.declared import PNG
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata

_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type: gray, RGB, palette, gray + alpha, RGB + alpha

# Transparency goes too, since alpha is dropped; so do the frames of an animation, at which OpenCV 5.0 crashes, and
# profiles, of which libpng prints warnings.
_PICTURE = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_METRE = 39.3700787  # inches
_MOST_PROFILE = 2**24  # bytes of a profile; real ones take some thousand


def _recognises(data: bytes) -> bool:
    return data.startswith(PNG)


def _decode(data: bytes, page: int | None) -> Decoded:
    chunks = list(_chunks(data))
    kinds = {kind: data[start:end] for kind, start, end in reversed(chunks)}  # the first of each kind
    header = kinds[b"IHDR"]
    if len(header) != 13 or header[9] not in _CHANNELS:
        raise damaged("its header is wrong")
    width, height, depth, kind = struct.unpack_from(">IIBB", header)
    check_declared(height, width, _CHANNELS[kind] * (2 if depth == 16 else 1), len(data))
    if len(chunks) == sum(name in _PICTURE for name, _, _ in chunks):
        picture = data
    else:
        picture = PNG + b"".join(data[start - 8 : end + 4] for name, start, end in chunks if name in _PICTURE)
    try:
        pixels = imagecodecs.png_decode(picture)
    except imagecodecs.PngError as error:
        raise damaged(error) from error
    notes = []
    if b"acTL" in kinds:
        notes.append("first picture of an animation read, others ignored")
    if b"tRNS" in kinds:
        notes.append("transparency dropped")
    colours = 1 if kind in (0, 4) else 3
    return Decoded(pixels, colours, metadata=_metadata(kinds), notes=tuple(notes))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields the kind, start and end of all chunks' contents up to the end of the PNG, after checking their sums."""
    start, kind = len(PNG), b""
    while kind != b"IEND":
        if len(data) < start + 12:
            raise damaged("it has no end")
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 8 + length
        if len(data) < end + 4:
            raise damaged("a chunk is longer than the file")
        if zlib.crc32(memoryview(data)[start + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise damaged("a checksum is wrong")
        if start == len(PNG) and kind != b"IHDR":
            raise damaged("it has no header")
        yield kind, start + 8, end
        start = end + 4


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
        added += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))
    if metadata.dpi:
        x, y = (round(each * _METRE) for each in metadata.dpi)
        added += _chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if metadata.exif:
        added += _chunk(b"eXIf", metadata.exif)
    behind = len(PNG) + 25  # the header's chunk, before which none may come
    return data[:behind] + added + data[behind:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


FORMAT = Format(
    name="PNG",
    suffixes=(".png",),
    recognises=_recognises,
    decode=_decode,
    reads="1 to 16 bits: gray, RGB, palette, interlaced; below 8 bits scaled to 8",
    refuses="a wrong checksum, a missing end or rows",
    says="that only the first picture of an animation is read",
    bits=(8, 16),
    encode=_encode,
    keeps=("EXIF", "ICC profile", "dpi"),
)
