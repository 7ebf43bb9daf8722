"""Reading returns the stored pixels, or refuses a file by its name."""

import logging
import struct
import zlib

import cv2
import numpy as np
import pytest

from mfjax import images


def png(width, height, colour_type, depth, rows):
    """Returns a PNG written by hand, for kinds that OpenCV can't write."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF", ".bmp"])
@pytest.mark.parametrize("kind", ["gray", "colour"])
def test_lossless_formats_give_back_8_bit_pixels(tmp_path, suffix, kind, request):
    image = request.getfixturevalue(kind)
    images.write(tmp_path / f"image{suffix}", image)
    back = images.read(tmp_path / f"image{suffix}")
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("kind", ["gray", "colour"])
def test_png_and_tiff_give_back_16_bit_pixels(tmp_path, suffix, kind, request):
    image = request.getfixturevalue(kind).astype(np.uint16) * 257 - 3
    images.write(tmp_path / f"image{suffix}", image)
    back = images.read(tmp_path / f"image{suffix}")
    assert back.dtype == np.uint16
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("kind", ["gray", "colour"])
def test_a_float_tiff_gives_back_any_finite_range(tmp_path, kind, request):
    kelvin = request.getfixturevalue(kind).astype(np.float32) / 7 + 273.15
    images.write(tmp_path / "kelvin.tiff", kelvin)
    back = images.read(tmp_path / "kelvin.tiff")
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, kelvin)


def test_channels_are_red_green_blue(tmp_path):
    red = png(2, 2, 2, 8, [bytes([255, 0, 9] * 2)] * 2)
    (tmp_path / "red.png").write_bytes(red)
    np.testing.assert_array_equal(images.read(tmp_path / "red.png")[0, 0], [255, 0, 9])


def test_jpeg_is_read_close_to_what_was_written(tmp_path, photograph):
    images.write(tmp_path / "photograph.jpg", photograph)
    difference = images.read(tmp_path / "photograph.jpg").astype(int) - photograph
    assert np.abs(difference).mean() < 3


def test_paths_may_hold_any_letters(tmp_path, gray):
    path = tmp_path / "Wärmebild 红外 №1.png"
    images.write(path, gray)
    np.testing.assert_array_equal(images.read(str(path)), gray)


def test_alpha_is_dropped_and_said(tmp_path, colour, caplog):
    with_alpha = np.dstack([colour[..., ::-1], np.full(colour.shape[:2], 7, np.uint8)])
    (tmp_path / "logo.png").write_bytes(cv2.imencode(".png", with_alpha)[1].tobytes())
    np.testing.assert_array_equal(images.read(tmp_path / "logo.png"), colour)
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / 'logo.png'}: alpha dropped; FILE[3] (band=3) reads it"
    ]


@pytest.mark.parametrize("depth", [8, 16])
def test_gray_with_alpha_is_gray(tmp_path, depth, caplog):
    pixel = {8: bytes([10, 200]), 16: bytes([1, 10, 200, 0])}[depth]
    (tmp_path / "gray.png").write_bytes(png(3, 2, 4, depth, [pixel * 3] * 2))
    image = images.read(tmp_path / "gray.png")
    np.testing.assert_array_equal(image, np.full((2, 3), {8: 10, 16: 266}[depth]))
    assert "alpha dropped" in caplog.text


def test_the_first_page_of_several_is_read_and_said(tmp_path, gray, caplog):
    cv2.imwritemulti(str(tmp_path / "pages.tiff"), [gray, 255 - gray])
    np.testing.assert_array_equal(images.read(tmp_path / "pages.tiff"), gray)
    assert "first page" in caplog.text


def test_an_exif_orientation_is_ignored_and_said(tmp_path, photograph, caplog):
    directory = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)  # one entry: orientation 6, a quarter turn
    exif = b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + directory
    jpeg = cv2.imencode(".jpg", photograph)[1].tobytes()
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    (tmp_path / "phone.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    assert images.read(tmp_path / "phone.jpg").shape == photograph.shape
    assert "EXIF orientation 6 ignored" in caplog.text


def test_an_ordinary_file_is_read_without_a_word(tmp_path, photograph, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for name in ("photograph.jpg", "photograph.png", "photograph.tiff"):
        images.write(tmp_path / name, photograph)
        images.read(tmp_path / name)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


# Files that can't be read.


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png: no such file"):
        images.read(tmp_path / "nowhere.png")


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(ValueError, match="folder"):
        images.read(tmp_path)


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"some text\n" * 50, "not an image")])
def test_a_file_of_something_else_is_no_image(tmp_path, content, said, capfd):
    (tmp_path / "image.png").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        images.read(tmp_path / "image.png")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tiff", ".bmp"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.95])
def test_a_truncated_file_is_refused_rather_than_filled_with_gray(tmp_path, photograph, suffix, part, capfd):
    path = tmp_path / f"half{suffix}"
    images.write(path, photograph)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(ValueError, match=r"half\.\w+: (the file is cut short or damaged|not an image)"):
        images.read(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("at", [-20, -3, 60])
def test_a_png_with_a_wrong_byte_is_refused_in_one_line(tmp_path, photograph, at, capfd):
    path = tmp_path / "wrong.png"
    images.write(path, photograph)
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"wrong\.png: the file is cut short or damaged"):
        images.read(path)
    assert capfd.readouterr().err == ""


def test_a_truncated_photograph_with_a_whole_thumbnail_is_refused(tmp_path, photograph):
    jpeg = cv2.imencode(".jpg", photograph)[1].tobytes()
    exif = b"Exif\0\0" + cv2.imencode(".jpg", photograph[::8, ::8])[1].tobytes()
    jpeg = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    (tmp_path / "whole.jpg").write_bytes(jpeg)
    (tmp_path / "half.jpg").write_bytes(jpeg[:-100])
    assert images.read(tmp_path / "whole.jpg").shape == photograph.shape
    with pytest.raises(ValueError, match="cut short or damaged"):
        images.read(tmp_path / "half.jpg")


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_a_line_of_pixels_is_too_small(tmp_path, shape):
    images.write(tmp_path / "line.png", np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match=f"{shape[0]}x{shape[1]}; images must be at least 2x2"):
        images.read(tmp_path / "line.png")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused_on_both_ways(tmp_path, value):
    image = np.full((4, 4), value, np.float32)
    (tmp_path / "holes.tiff").write_bytes(cv2.imencode(".tiff", image)[1].tobytes())
    with pytest.raises(ValueError, match="NaN or infinite"):
        images.read(tmp_path / "holes.tiff")
    with pytest.raises(ValueError, match="NaN or infinite"):
        images.write(tmp_path / "other.tiff", image)


def test_signed_integers_become_floats_and_it_is_said(tmp_path, caplog):
    (tmp_path / "signed.tiff").write_bytes(cv2.imencode(".tiff", np.full((4, 4), -7, np.int16))[1].tobytes())
    image = images.read(tmp_path / "signed.tiff")
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, -7)
    assert "int16 pixels read as float32" in caplog.text


def test_an_array_whose_header_is_absurd_is_refused_in_one_short_line(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\2\0" + (20_000).to_bytes(4, "little") + b"{" + b" " * 30_000)
    with pytest.raises(ValueError, match=r"damaged \(Header info length \(20000\) is large[^.]*\); copy it again"):
        images.read(tmp_path / "a.npy")
