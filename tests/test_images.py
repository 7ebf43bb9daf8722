"""Image files: reading returns the stored pixels, and writing is complete or has no effect."""

import logging
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax import images


@pytest.fixture
def gray():
    return np.random.default_rng(0).integers(0, 256, (12, 17), dtype=np.uint8)


@pytest.fixture
def colour():
    return np.random.default_rng(1).integers(0, 256, (12, 17, 3), dtype=np.uint8)


@pytest.fixture
def photograph():
    """A smooth picture, as JPEG likes them."""
    rows, cols = np.mgrid[0:64, 0:96]
    return np.stack([2 * cols, 3 * rows, 200 - cols], axis=-1).astype(np.uint8)


def png(width, height, colour_type, depth, rows):
    """Returns a PNG written by hand, for kinds that OpenCV can't write."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def only_file(folder: Path) -> str:
    (name,) = os.listdir(folder)
    return name


# Reading.


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


# Writing.


def test_floats_are_written_as_8_bits_outside_tiff(tmp_path, gray):
    images.write(tmp_path / "gray.png", images.to_float(gray))
    np.testing.assert_array_equal(images.read(tmp_path / "gray.png"), gray)


def test_writing_replaces_an_older_file(tmp_path, gray):
    images.write(tmp_path / "image.png", gray)
    images.write(tmp_path / "image.png", 255 - gray)
    np.testing.assert_array_equal(images.read(tmp_path / "image.png"), 255 - gray)
    assert only_file(tmp_path) == "image.png"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path, gray):
    images.write(tmp_path / "image.png", gray)
    (tmp_path / "plain").touch()
    assert (tmp_path / "image.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("failure", "seen", "said"),
    [
        (KeyboardInterrupt("Ctrl-C"), KeyboardInterrupt, "Ctrl-C"),
        (OSError(28, "No space left on device"), ValueError, "No space left on device"),
    ],
)
def test_a_failed_write_leaves_the_older_file_and_nothing_else(tmp_path, gray, monkeypatch, failure, seen, said):
    images.write(tmp_path / "image.png", gray)
    before = (tmp_path / "image.png").read_bytes()

    def fail(descriptor):
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(seen, match=said):
        images.write(tmp_path / "image.png", 255 - gray)
    assert only_file(tmp_path) == "image.png"
    assert (tmp_path / "image.png").read_bytes() == before


def test_several_files_replace_older_ones_only_when_all_can_be_written(tmp_path, gray):
    first, second = tmp_path / "first.png", tmp_path / "missing" / "second.png"
    images.write(first, gray)
    before = first.read_bytes()
    with pytest.raises(ValueError, match="there is no folder"):
        images.write_all({first: 255 - gray, second: gray})
    assert only_file(tmp_path) == "first.png"
    assert first.read_bytes() == before


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_16_bits_in_an_8_bit_format_are_refused_with_the_way_out(tmp_path, gray, suffix):
    with pytest.raises(ValueError, match=r"holds 8 bits, the image 16; write \.png or \.tiff"):
        images.write(tmp_path / f"image{suffix}", gray.astype(np.uint16))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["image", "image.gif", "image.png.part"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, gray, name):
    with pytest.raises(ValueError, match=r"unknown suffix .*\.png, \.tif"):
        images.write(tmp_path / name, gray)


def test_a_missing_folder_is_named(tmp_path, gray):
    with pytest.raises(ValueError, match="there is no folder"):
        images.write(tmp_path / "missing" / "image.png", gray)


@pytest.mark.parametrize("place", ["folder.png", "file.txt/image.png"])
def test_a_place_that_takes_no_file_is_refused(tmp_path, gray, place):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(ValueError, match="can't be written"):
        images.write(tmp_path / place, gray)
    assert sorted(os.listdir(tmp_path)) == ["file.txt", "folder.png"]


def test_an_image_too_wide_for_its_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="2x70000"):
        images.write(tmp_path / "wide.jpg", np.zeros((2, 70_000), np.uint8))


@pytest.mark.parametrize("shape", [(4,), (4, 4, 1), (4, 4, 4), (1, 4, 4, 3)])
def test_only_gray_and_rgb_are_written(tmp_path, shape):
    with pytest.raises(ValueError, match="an image is"):
        images.write(tmp_path / "image.png", np.zeros(shape, np.uint8))


# Number formats.


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_survives_the_way_to_float_and_back(dtype):
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(2, -1)
    as_float = images.to_float(values)
    assert as_float.dtype == np.float32
    assert as_float.min() == 0
    assert as_float.max() == 1
    np.testing.assert_array_equal(images.from_float(as_float, dtype), values)


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan])
def test_floats_outside_the_unit_range_are_never_clipped_silently(tmp_path, value):
    image = np.full((4, 4), value, np.float32)
    for call in (images.to_float, images.from_float, lambda image: images.write(tmp_path / "a.png", image)):
        with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
            call(image)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, bool])
def test_other_types_are_refused_by_name(dtype):
    with pytest.raises(ValueError, match=np.dtype(dtype).name):
        images.to_float(np.zeros((4, 4), dtype))
    with pytest.raises(ValueError, match=np.dtype(dtype).name):
        images.from_float(np.zeros((4, 4), np.float32), dtype)


def test_colour_means_that_channels_differ(gray, colour):
    assert images.is_colour(colour)
    assert not images.is_colour(gray)
    assert not images.is_colour(np.dstack([gray] * 3))
    barely = np.dstack([gray] * 3)
    barely[3, 4, 2] ^= 1
    assert images.is_colour(barely)


def test_luma_is_the_weighted_sum_of_the_channels():
    rgb = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]], np.float32)
    np.testing.assert_allclose(images.to_luma(rgb), [[0.299, 0.587, 0.114, 1]], rtol=1e-6)
