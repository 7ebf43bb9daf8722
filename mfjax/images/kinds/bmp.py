"""BMP, by OpenCV, whose reader for it prints nothing."""

import struct

from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images import opencv
from mfjax.images.damage import damaged
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata
from mfjax.size import Size

_PLAIN, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6  # ways in which pixels are stored
_OLD_HEADER = 12  # bytes, of OS/2
_HEADER = struct.Struct("<2sIIIIiiHHIIiiII")  # of a file whose header has 40 bytes


def _recognises(data: bytes) -> bool:
    return data.startswith(b"BM")


def _decode(data: bytes, page: int | None) -> Decoded:
    start, height, width, bits, way = _header(data)
    check_declared(height, width, max(bits // 8, 1), len(data))
    row = (width * bits + 31) // 32 * 4
    if way in (_RLE8, _RLE4):
        whole = len(data) > start and height * width <= 255 * (len(data) - start)  # two bytes make 255 pixels at most
    else:
        whole = start + row * height <= len(data)
    if not whole:
        raise damaged(f"{height}x{width} pixels are declared and fewer stored")
    if struct.unpack_from("<I", data, 14)[0] == _OLD_HEADER:
        data = _renewed(data, start, (height, width), bits)
    pixels = opencv.decode(data)
    return Decoded(pixels, 1 if pixels.ndim == 2 else 3)


def _header(data: bytes) -> tuple[int, int, int, int, int]:
    """Returns where the pixels start, rows, columns, bits a pixel and the way they are stored."""
    try:
        start, size = struct.unpack_from("<II", data, 10)
        if size == _OLD_HEADER:
            width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
            way = _PLAIN
        else:
            width, height, _, bits, way = struct.unpack_from("<iiHHI", data, 18)
    except struct.error:
        raise damaged("its header is") from None
    known = (1, 4, 8, 24) if size == _OLD_HEADER else (1, 4, 8, 16, 24, 32)
    if way not in (_PLAIN, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS) or bits not in known:
        raise MfjaxError(f"is a BMP of {bits} bits stored in way {way}; save it as a PNG")
    return start, abs(height), abs(width), bits, way


def _renewed(data: bytes, start: int, size: Size, bits: int) -> bytes:
    """Returns a BMP of OS/2 with the header of a later one, since OpenCV makes gray of its colours."""
    end = min(start, 26 + 3 * 2**bits) if bits <= 8 else 0
    palette = b"".join(data[at : at + 3] + b"\0" for at in range(26, end - 2, 3))
    shape = 40, size[1], size[0], 1, bits, 0, 0, 0, 0, len(palette) // 4, 0
    return _HEADER.pack(b"BM", 0, 0, 54 + len(palette), *shape) + palette + data[start:]


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    return opencv.encode(".bmp", pixels)


FORMAT = Format(
    name="BMP",
    suffixes=(".bmp", ".dib"),
    recognises=_recognises,
    decode=_decode,
    reads="1 to 32 bits a pixel, palettes, run lengths",
    refuses="fewer pixels than its header declares",
    bits=(8,),
    encode=_encode,
)
