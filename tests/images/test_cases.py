"""Files as cameras, drones, phones and other tools write them, with their right pixels (`cases/README.md`)."""

import json
from pathlib import Path

import numpy as np
import pytest

from mfjax import images

CASES = Path(__file__).parent / "cases"
REFUSED = json.loads((CASES / "notes.json").read_text())["refuse"]
READ = sorted(path.name for path in (CASES / "files").iterdir() if path.name not in REFUSED)
SAID = {
    "orientation_3.tif": "EXIF orientation 3 ignored",
    "orientation_6.tif": "EXIF orientation 6 ignored",
    "exif.png": "EXIF orientation 6 ignored",
    "exif.webp": "EXIF orientation 6 ignored",
    "gray_alpha_16.tif": "alpha dropped",
    "rgbt.png": "alpha dropped",
    "int16.tif": "int16 pixels read as float32",
    "uint32.tif": "uint32 pixels read as float32",
    "thumb_first.tif": "preview of 15x20",
    "pages.tif": "first page of 2 read",
}
REASONS = {
    "bands.tif": r"has 5 bands; choose one by FILE\[N\]",
    "nan.tif": "has 16 of 3072 values that are NaN or infinite; replace them first",
    "damaged_lzw_8.tif": r"damaged \(strip 5 has 4003 bytes of 4096\)",
    "damaged_deflate_f32.tif": "damaged",
    "half.jpg": "damaged",
}


@pytest.mark.parametrize("name", READ)
def test_a_file_gives_its_pixels_and_says_what_it_leaves_out(name, caplog, capfd):
    with np.load(CASES / "truth.npz") as truth:
        expected = truth[name]
    image = images.read(CASES / "files" / name)
    assert image.dtype == expected.dtype
    np.testing.assert_allclose(image, expected, rtol=0, atol=1 if name.endswith(".jpg") else 0)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == (name in SAID)
    assert all(name in message and SAID[name] in message for message in messages)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_or_unclear_file_is_refused_by_name_and_reason(name, capfd):
    with pytest.raises(ValueError, match=f"{name}: .*{REASONS[name]}"):
        images.read(CASES / "files" / name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("path", sorted((CASES / "crash").iterdir()), ids=lambda path: path.name)
def test_of_an_animated_png_the_first_picture_is_read(path, caplog):
    assert images.read(path).shape == (40, 56)
    assert "first picture of an animation read" in caplog.text


def test_a_band_of_a_multispectral_file_can_be_chosen():
    band = images.read(CASES / "files" / "bands.tif[4]")
    np.testing.assert_array_equal(band, images.read(CASES / "files" / "bands.tif", band=4))
    assert band.dtype == np.uint16
    assert band.ndim == 2


def test_thermal_in_the_fourth_channel_can_be_chosen():
    assert images.read(CASES / "files" / "rgbt.png[3]").ndim == 2


def test_nodata_and_borders_are_known():
    file = images.open(CASES / "files" / "fill.tif")
    assert file.metadata.nodata == -9999
