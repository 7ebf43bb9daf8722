"""Finds the picture among a TIFF's directories, and checks its strips and tiles before they are decoded."""

import math
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import imagecodecs

from mfjax.errors import MfjaxError
from mfjax.images import jpeg_stream, png_stream
from mfjax.images.damage import damaged
from mfjax.images.declared import LERC, lerc_depth, size
from mfjax.images.limits import MAX_PAGES, check_declared
from mfjax.size import Size

# tifffile's classes have no stable types to name; a page is a `tifffile.TiffPage`.
Page = Any

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_LOOKED_AT = 16  # directories whose sizes are compared
_NUMBERS = (  # attributes of a directory that are one number unless it is damaged
    *("imagewidth", "imagelength", "imagedepth", "tilewidth", "tilelength", "tiledepth", "rowsperstrip"),
    *("samplesperpixel", "compression", "planarconfig", "photometric", "predictor", "fillorder", "subfiletype"),
)
_LZW, _PACKBITS = 5, 32773
_PNG = 34933
_LERC = 34887
_ZSTD = b"\x28\xb5\x2f\xfd"
_JPEG_XL = (50002, 52546)
_JPEG_XR = (22610, 34934)
_JPEG_XR_TAGS = {*range(0xBC01, 0xBC05), *range(0xBC80, 0xBC84), *range(0xBCC0, 0xBCC6)}  # ITU-T T.832, A.7
_JPEG = (6, 7, 33007, 34892)


class Choice(NamedTuple):
    """The directory that was chosen."""

    page: Page
    number: int
    pages: int
    """The number of full pictures in the file."""
    notes: tuple[str, ...]


def choose(tiff: Any, number: int | None) -> Choice:
    """Returns the directory of the picture: the one with a number, or else the first that is no preview.

    Args:
        tiff: the open `tifffile.TiffFile`.
        number: the wanted page, from 0; None: the picture.

    Raises:
        MfjaxError: there is no such page; there are too many; or it is not clear which is the picture.
    """
    count = len(tiff.pages)
    if number is not None:
        if number >= count:
            raise MfjaxError(f"has {count} pages, counted from 0; there is no page {number}")
        return Choice(_page(tiff.pages, number), number, count, ())
    if count > MAX_PAGES:
        raise MfjaxError(f"has {count} pages; choose one by FILE[N] (page=N), counted from 0")
    first, *others = (_page(tiff.pages, i) for i in range(min(count, _LOOKED_AT)))
    full = [(i, page) for i, page in enumerate([first, *others]) if not page.subfiletype & (_REDUCED | _MASK)]
    pages = len(full) + max(count - _LOOKED_AT, 0)
    inner = max(_sub_directories(first), key=_area, default=first)
    if _area(inner) > _area(first):
        note = f"the first directory is a preview of {_size(first)}: the picture of {_size(inner)} inside it was read"
        return Choice(inner, 0, pages, (note,))
    largest = max([first, *others], key=_area)
    if _area(largest) > _area(first):
        if first.subfiletype & _REDUCED and full:
            number, picture = full[0]
            if picture is largest:
                note = f"page 0 is a preview of {_size(first)}: page {number} of {_size(picture)} was read"
                return Choice(picture, number, pages, (note,))
        number = [first, *others].index(largest)
        sizes = f"page 0 is {_size(first)} and page {number} is {_size(largest)}"
        raise MfjaxError(f"{sizes}; choose one by FILE[N] (page=N)")
    notes = (f"first page of {pages} read, others ignored; FILE[1] (page=1) is the second",) if pages > 1 else ()
    return Choice(first, 0, max(pages, 1), notes)


def check_segments(page: Page, data: bytes) -> None:
    """Raises MfjaxError if a strip or tile is missing, beyond the file's end, or too short or long once decoded.

    tifffile fills what is missing, and decodes some damaged data without a word: LZW, PackBits and JPEG are therefore
    checked here, and PNG, whose decoder prints warnings. Deflate, LZMA, LERC and JPEG XL have checksums, or structure
    enough, and fail by themselves.
    Zstandard without a checksum, JPEG 2000, WebP and fax data can be damaged without a trace.

    Args:
        page: the directory.
        data: the file's bytes.
    """
    wanted = math.prod(page.chunked)
    kind = "tile" if page.is_tiled else "strip"
    if page.is_tiled:  # a tile may be larger than the picture
        check_declared(*_sides(page), page.samplesperpixel * page.dtype.itemsize, len(data))
    places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if len(places) < wanted:
        raise damaged(f"{len(places)} of {wanted} {kind}s are there")
    for index, (start, length) in enumerate(places[:wanted]):
        if start == 0 or length == 0:
            raise MfjaxError(f"{kind} {index} of {wanted} is missing; make the file again, with all of its pixels")
        if start + length > len(data):
            raise damaged(f"{kind} {index} is beyond its end")
        _check_size(page, data[start : start + length], f"{kind} {index}")
        if page.compression in (_LZW, _PACKBITS):
            _check_length(page, data[start : start + length], f"{kind} {index}", _lengths(page, index))
        else:
            try:
                _check_stream(page, data[start : start + length])
            except MfjaxError as error:
                raise MfjaxError(f"{kind} {index}: {error}") from error


def _check_size(page: Page, stored: bytes, name: str) -> None:
    """Raises MfjaxError if a strip or tile is an image of its own that declares more pixels than it may have."""
    if page.compression == _LERC and not stored.startswith(LERC):
        most = 2**16 + 2 * _whole(page) * page.samplesperpixel * page.dtype.itemsize
        unpack = imagecodecs.zstd_decode if stored.startswith(_ZSTD) else imagecodecs.deflate_decode
        stored = bytes(unpack(stored, out=most))
    inside = size(stored)
    if inside is None and page.compression in (*_JPEG_XL, *_JPEG_XR, _LERC):
        raise damaged(f"{name} declares no size")
    if inside is not None and (math.prod(inside) > _whole(page) or min(inside) < 1):
        raise damaged(f"{name} declares {inside[0]}x{inside[1]} pixels")
    if page.compression == _LERC and (depth := lerc_depth(stored)) > page.samplesperpixel:
        raise damaged(f"{name} declares {depth} values a pixel")


def _check_stream(page: Page, stored: bytes) -> None:
    """Raises MfjaxError if a strip or tile is a JPEG, PNG or JPEG XR that is damaged."""
    if page.compression in _JPEG and page.jpegheader is None:
        jpeg_stream.check(stored, page.jpegtables, _whole(page))
    elif page.compression == _PNG:
        png_stream.check(stored)
    elif page.compression in _JPEG_XR:
        _check_jpeg_xr(stored)


def _check_jpeg_xr(stored: bytes) -> None:
    """Raises MfjaxError if the directory of a JPEG XR has entries of which its decoder would print a line."""
    at = struct.unpack_from("<I", stored, 4)[0] if len(stored) >= 8 else len(stored)
    count = struct.unpack_from("<H", stored, at)[0] if at + 2 <= len(stored) else 0
    if not count or at + 2 + 12 * count > len(stored):
        raise damaged("its directory is cut")
    for i in range(count):
        (tag,) = struct.unpack_from("<H", stored, at + 2 + 12 * i)
        if tag not in _JPEG_XR_TAGS:
            raise damaged(f"its directory has an entry {tag}")


def _whole(page: Page) -> int:
    """Returns the pixels of a whole strip or tile."""
    return math.prod(_sides(page))


def _sides(page: Page) -> Size:
    """Returns the (height, width) of a whole strip or tile."""
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip, page.imagelength), page.imagewidth


def _lengths(page: Page, index: int) -> Sequence[int]:
    """Returns the bytes that a strip or tile may have once decoded: its own, or those of a whole strip."""
    (rows, cols), left = _sides(page), page.tilelength
    if not page.is_tiled:
        left = min(rows, page.imagelength - index % math.ceil(page.imagelength / rows) * rows)
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    bits = sum(page.bitspersample) if isinstance(page.bitspersample, tuple) else page.bitspersample * samples
    row = (cols * bits + 7) // 8
    return left * row, rows * row


def _check_length(page: Page, stored: bytes, name: str, lengths: Sequence[int]) -> None:
    decode = imagecodecs.lzw_decode if page.compression == _LZW else imagecodecs.packbits_decode
    if page.fillorder == 2:
        stored = bytes(imagecodecs.bitorder_decode(stored))
    found = len(decode(stored, out=max(lengths) + 1))
    if found not in lengths:
        about = f"more than {max(lengths)}" if found > max(lengths) else str(found)
        raise damaged(f"{name} has {about} bytes of {lengths[0]}")


def _sub_directories(page: Page) -> list[Page]:
    """Returns the first directories inside a page, without masks."""
    if not page.subifds:
        return []
    inside = page.pages
    found = [_page(inside, i) for i in range(min(len(inside), _LOOKED_AT))]
    return [each for each in found if not each.subfiletype & _MASK]


def _page(pages: Any, number: int) -> Page:
    """Returns a directory, after checking that what must be one number is one."""
    page = pages[number]
    for name in _NUMBERS:
        if not isinstance(getattr(page, name), int):
            raise damaged(f"page {number} has no number as its {name}")
    return page


def _area(page: Page) -> int:
    return page.imagelength * page.imagewidth


def _size(page: Page) -> str:
    return f"{page.imagelength}x{page.imagewidth}"
