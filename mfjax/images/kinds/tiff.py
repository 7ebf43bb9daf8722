"""TIFF, by tifffile and imagecodecs. Source: TIFF 6.0 (Adobe, 1992) and its later tags."""

import io
import logging
import math
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.images import exif
from mfjax.images.damage import damaged
from mfjax.images.formats import Format
from mfjax.images.limits import check_declared
from mfjax.images.metadata import Decoded, Metadata
from mfjax.images.numbers import rgb_of_inverted_cmyk
from mfjax.images.tiff_directory import Page, check_segments, choose

_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 274, 282, 283, 296
_COLOUR_MAP, _INK_SET, _NODATA, _ICC = 320, 332, 42113, 34675
_INCHES, _CENTIMETRES, _CMYK_INKS = 2, 3, 1
_ALPHA = (1, 2)  # kinds of extra samples that are alpha

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR, _LINEAR_RAW = 0, 1, 2, 3, 5, 6, 34892
_COLOUR_FILTER = 32803
_DECODED_TO_RGB = (6, 7, 33003, 33005, 34712, 33007, 34892, 50001, 50002)  # ways of compression that know colour


def _recognises(data: bytes) -> bool:
    return data.startswith(_SIGNATURES)


def _count_pages(data: bytes) -> int:
    with _opened(data) as (tiff, _):
        return len(tiff.pages)


def _decode(data: bytes, number: int | None) -> Decoded:
    with _opened(data) as (tiff, said):
        page, number, pages, notes = choose(tiff, number)
        _check_kind(page)
        samples = page.samplesperpixel
        check_declared(page.imagelength, page.imagewidth, samples * page.dtype.itemsize, len(data))
        check_segments(page, data)
        stored = page.asarray(squeeze=False)  # [planes, 1, h, w, samples]
        stored = np.moveaxis(stored[:, 0], 0, -1).reshape(*stored.shape[2:4], samples)
        pixels, colours, extra = _picture(page, stored)
        metadata = _metadata(page, data, number, pages)
    return Decoded(pixels, colours, extra, metadata, (*notes, *said, *_scaled(page)))


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Any, list[str]]]:
    """Opens a TIFF, collects what tifffile logs meanwhile, and makes its errors MfjaxErrors."""
    import tifffile  # here, since it takes a tenth of a second that other kinds need not wait for

    said: list[str] = []
    mine = threading.get_ident()

    def collect(record: logging.LogRecord) -> bool:
        if record.thread != mine:
            return True
        said.append(record.getMessage())
        return False

    log = logging.getLogger("tifffile")
    log.addFilter(collect)
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            yield tiff, said
    except (MfjaxError, MemoryError):
        raise
    except ImportError as error:
        raise MfjaxError(f"needs a codec that is not installed ({error}); pip install -U imagecodecs") from error
    except Exception as error:  # a damaged file makes tifffile and its codecs raise whatever they stumble over
        raise damaged(error) from error
    finally:
        log.removeFilter(collect)


def _check_kind(page: Page) -> None:
    """Raises MfjaxError, naming the reason, if a directory's picture is of a kind that is not read."""
    from tifffile import COMPRESSION, PHOTOMETRIC, TIFF

    name = _name(COMPRESSION, page.compression)
    if page.compression != 1 and page.compression not in TIFF.DECOMPRESSORS:
        raise MfjaxError(
            f"is compressed by {name}, for which a codec is missing; pip install -U imagecodecs, or save it anew"
        )
    if page.dtype is None:
        raise MfjaxError(f"has {page.bitspersample} bits of sample format {page.sampleformat}; save it as 8 or 16 bits")
    if page.dtype.kind not in "buif":
        raise MfjaxError(f"has pixels of type {page.dtype}; save their real part or magnitude as float")
    if page.imagedepth != 1:
        raise MfjaxError(f"is a volume of {page.imagedepth} slices; save one as a picture")
    kind, samples = page.photometric, page.samplesperpixel
    if kind == _COLOUR_FILTER:
        raise MfjaxError(f"is a raw mosaic of {page.imagelength}x{page.imagewidth}; develop it into a TIFF or PNG")
    if kind == _YCBCR and page.compression not in _DECODED_TO_RGB:
        raise MfjaxError("has YCbCr pixels without JPEG; save it as RGB")
    if kind == _SEPARATED and (samples != 4 or page.dtype != np.uint8 or page.tags.valueof(_INK_SET, 1) != _CMYK_INKS):
        raise MfjaxError(f"has {samples} inks of {page.dtype}; save it as RGB")
    if kind == _PALETTE and (samples != 1 or page.dtype.kind not in "bu" or _COLOUR_MAP not in page.tags):
        raise MfjaxError("has a palette that can't be read; save it as RGB")
    if kind == _WHITE_IS_ZERO and (page.dtype.kind not in "bu"):
        raise MfjaxError(f"says that 0 is white, but {page.dtype} pixels have no black; save it as BlackIsZero")
    known = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR, _LINEAR_RAW)
    if kind not in known:
        raise MfjaxError(f"has {_name(PHOTOMETRIC, kind)} pixels; save it as RGB or gray")


def _name(names: Any, value: int) -> str:
    try:
        return names(value).name
    except ValueError:
        return f"number {value}"


def _picture(page: Page, stored: NDArray) -> tuple[NDArray, int, str]:
    """Returns the channels as a picture has them, how many are its colours, and what the others are.

    Args:
        page: the directory.
        stored: the pixels, [h, w, samples].
    """
    kind, samples = page.photometric, page.samplesperpixel
    bits = page.bitspersample if isinstance(page.bitspersample, int) else 8
    if kind == _PALETTE:
        table = np.asarray(page.tags[_COLOUR_MAP].value, np.uint16).reshape(3, -1).T
        eight = (table % 257 == 0).all() or table.max() < 256  # 8 bits, as they should be stored or as some do
        if eight:
            table = (table if table.max() < 256 else table // 257).astype(np.uint8)
        return table[stored[..., 0].astype(np.intp)], 3, ""
    if kind == _SEPARATED:
        return rgb_of_inverted_cmyk(255 - stored), 3, ""
    if kind == _WHITE_IS_ZERO:
        stored = ~stored if stored.dtype == bool else stored.dtype.type(2**bits - 1) - stored
    if stored.dtype == np.uint8 and bits < 8:
        stored = (stored.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)
    alpha = bool(page.extrasamples) and page.extrasamples[0] in _ALPHA
    if kind in (_RGB, _YCBCR) or (kind == _LINEAR_RAW and samples == 3):
        return stored, 3 if samples in (3, 4) else 0, "alpha" if alpha else "channel 3"
    if samples == 1:
        return stored, 1, ""
    return stored, 1 if samples == 2 and alpha else 0, "alpha"


def _scaled(page: Page) -> tuple[str, ...]:
    bits = page.bitspersample
    if page.photometric == _PALETTE or not isinstance(bits, int) or not 1 < bits < 8:
        return ()
    return (f"{bits}-bit values scaled to 8 bits",)


def _metadata(page: Page, data: bytes, number: int, pages: int) -> Metadata:
    tags, bits = page.tags, page.bitspersample
    narrow = isinstance(bits, int) and page.dtype.kind == "u" and 8 < bits < 8 * page.dtype.itemsize
    orientation = tags.valueof(_ORIENTATION, 1)
    return Metadata(
        orientation=int(orientation) if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        page=number,
        pages=pages,
        bits=bits if narrow else None,
        nodata=_number(tags.valueof(_NODATA)),
        icc=tags.valueof(_ICC) or None,
        dpi=_dpi(tags),
        exif=exif.kept(data),
    )


def _number(text: object) -> float | None:
    try:
        return float(str(text).strip("\0 ").replace(",", "."))
    except ValueError:
        return None


def _dpi(tags: Any) -> tuple[float, float] | None:
    unit = tags.valueof(_UNIT, _INCHES)
    if unit not in (_INCHES, _CENTIMETRES):
        return None
    found = [tags.valueof(tag) for tag in (_X_RESOLUTION, _Y_RESOLUTION)]
    if not all(isinstance(each, tuple) and len(each) == 2 and each[0] and each[1] for each in found):
        return None
    x, y = (each[0] / each[1] * (2.54 if unit == _CENTIMETRES else 1) for each in found)
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _encode(pixels: NDArray, metadata: Metadata, quality: int | None) -> bytes:
    import tifffile

    main, directories = exif.entries(metadata.exif or b"")
    file = io.BytesIO()
    integers = pixels.dtype != np.float32
    tifffile.imwrite(
        file,
        pixels,
        byteorder="<",
        photometric="rgb" if pixels.ndim == 3 else "minisblack",
        compression="zlib" if integers else None,  # what reads float TIFFs often can't unpack them
        predictor=integers,
        rowsperstrip=max(1, 2**18 // pixels[0].nbytes),
        metadata=None,
        software=False,
        iccprofile=metadata.icc,
        resolution=metadata.dpi,
        resolutionunit=_INCHES if metadata.dpi else None,
        extratags=[
            *((tag, kind, count, value, True) for tag, (kind, count, value) in main.items()),
            # tifffile writes no tags of further directories. So each is written under a number that is free and the
            # next in order, and gets its own below, with its place.
            *((tag + 1, 4, 1, 0, True) for tag in directories),
        ],
    )
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        written = {tag: tiff.pages.first.tags[tag + 1] for tag in directories}
    for tag, directory in directories.items():
        data += b"\0" * (len(data) % 2)
        struct.pack_into("<H", data, written[tag].offset, tag)
        struct.pack_into("<I", data, written[tag].valueoffset, len(data))
        data += exif.packed(directory, len(data))
    return bytes(data)


FORMAT = Format(
    name="TIFF",
    suffixes=(".tif", ".tiff"),
    recognises=_recognises,
    decode=_decode,
    reads="1 to 64 bits, signed, unsigned and float; gray, RGB, palette, CMYK, white as zero, planar; BigTIFF, "
    "tiles, both byte orders, all codecs of imagecodecs",
    refuses="missing or damaged strips and tiles, bands without a meaning (unless one is chosen), a smaller page "
    "before a larger one (unless one is chosen), raw mosaics, volumes, complex numbers",
    says="a preview that was passed over, further pages, values below 8 bits, which are scaled",
    count_pages=_count_pages,
    bits=(8, 16, 32),
    encode=_encode,
    keeps=("EXIF", "ICC profile", "dpi"),
)
