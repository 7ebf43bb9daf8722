"""Pages, bands and orientations: what is read by default, what is said, and how another is chosen."""

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile

from mfjax import images


@pytest.fixture
def small():
    return np.arange(60, dtype=np.uint16).reshape(6, 10)


def test_a_page_is_chosen_by_number_or_in_the_path(tmp_path, small, caplog):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for add in range(3):
            writer.write(small + add, metadata=None)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif", page=1), small + 1)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif[2]"), small + 2)
    assert not caplog.records
    with pytest.raises(ValueError, match=r"a\.tif\[3\]: has 3 pages, counted from 0; there is no page 3"):
        images.read(tmp_path / "a.tif[3]")


def test_a_file_of_the_very_name_comes_first(tmp_path, small):
    images.write(tmp_path / "a.png", small)
    images.write(tmp_path / "b.png", small + 1)
    (tmp_path / "b.png").rename(tmp_path / "a.png[0]")
    np.testing.assert_array_equal(images.read(tmp_path / "a.png[0]"), small + 1)


def test_a_page_that_a_file_cannot_have_is_refused(tmp_path, small):
    images.write(tmp_path / "a.png", small)
    with pytest.raises(ValueError, match="has one page; there is no page 1"):
        images.read(tmp_path / "a.png", page=1)
    with pytest.raises(ValueError, match="has 1 bands, counted from 0; there is no band 2"):
        images.read(tmp_path / "a.png[2]")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png\[2\]"):
        images.read(tmp_path / "nowhere.png[2]")


def test_a_larger_page_behind_a_smaller_one_is_refused_with_both_sizes(tmp_path, small):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(small[::2, ::2], metadata=None)
        writer.write(small, metadata=None)
    with pytest.raises(ValueError, match=r"page 0 is 3x5 and page 1 is 6x10; choose one by FILE\[N\]"):
        images.read(tmp_path / "a.tif")
    assert images.read(tmp_path / "a.tif[0]").shape == (3, 5)


def test_a_preview_before_the_picture_is_passed_over_and_said(tmp_path, small, caplog):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(small[::2, ::2], subfiletype=1, metadata=None)
        writer.write(small, metadata=None)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), small)
    assert "page 0 is a preview of 3x5: page 1 of 6x10 was read" in caplog.text


def test_smaller_copies_behind_the_picture_are_no_pages(tmp_path, small, caplog):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(small, metadata=None)
        writer.write(small[::2, ::2], subfiletype=1, metadata=None)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), small)
    assert not caplog.records


def test_a_missing_strip_is_no_filler(tmp_path, small):
    file = io.BytesIO()
    tifffile.imwrite(file, small, rowsperstrip=2, metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        tag = tiff.pages[0].tags["StripByteCounts"]
    struct.pack_into("<H" if tag.dtype == 3 else "<I", data, tag.valueoffset + (2 if tag.dtype == 3 else 4), 0)
    (tmp_path / "sparse.tif").write_bytes(data)
    with pytest.raises(ValueError, match="strip 1 of 3 is missing"):
        images.read(tmp_path / "sparse.tif")


def test_a_codec_that_is_missing_is_named(tmp_path, small):
    file = io.BytesIO()
    tifffile.imwrite(file, small, metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        place = tiff.pages[0].tags["Compression"].valueoffset
    struct.pack_into("<H", data, place, 34661)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(
        ValueError, match="compressed by JBIG, for which a codec is missing; pip install -U imagecodecs"
    ):
        images.read(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["float", "signed"])
def test_white_as_zero_without_a_black_is_refused(tmp_path, small, kind):
    pixels = small.astype(np.float32 if kind == "float" else np.int16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    with pytest.raises(ValueError, match="0 is white"):
        images.read(tmp_path / "a.tif")


def test_float64_beyond_float32_is_refused_rather_than_infinite(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 1e300))
    with pytest.raises(ValueError, match=r"values up to 1e\+300, beyond those of float32"):
        images.read(tmp_path / "a.tif")


def test_colours_are_not_multiplied_by_alpha(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 4), np.uint8)
    pixels[..., 3] = 100
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), pixels[..., :3])


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (4, np.flipud),
        (5, lambda a: a.T),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: np.rot90(a, 2).T),
        (8, lambda a: np.rot90(a, 1)),
    ],
)
def test_exif_turns_as_a_viewer_does(tmp_path, small, orientation, turn):
    tifffile.imwrite(tmp_path / "a.tif", small, metadata=None, extratags=[(274, 3, 1, orientation, True)])
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), small)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif", exif=True), turn(small))


def test_a_border_of_one_value_is_measured(tmp_path, small):
    framed = np.pad(small + 1, ((2, 1), (0, 3)))
    images.write(tmp_path / "a.png", framed)
    assert images.open(tmp_path / "a.png").border == (2, 1, 0, 3)
    images.write(tmp_path / "flat.png", np.zeros((5, 6), np.uint8))
    assert images.open(tmp_path / "flat.png").border == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "name"), [(b"GIF89a" + bytes(50), "a GIF"), (bytes(4) + b"ftypheic", "a HEIC file")]
)
def test_files_of_other_kinds_are_named(tmp_path, content, name):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=f"is {name}, which is not read"):
        images.read(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".jp2", ".tif", ".bmp", ".webp", ".jpg"])
def test_the_first_bytes_tell_what_a_file_is_and_not_its_name(tmp_path, suffix):
    picture = np.full((16, 16, 3), 77, np.uint8)
    images.write(tmp_path / f"a{suffix}", picture)
    (tmp_path / f"a{suffix}").rename(tmp_path / "a.png")
    np.testing.assert_array_equal(images.read(tmp_path / "a.png"), picture)


def test_no_line_of_a_library_is_printed_for_a_profile_that_it_dislikes(tmp_path, capfd):
    import zlib

    body = b"x\0\0junk"
    chunk = struct.pack(">I", len(body)) + b"iCCP" + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    data = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    assert images.read(tmp_path / "a.png").shape == (8, 8)
    assert capfd.readouterr() == ("", "")


def test_an_archive_of_one_array_is_read_and_of_several_refused(tmp_path, small):
    np.savez(tmp_path / "one.npz", ir=small)
    np.testing.assert_array_equal(images.read(tmp_path / "one.npz"), small)
    np.savez_compressed(tmp_path / "two.npz", ir=small, vis=small)
    with pytest.raises(ValueError, match="has these arrays: ir, vis; save the one that is the image"):
        images.read(tmp_path / "two.npz")
