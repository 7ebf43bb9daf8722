"""Outputs keep the source's ICC profile, resolution and EXIF data, less what is true of the source alone."""

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from mfjax import images

MAKE, ORIENTATION, TIME, EXIF, GPS, EXPOSURE, MAKER_NOTE, WIDTH = 271, 274, 306, 34665, 34853, 33434, 37500, 40962
SUFFIXES = [".png", ".jpg", ".tif", ".webp"]


@pytest.fixture
def picture():
    rows, cols = np.mgrid[0:24, 0:32]
    return np.stack([rows * 10, cols * 8, rows + cols], axis=-1).astype(np.uint8)


@pytest.fixture
def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(params=[".jpg", ".png", ".webp"])
def photograph(request, tmp_path, picture, profile):
    """A file as a phone writes it, by Pillow: orientation 6, camera, exposure, place, thumbnail."""
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION], exif[TIME] = "Maker", 6, "2026:01:02 03:04:05"
    exif.get_ifd(EXIF).update({EXPOSURE: 0.02, MAKER_NOTE: b"private" * 9, WIDTH: 32})
    exif.get_ifd(GPS).update({1: "N", 2: (50.0, 3.0, 1.5)})
    options = {"quality": 95} if request.param == ".jpg" else {"lossless": True} if request.param == ".webp" else {}
    path = tmp_path / f"photograph{request.param}"
    Image.fromarray(picture).save(path, exif=exif.tobytes(), icc_profile=profile, dpi=(300, 150), **options)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_photograph_keeps_its_camera_time_and_place_and_not_its_orientation(photograph, suffix, tmp_path):
    file = images.open(photograph)
    assert file.metadata.orientation == 6
    images.write(tmp_path / f"out{suffix}", file.pixels, metadata=file.metadata)
    with Image.open(tmp_path / f"out{suffix}") as written:
        kept = written.getexif()
        assert kept[MAKE] == "Maker"
        assert kept[TIME] == "2026:01:02 03:04:05"
        assert kept.get(ORIENTATION, 1) == 1
        assert dict(kept.get_ifd(EXIF)) == {EXPOSURE: 0.02}
        assert kept.get_ifd(GPS) == {1: "N", 2: (50.0, 3.0, 1.5)}
    back = images.open(tmp_path / f"out{suffix}")
    assert back.metadata.exif == file.metadata.exif
    assert back.metadata.orientation == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_profile_and_resolution_are_kept(photograph, profile, suffix, tmp_path):
    file = images.open(photograph)
    images.write(tmp_path / f"out{suffix}", file.pixels, metadata=file.metadata)
    with Image.open(tmp_path / f"out{suffix}") as written:
        assert written.info["icc_profile"] == profile
        if ".webp" not in (photograph.suffix, suffix):  # which has no resolution
            np.testing.assert_allclose([float(each) for each in written.info["dpi"]], [300, 150], atol=0.02)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_colour_profile_is_left_out_of_a_gray_image(profile, picture, suffix, tmp_path):
    images.write(tmp_path / f"out{suffix}", picture[..., 0], metadata=images.Metadata(icc=profile))
    assert images.open(tmp_path / f"out{suffix}").metadata.icc is None


@pytest.mark.parametrize("suffix", [".bmp", ".jp2"])
def test_a_format_that_keeps_nothing_of_the_source_says_so(photograph, suffix, tmp_path, caplog):
    file = images.open(photograph)
    caplog.clear()
    images.write(tmp_path / f"out{suffix}", file.pixels, metadata=file.metadata)
    assert [record.getMessage().partition(" keeps ")[2] for record in caplog.records] == [
        "no ICC profile and no EXIF of its source"
    ]


def test_a_gray_profile_is_left_out_of_a_webp_which_is_always_rgb(profile, picture, tmp_path):
    gray = profile[:16] + b"GRAY" + profile[20:]
    images.write(tmp_path / "a.webp", picture[..., 0], metadata=images.Metadata(icc=gray))
    assert images.open(tmp_path / "a.webp").metadata.icc is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_profile_larger_than_a_segment_is_whole(suffix, picture, profile, tmp_path):
    large = profile[:128] + np.random.default_rng(0).bytes(150_000)
    images.write(tmp_path / f"out{suffix}", picture, metadata=images.Metadata(icc=large))
    assert images.open(tmp_path / f"out{suffix}").metadata.icc == large


@pytest.mark.parametrize("order", "<>")
def test_a_tiff_gives_its_camera_to_an_output_in_either_byte_order(order, tmp_path, picture):
    tags = [(MAKE, "s", 6, "Maker", True), (ORIENTATION, 3, 1, 8, True)]
    tifffile.imwrite(
        tmp_path / "a.tif", picture, byteorder=order, photometric="rgb", extratags=tags, resolution=(300, 72)
    )
    file = images.open(tmp_path / "a.tif")
    assert file.metadata.orientation == 8
    images.write(tmp_path / "out.jpg", file.pixels, metadata=file.metadata)
    with Image.open(tmp_path / "out.jpg") as written:
        assert written.getexif()[MAKE] == "Maker"
        assert ORIENTATION not in written.getexif()


def test_damaged_exif_data_say_nothing_and_harm_nothing(tmp_path, picture):
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    rng = np.random.default_rng(0)
    for count in range(40):
        block = b"Exif\0\0" + (b"II*\0" + struct.pack("<I", 8) if count % 2 else b"MM\0*" + struct.pack(">I", 8))
        block += rng.bytes(count * 5)
        segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
        (tmp_path / "a.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
        assert images.read(tmp_path / "a.jpg").shape == picture.shape


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jp2"])
def test_lossless_outputs_give_back_what_was_written(tmp_path, suffix, channels, dtype):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (15, 22, channels), dtype, endpoint=True)
    pixels = pixels[..., 0] if channels == 1 else pixels
    images.write(tmp_path / f"a{suffix}", pixels)
    np.testing.assert_array_equal(images.read(tmp_path / f"a{suffix}"), pixels)
    assert images.read(tmp_path / f"a{suffix}").dtype == dtype


def test_webp_is_lossless_unless_a_quality_is_given(tmp_path, picture):
    images.write(tmp_path / "a.webp", picture)
    np.testing.assert_array_equal(images.read(tmp_path / "a.webp"), picture)
    images.write(tmp_path / "b.webp", picture, quality=30)
    assert not np.array_equal(images.read(tmp_path / "b.webp"), picture)


def test_quality_changes_a_jpeg_and_is_refused_where_there_is_none(tmp_path):
    noisy = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    for quality in (20, 95):
        images.write(tmp_path / f"{quality}.jpg", noisy, quality=quality)
    images.write(tmp_path / "default.jpg", noisy)
    assert (tmp_path / "20.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size
    assert (tmp_path / "default.jpg").read_bytes() == (tmp_path / "95.jpg").read_bytes()
    with pytest.raises(ValueError, match=r"\.png is lossless and has no quality; \.jpg"):
        images.write(tmp_path / "a.png", noisy, quality=50)
    with pytest.raises(ValueError, match="quality is 101; it is a number from 1 to 100"):
        images.write(tmp_path / "a.jpg", noisy, quality=101)


def test_tiffs_are_read_by_opencv_too(tmp_path, picture):
    images.write(tmp_path / "a.tif", picture)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.tif"))[..., ::-1], picture)
    images.write(tmp_path / "b.tif", picture[..., 0].astype(np.float32) / 7)
    read = cv2.imread(str(tmp_path / "b.tif"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, picture[..., 0].astype(np.float32) / 7)
    with tifffile.TiffFile(io.BytesIO((tmp_path / "a.tif").read_bytes())) as tiff:
        assert 305 not in tiff.pages[0].tags  # software
