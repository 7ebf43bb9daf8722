"""Everything that tifffile can write is read exactly."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfjax import images

EXAMPLES = int(os.environ.get("MFJAX_TIFF_EXAMPLES", "150"))

UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
TYPES = (*UNSIGNED, "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool")
LOSSLESS = (None, "lzw", "packbits", "deflate", "adobe_deflate", "zstd", "lzma")
# What these codecs hold; the others hold bytes, and so all.
CODECS = {
    "png": ("uint8", "uint16"),
    "jpeg2000": ("uint8", "uint16"),
    "jpegxl": ("uint8", "uint16"),
    "webp": ("uint8",),
    "lerc": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
}


@st.composite
def written(draw):
    """Draws a file of one picture, what is to be read of it, and the options by which it was written."""
    photometric = draw(st.sampled_from(("minisblack", "miniswhite", "rgb", "palette")))
    compression = draw(st.sampled_from((*LOSSLESS, *CODECS)))
    types = CODECS.get(compression, TYPES)
    if photometric in ("miniswhite", "palette"):
        types = [each for each in types if each in UNSIGNED] or ["uint8"]
    if photometric == "palette":
        types = ["uint8"]
    dtype = np.dtype(draw(st.sampled_from(list(types))))
    if compression == "webp":
        photometric, dtype = "rgb", np.dtype("uint8")
    if dtype.kind == "b":
        photometric, compression = "minisblack", None
    # tifffile writes bits of several samples in another order than TIFF's
    plain = photometric in ("palette", "miniswhite") or compression in CODECS or dtype.kind == "b"
    extra = 0 if plain else draw(st.integers(0, 1))
    planar = draw(st.sampled_from(("contig", "separate"))) if compression != "webp" else "contig"
    colours = 3 if photometric == "rgb" else 1
    channels = colours + extra
    height, width = draw(st.integers(2, 40)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    picture = values(rng, (height, width, channels), dtype)
    options = {
        "photometric": photometric,
        "compression": compression,
        # imagecodecs' encoders of pictures take bytes as they lie: big-endian ones would be written wrongly
        "byteorder": "<" if compression in CODECS else draw(st.sampled_from("<>")),
        "bigtiff": draw(st.booleans()),
        "extrasamples": [draw(st.sampled_from(("unassalpha", "assocalpha")))] * extra or None,
        "metadata": draw(st.sampled_from((None, {}))),
    }
    if channels > 1:
        options["planarconfig"] = planar
    if draw(st.booleans()):
        options["tile"] = draw(st.sampled_from(((16, 16), (32, 16), (16, 48))))
    else:
        options["rowsperstrip"] = draw(st.integers(1, height))
    if compression in LOSSLESS[1:] and dtype.kind != "b" and dtype != np.uint64 and dtype != np.int64:
        options["predictor"] = draw(st.sampled_from((False, True)))
    if compression == "jpeg2000" and dtype == np.uint16:
        options["compressionargs"] = {"level": 0}
    if compression in ("webp", "jpegxl"):
        options["compressionargs"] = {"lossless": True}
    table = rng.integers(0, 65536, (3, 256), np.uint16) if photometric == "palette" else None
    if table is not None:
        options["colormap"] = table
        options["predictor"] = False
    bits = draw(st.sampled_from((None, 9, 10, 12, 14, 15))) if dtype == np.uint16 and packable(options) else None
    if bits is not None:
        picture >>= 16 - bits
        options["bitspersample"] = bits
    stored = np.moveaxis(picture, -1, 0) if options.get("planarconfig") == "separate" else picture
    file = io.BytesIO()
    tifffile.imwrite(file, np.ascontiguousarray(stored.squeeze(-1) if channels == 1 else stored), **options)
    return file.getvalue(), expected(picture, photometric, colours, table, bits), options


def packable(options):
    """Returns true if tifffile packs integers under these options, and rightly: it writes big-endian ones swapped."""
    plain = options["compression"] is None and "tile" not in options and options["photometric"] != "palette"
    return plain and options["byteorder"] == "<"


def values(rng, shape, dtype):
    """Returns values over the whole range of a type, noise on a ramp, so that codecs have something to find."""
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    ramp = np.linspace(0, 1, shape[0] * shape[1]).reshape(*shape[:2], 1) * rng.random() + 0.3 * rng.random(shape)
    ramp = np.clip(ramp, 0, 1)
    if dtype.kind == "f":
        return ((ramp - 0.5) * 10 ** rng.integers(0, 5)).astype(dtype)
    info = np.iinfo(dtype)
    return (ramp * (float(info.max) - float(info.min)) * (1 - 2**-20) + float(info.min)).astype(dtype)


def expected(picture, photometric, colours, table, bits):
    """Returns what is to be read of a picture [h, w, channels], from its values and TIFF's definitions."""
    if photometric == "palette":
        small = table // 257 if (table % 257 == 0).all() else table
        return np.stack([small[i][picture[..., 0]] for i in range(3)], axis=-1)
    if photometric == "miniswhite":
        picture = np.array(2 ** (bits or 8 * picture.itemsize) - 1).astype(picture.dtype) - picture
    picture = picture[..., 0] if colours == 1 else picture[..., :3]
    if picture.dtype.kind == "b":
        return np.where(picture, 255, 0).astype(np.uint8)
    return picture if picture.dtype in (np.uint8, np.uint16) else picture.astype(np.float32)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 1000,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(written())
def test_what_tifffile_writes_is_read_exactly(drawn):
    """Reads what tifffile writes, in every combination that it can write.

    MFJAX_TIFF_EXAMPLES=5000 python -m pytest tests/images/test_tiff_property.py -n 0 takes a few minutes.
    """
    data, pixels, options = drawn
    image = images.decode(data, Path("drawn.tif"))
    assert image.dtype == pixels.dtype, options
    np.testing.assert_array_equal(image, pixels, err_msg=str(options))


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("order", "<>")
def test_packed_values_are_read_in_either_byte_order(order, bits):
    pixels = np.random.default_rng(bits).integers(0, 2**bits, (5, 7), np.uint16)
    rows = ["".join(f"{value:0{bits}b}" for value in row) for row in pixels.tolist()]
    rows = [row.ljust(-(-len(row) // 8) * 8, "0") for row in rows]  # from the highest bit on; a row fills its bytes
    packed = b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    file = io.BytesIO()
    options = {"byteorder": order, "bitspersample": bits, "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(file, pixels, **options)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        (start,) = tiff.pages[0].dataoffsets
    data = bytearray(file.getvalue())
    data[start : start + len(packed)] = packed
    image = images.decode(bytes(data), Path("packed.tif"))
    np.testing.assert_array_equal(image, pixels)
    assert image.dtype == np.uint16
