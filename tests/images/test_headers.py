"""Files whose headers say something rare: read right, or refused in one line that says what it is."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import tifffile

from mfjax import MfjaxError, images
from mfjax.images import jpeg_stream, opencv, png_stream

PNG = b"\x89PNG\r\n\x1a\n"


def bmp(way=0, bits=24, *, body=b"", palette=b""):
    """Returns a BMP of 4 columns and 2 rows."""
    start = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, 4, 2, 1, bits, way, len(body), 0, 0, len(palette) // 4, 0)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + info + palette + body


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def webp(kind, content):
    data = b"WEBP" + struct.pack("<4sI", kind, len(content)) + content
    return struct.pack("<4sI", b"RIFF", len(data)) + data


def tiff(dtype=np.uint8, shape=(8, 8), **options):
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros(shape, dtype), metadata=None, **options)
    return file.getvalue()


def changed(data, **tags):
    """Returns a TIFF some of whose tags have other values."""
    file = io.BytesIO(data)
    with tifffile.TiffFile(file, mode="r+") as opened:
        for name, value in tags.items():
            opened.pages[0].tags[name].overwrite(value)
        return file.getvalue()


def read(tmp_path, data):
    file = tmp_path / "a"
    file.write_bytes(data)
    return images.read(file)


def test_a_bmp_of_os2_is_read_in_its_colours(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    header = struct.pack("<2sIHHI", b"BM", 50, 0, 0, 26) + struct.pack("<IHHHH", 12, 4, 2, 1, 24)
    np.testing.assert_array_equal(read(tmp_path, header + pixels[::-1, :, ::-1].tobytes()), pixels)
    colours = bytes((10, 20, 30, 40, 50, 60)) + bytes(3 * 254)
    header = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 26 + 768) + struct.pack("<IHHHH", 12, 4, 2, 1, 8)
    made = read(tmp_path, header + colours + bytes((1, 1, 1, 1, 0, 1, 0, 1)))
    np.testing.assert_array_equal(made[0, :2], [[30, 20, 10], [60, 50, 40]])
    with pytest.raises(MfjaxError, match="is a BMP of 32 bits stored in way 0"):
        read(tmp_path, header[:24] + struct.pack("<H", 32) + bytes(99))


def test_a_bmp_of_runs_is_read_and_one_with_too_few_bytes_for_its_pixels_is_not(tmp_path):
    palette = bytes((0, 0, 0, 0, 10, 20, 30, 0))
    rows = bytes((4, 1, 0, 0, 2, 0, 2, 1, 0, 1))  # the lower row first: 4 pixels of colour 1, then 2 and 2
    made = read(tmp_path, bmp(1, 8, body=rows, palette=palette))
    lower, upper = made[1], made[0]
    np.testing.assert_array_equal(lower, [[30, 20, 10]] * 4)
    np.testing.assert_array_equal(upper, [[0, 0, 0]] * 2 + [[30, 20, 10]] * 2)
    with pytest.raises(MfjaxError, match="2x4 pixels are declared and fewer stored"):
        read(tmp_path, bmp(1, 8, palette=palette))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"BM" + bytes(14), "its header is"),
        (bmp(bits=2, body=bytes(99)), "is a BMP of 2 bits stored in way 0; save it as a PNG"),
        (bmp(way=4, body=bytes(99)), "is a BMP of 24 bits stored in way 4; save it as a PNG"),
    ],
    ids=["cut", "bits", "way"],
)
def test_a_bmp_of_another_kind_is_refused(tmp_path, data, message):
    with pytest.raises(MfjaxError, match=message):
        read(tmp_path, data)


def test_bytes_that_opencv_can_not_decode_or_encode_are_an_error():
    with pytest.raises(MfjaxError, match="cut short or damaged"):
        opencv.decode(b"BM" + bytes(100))
    with pytest.raises(MfjaxError):
        opencv.encode(".nothing", np.zeros((2, 2), np.uint8))


def test_fill_bytes_between_the_segments_of_a_jpeg_are_passed_over(photograph, tmp_path):
    data = simplejpeg.encode_jpeg(photograph)
    filled = data[:2] + b"\xff\xff" + data[2:]
    np.testing.assert_array_equal(read(tmp_path, filled), simplejpeg.decode_jpeg(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xc0\x00\x04\x08\x00\xff\xd9",  # a frame's header of two bytes
        b"\xff\xd8\xff\xd0\xff\xd9",  # a restart and no frame
        b"\xff\xd8\xff\xe0\x00",  # half a length
        b"\xff\xd8\xff\xe0\x00\x01",  # a length that does not hold itself
        b"\xff\xd8\xff\xe0\x00\x09",  # a length beyond the end
    ],
    ids=["header", "restart", "half", "short", "long"],
)
def test_a_jpeg_without_a_picture_is_refused(tmp_path, data):
    with pytest.raises(MfjaxError, match="cut short or damaged"):
        read(tmp_path, data)


def test_a_jpeg_of_two_components_is_refused(tmp_path):
    frame = jpeg_stream.Frame(jpeg_stream.BASELINE, 8, 8, 8, 2)
    with pytest.raises(MfjaxError, match="is a JPEG of 2 components; save it as a PNG or TIFF"):
        jpeg_stream.decode(b"", frame)


def test_a_jpeg_of_12_bits_is_refused(tmp_path):
    frame = jpeg_stream.Frame(jpeg_stream.EXTENDED, 12, 8, 8, 1)
    with pytest.raises(MfjaxError, match="is a 12-bit JPEG; 8-bit baseline and progressive ones are read"):
        jpeg_stream.decode(b"", frame)


def test_a_jpeg_in_a_tiff_with_more_pixels_than_its_strip_is_refused(photograph):
    data = simplejpeg.encode_jpeg(photograph)
    jpeg_stream.check(data, None, 64 * 96)
    with pytest.raises(MfjaxError, match="it declares 64x96 pixels"):
        jpeg_stream.check(data, None, 64 * 96 - 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PNG + chunk(b"IEND", b""), "it has no header"),
        (PNG + chunk(b"IHDR", bytes(13)), "it has no end"),
        (PNG + chunk(b"IHDR", bytes(13))[:-1] + b"\1" + chunk(b"IEND", b""), "a checksum is wrong"),
        (PNG + struct.pack(">I4s", 99, b"IHDR") + bytes(20), "a chunk is longer than the file"),
        (PNG + chunk(b"IHDR", bytes(12)) + chunk(b"IEND", b""), "its header is wrong"),
        (
            PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 4, 2, 0, 0, 0)) + chunk(b"IEND", b""),
            "its header is wrong",
        ),
        (
            PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 2)) + chunk(b"IEND", b""),
            "its header is wrong",
        ),
    ],
    ids=["header", "end", "checksum", "longer", "short", "depth", "way"],
)
def test_a_png_whose_chunks_are_wrong_is_refused(tmp_path, data, message):
    with pytest.raises(MfjaxError, match=message):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (webp(b"VP8 ", b""), "it has no picture"),
        (webp(b"VP8L", b"\x2f"), "it has no picture"),
        (webp(b"ICCP", bytes(20)), "it has no picture"),
        (webp(b"VP8 ", bytes(20))[:-1], "it is shorter than it says"),
        (webp(b"VP8 ", bytes(20)).replace(b"\x14\0\0\0", b"\x15\0\0\0"), "a chunk is longer than the file"),
    ],
    ids=["lossy", "lossless", "other", "cut", "chunk"],
)
def test_a_webp_without_a_picture_is_refused(tmp_path, data, message):
    with pytest.raises(MfjaxError, match=message):
        read(tmp_path, data)


def test_a_jpeg_2000_without_its_picture_or_with_half_of_it_is_refused(tmp_path):
    data = images.encode(np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8), Path("a.jp2"))
    for cut in (40, len(data) // 2):
        with pytest.raises(MfjaxError, match="cut short or damaged"):
            read(tmp_path, data[:cut])


def test_a_strip_of_a_tiff_that_is_an_interlaced_png_is_refused():
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 1))
    with pytest.raises(MfjaxError, match="it is an interlaced PNG; save it anew"):
        png_stream.check(PNG + head + chunk(b"IEND", b""))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tiff(np.complex64), "has pixels of type complex64; save their real part or magnitude as float"),
        (
            tiff(shape=(16, 16, 16), volumetric=True, tile=(16, 16, 16)),
            "is a volume of 16 slices; save one as a picture",
        ),
        (tiff(photometric="cfa"), "is a raw mosaic of 8x8; develop it into a TIFF or PNG"),
        (tiff(shape=(8, 8, 3), photometric="ycbcr"), "has YCbCr pixels without JPEG; save it as RGB"),
        (tiff(np.uint16, (8, 8, 4), photometric="separated"), "has 4 inks of uint16; save it as RGB"),
        (tiff(shape=(8, 8, 3), photometric="cielab"), "has CIELAB pixels; save it as RGB or gray"),
        (changed(tiff(), PhotometricInterpretation=3), "has a palette that can't be read; save it as RGB"),
        (changed(tiff(), PhotometricInterpretation=999), "has number 999 pixels; save it as RGB or gray"),
        (changed(tiff(), Compression=34676), "is compressed by SGILOG, for which a codec is missing"),
        (changed(tiff(), BitsPerSample=65), "has 65 bits of sample format 1; save it as 8 or 16 bits"),
        (tiff(np.float32, photometric="miniswhite"), "says that 0 is white, but float32 pixels have no black"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_tiff_of_a_kind_that_is_not_read_is_refused_by_it(tmp_path, data, message):
    with pytest.raises(MfjaxError, match=message):
        read(tmp_path, data)


def test_a_palette_of_8_bit_numbers_in_a_tiff_is_read_as_8_bits(tmp_path):
    palette = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for scale in (1, 257):
        file = io.BytesIO()
        tifffile.imwrite(file, stored, photometric="palette", colormap=palette * scale, metadata=None)
        made = read(tmp_path, file.getvalue())
        assert made.dtype == np.uint8
        np.testing.assert_array_equal(made, palette.T[stored])


def test_an_image_in_floats_may_be_made_16_or_32_bits_of_float():
    image = np.linspace(0, 1, 12, dtype=np.float64).reshape(3, 4)
    assert images.from_float(image, np.float32).dtype == np.float32
    np.testing.assert_allclose(images.from_float(image, np.float16), image, atol=1e-3)


def test_a_number_in_the_path_and_one_beside_it_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5), np.float32))
    for call in (lambda file: images.open(file, page=0), lambda file: images.read_thermal(file, page=0)):
        with pytest.raises(MfjaxError, match="is given, too; use one of them"):
            call(f"{tmp_path}/a.npy[0]")


def test_a_unit_that_there_is_not_and_pixels_that_are_no_temperatures_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5), np.uint8))
    with pytest.raises(MfjaxError, match="unit is 'fahrenheit'; it is celsius or kelvin"):
        images.read_thermal(tmp_path / "a.npy", unit="fahrenheit")
    with pytest.raises(MfjaxError, match=r"has uint8 pixels of shape \(4, 5\), not temperatures"):
        images.read_thermal(tmp_path / "a.npy", unit="celsius")
