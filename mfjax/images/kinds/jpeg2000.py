"""JPEG 2000, as a file (JP2) or as a bare codestream. Source: ITU-T T.800."""

import struct

import imagecodecs
from numpy.typing import NDArray

from mfjax.images.damage import damaged
from mfjax.images.declared import JPEG2000, size
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata

_FILE = b"\0\0\0\x0cjP  \r\n\x87\n"


def _recognises(data: bytes) -> bool:
    return data.startswith((_FILE, JPEG2000))


def _decode(data: bytes, page: int | None) -> Decoded:
    start = data.find(JPEG2000)
    declared = size(data[start : start + 43]) if start >= 0 else None
    if declared is None or len(data) < start + 43:
        raise damaged("it has no picture")
    channels, depth = struct.unpack_from(">HB", data, start + 40)
    bits = 1 + (depth & 0x7F)
    check_declared(*declared, channels * (1 if bits <= 8 else 2), len(data))
    try:
        pixels = imagecodecs.jpeg2k_decode(data)
    except (imagecodecs.Jpeg2kError, NotImplementedError) as error:
        raise damaged(error) from error
    colours = {1: 1, 2: 1, 3: 3, 4: 3}.get(channels, 0)
    return Decoded(pixels, colours, metadata=Metadata(bits=bits if bits not in (8, 16) else None))


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="JP2"))


FORMAT = Format(
    name="JPEG 2000",
    suffixes=(".jp2", ".j2k"),
    recognises=_recognises,
    decode=_decode,
    reads="8 and 16 bits, gray and RGB; values of 9 to 15 bits as stored",
    refuses="a file that is cut",
    bits=(8, 16),
    encode=_encode,
    stores="lossless",
)
