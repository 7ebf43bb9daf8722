"""Strips and tiles of a TIFF that are images of their own: what they declare is bounded by the picture."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile

from mfjax import images

ENCODERS = {
    "jpegxl": imagecodecs.jpegxl_encode,
    "jpegxr": imagecodecs.jpegxr_encode,
    "lerc": imagecodecs.lerc_encode,
    "webp": lambda pixels: imagecodecs.webp_encode(np.dstack([pixels] * 3), lossless=True),
    "jpeg2000": lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k"),
    "png": imagecodecs.png_encode,
}


def tiff(strip, codec, *, shape=(24, 32), **options):
    """Returns a TIFF of one strip that was compressed already."""
    colour = codec == "webp"
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        iter([strip]),
        shape=(*shape, 3) if colour else shape,
        dtype=np.uint8,
        compression=codec,
        photometric="rgb" if colour else "minisblack",
        metadata=None,
        **({"rowsperstrip": shape[0]} | options),
    )
    return file.getvalue()


def refused(tmp_path, data, reason):
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ValueError, match=rf"a\.tif: .*{reason}"):
        images.read(tmp_path / "a.tif")


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_strip_that_declares_more_pixels_than_the_picture_is_refused_before_decoding(tmp_path, codec):
    small, large = (ENCODERS[codec](np.zeros(shape, np.uint8)) for shape in ((24, 32), (300, 200)))
    (tmp_path / "small.tif").write_bytes(tiff(bytes(small), codec))
    assert images.read(tmp_path / "small.tif").shape[:2] == (24, 32)
    refused(tmp_path, tiff(bytes(large), codec), "strip 0 declares 300x200 pixels")


@pytest.mark.parametrize("shape", [(24, 32), (32, 24), (9, 700), (256, 8), (24, 24), (27, 36)])
def test_the_size_in_a_jpeg_xl_is_read_in_each_of_its_forms(tmp_path, shape):
    for container in (False, True):
        data = bytes(imagecodecs.jpegxl_encode(np.zeros(shape, np.uint8), usecontainer=container))
        refused(tmp_path, tiff(data, "jpegxl", shape=(4, 4)), f"declares {shape[0]}x{shape[1]} pixels")


@pytest.mark.parametrize("packed", ["deflate", "zstd"])
def test_a_lerc_inside_another_compression_is_read_and_bounded(tmp_path, packed):
    pixels = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)
    (tmp_path / "a.tif").write_bytes(tiff(bytes(imagecodecs.lerc_encode(pixels, compression=packed)), "lerc"))
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), pixels)
    large = bytes(imagecodecs.lerc_encode(np.zeros((300, 200), np.uint8), compression=packed))
    refused(tmp_path, tiff(large, "lerc"), "declares 300x200 pixels")


def test_a_lerc_of_many_values_a_pixel_is_refused(tmp_path):
    strip = bytearray(imagecodecs.lerc_encode(np.zeros((24, 32), np.uint8)))
    struct.pack_into("<i", strip, 22, 2**24)
    refused(tmp_path, tiff(bytes(strip), "lerc"), "strip 0 declares 16777216 values a pixel")


def test_a_jpeg_xr_of_which_its_decoder_prints_a_line_is_refused_and_nothing_is_printed(tmp_path, capfd):
    strip = bytearray(imagecodecs.jpegxr_encode(np.zeros((24, 32), np.uint8)))
    struct.pack_into("<H", strip, struct.unpack_from("<I", strip, 4)[0] + 2, 17_088)
    refused(tmp_path, tiff(bytes(strip), "jpegxr"), "strip 0: .*its directory has an entry 17088")
    assert capfd.readouterr() == ("", "")


def test_a_tile_of_absurd_size_is_refused_before_decoding(tmp_path):
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((24, 32), np.uint8), tile=(16, 16), compression="lzw", metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        tag = opened.pages[0].tags["TileLength"]
    struct.pack_into("<H", data, tag.offset + 2, 4)  # a number of 32 bits
    struct.pack_into("<I", data, tag.offset + 8, 2**31 - 1)
    refused(tmp_path, bytes(data), r"declares 2147483647x16 pixels; at most 2\^31")
