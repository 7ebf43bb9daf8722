"""A JPEG is read whole or refused: damage never becomes gray or garbled pixels where it can be known."""

import struct

import cv2
import numpy as np
import pytest

from mfjax import images

WAYS = {
    "baseline": [],
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "optimised": [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 8],
}


@pytest.fixture
def noisy():
    """A picture with enough detail to fill some kilobytes."""
    rows, cols = np.mgrid[0:96, 0:128]
    smooth = np.stack([cols, rows, 128 - cols // 2], axis=-1)
    return (smooth + np.random.default_rng(0).integers(0, 60, smooth.shape)).astype(np.uint8)


def jpeg(picture, way="baseline"):
    return cv2.imencode(".jpg", picture, WAYS[way])[1].tobytes()


def scan(data):
    """Returns where the data of the last scan start."""
    return data.rfind(b"\xff\xda") + 14


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_of_storing_are_read_as_opencv_reads_them(way, noisy, tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(noisy, way))
    np.testing.assert_array_equal(images.read(tmp_path / "a.jpg"), cv2.imread(str(tmp_path / "a.jpg"))[..., ::-1])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_zeroed_stretch_is_refused(way, at, noisy, tmp_path, capfd):
    data = bytearray(jpeg(noisy, way))
    start = scan(data) + int(at * (len(data) - scan(data) - 100))
    data[start : start + 64] = bytes(64)
    (tmp_path / "zeroed.jpg").write_bytes(data)
    with pytest.raises(ValueError, match=r"zeroed\.jpg: the file is cut short or damaged"):
        images.read(tmp_path / "zeroed.jpg")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mark", [b"", b"\xff\xd9"])
def test_half_a_scan_is_refused_with_an_end_mark_and_without(way, mark, noisy, tmp_path, capfd):
    data = jpeg(noisy, way)
    (tmp_path / "half.jpg").write_bytes(data[: (scan(data) + len(data)) // 2] + mark)
    with pytest.raises(ValueError, match=r"half\.jpg: the file is cut short or damaged"):
        images.read(tmp_path / "half.jpg")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_flat_picture_is_no_damage(way, level, tmp_path):
    flat = np.full((800, 900, 3), level, np.uint8)
    (tmp_path / "flat.jpg").write_bytes(jpeg(flat, way))
    np.testing.assert_array_equal(images.read(tmp_path / "flat.jpg"), flat)


def test_what_follows_the_end_mark_is_no_part_of_the_picture(noisy, tmp_path, caplog):
    (tmp_path / "film.jpg").write_bytes(jpeg(noisy) + bytes(500) + jpeg(noisy[:50])[:300])
    assert images.read(tmp_path / "film.jpg").shape == noisy.shape
    assert not caplog.records


def test_cmyk_becomes_rgb(tmp_path):
    from PIL import Image

    inks = np.zeros((16, 16, 4), np.uint8)  # Pillow stores inks inverted, as Adobe does: 0 is no ink
    inks[..., 0], inks[..., 3] = 255, 51  # all cyan, a fifth black
    Image.fromarray(inks, "CMYK").save(tmp_path / "inks.jpg", quality=100)
    np.testing.assert_allclose(images.read(tmp_path / "inks.jpg")[8, 8], [0, 204, 204], atol=3)


def test_a_lossless_jpeg_is_refused_by_its_kind(noisy, tmp_path):
    data = bytearray(jpeg(noisy))
    data[data.find(b"\xff\xc0") + 1] = 0xC3
    (tmp_path / "lossless.jpg").write_bytes(data)
    with pytest.raises(ValueError, match="is a lossless JPEG"):
        images.read(tmp_path / "lossless.jpg")


def test_a_damaged_jpeg_inside_a_tiff_is_refused(noisy, tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", noisy, compression="jpeg", photometric="rgb", rowsperstrip=32)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        start, length = tiff.pages[0].dataoffsets[1], tiff.pages[0].databytecounts[1]
    assert images.read(tmp_path / "a.tif").shape == noisy.shape
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[start + length // 2 : start + length // 2 + 64] = bytes(64)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ValueError, match="strip 1: the file is cut short or damaged"):
        images.read(tmp_path / "a.tif")


def test_a_declared_size_that_no_scan_fills_is_refused(noisy, tmp_path):
    data = bytearray(jpeg(noisy))
    struct.pack_into(">HH", data, data.find(b"\xff\xc0") + 5, 65_000, 33_000)
    (tmp_path / "bomb.jpg").write_bytes(data)
    with pytest.raises(ValueError, match="declares 65000x33000 pixels"):
        images.read(tmp_path / "bomb.jpg")
