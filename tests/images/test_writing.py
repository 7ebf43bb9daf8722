"""Writing is complete or has no effect."""

import os
from pathlib import Path

import numpy as np
import pytest

from mfjax import MfjaxError, images


def only_file(folder: Path) -> str:
    (name,) = os.listdir(folder)
    return name


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
    with pytest.raises(ValueError, match=r"suffix.*\.png, \.tif"):
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


def test_an_encoded_image_is_what_the_file_would_hold_and_nothing_is_written(tmp_path, gray):
    images.write(tmp_path / "gray.png", gray)
    content = (tmp_path / "gray.png").read_bytes()
    assert images.encode(gray, tmp_path / "other.png") == content
    assert only_file(tmp_path) == "gray.png"
    with pytest.raises(MfjaxError, match=r"unknown suffix '\.xyz'"):
        images.encode(gray, Path("a.xyz"))
