"""Infrared files as sources: degrees, no-data values, palettes and polarity."""

import logging
from pathlib import Path

import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.images import Metadata
from mfjax.images.palettes import STOPS
from mfjax.inference import infrared
from mfjax.inference.infrared import Reading
from mfjax.inference.ranges import Celsius

NAME = Path("a.tif")


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def celsius():
    pixels = np.random.default_rng(0).uniform(20, 35, (20, 30)).astype(np.float32)
    return images.ImageFile(pixels, Metadata(unit="celsius"))


def counts(**metadata):
    pixels = np.random.default_rng(0).integers(7000, 8200, (20, 30)).astype(np.uint16)
    return images.ImageFile(pixels, Metadata(**metadata))


@pytest.mark.parametrize("ir_range", [None, "auto"])
def test_temperatures_are_stretched_to_their_own_range_which_is_said_in_degrees(celsius, said, ir_range):
    low, high = infrared.source(celsius, NAME, Reading(ir_range)).ir_range
    assert (low, high) == pytest.approx((20, 35), abs=0.1)
    assert said() == [
        "a.tif: black is 20.0 °C, white 35.0 °C (--ir-range auto); --ir-range 20C,35C keeps that for others"
    ]


def test_degrees_are_a_range_of_temperatures_and_of_nothing_else(celsius):
    assert infrared.source(celsius, NAME, Reading(Celsius(10, 40))).ir_range == (10, 40)
    with pytest.raises(MfjaxError, match=r"a\.tif: does not say that its values are degrees"):
        infrared.source(counts(), NAME, Reading(Celsius(10, 40)))


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        (Reading("full"), "no full range"),
        (Reading(palette="iron"), "leave --ir-palette"),
        (Reading(polarity="black"), "leave --ir-palette and --ir-polarity out"),
    ],
)
def test_what_makes_no_sense_of_temperatures_is_refused(celsius, how, problem):
    with pytest.raises(MfjaxError, match=rf"a\.tif: .*{problem}"):
        infrared.source(celsius, NAME, how)


@pytest.mark.parametrize("nodata", [0, 9000, 65535])
def test_a_no_data_value_is_shown_as_the_coldest_left_out_and_counted(said, nodata):
    file = counts(nodata=nodata)
    file.pixels[:10] = nodata
    found = infrared.source(file, NAME, Reading("auto"))
    low, high = found.ir_range
    assert (low, high) == pytest.approx((7000, 8200), abs=20)
    assert (found.pixels[:10] == found.pixels[10:].min()).all()
    assert said() == [f"a.tif: 300 of 600 pixels are the no-data value {nodata}, shown as the coldest"]


def test_an_image_of_no_data_is_refused():
    file = images.ImageFile(np.zeros((4, 4), np.uint16), Metadata(nodata=0))
    with pytest.raises(MfjaxError, match=r"a\.tif: has no data"):
        infrared.source(file, NAME, Reading())


def test_black_polarity_turns_values_and_range_over():
    file = counts()
    found = infrared.source(file, NAME, Reading((7000, 8200), polarity="black"))
    low, high = found.ir_range
    np.testing.assert_allclose((found.pixels - low) / (high - low), 1 - (file.pixels - 7000.0) / 1200, atol=1e-9)


def test_a_picture_in_a_palette_is_called_that_and_made_heat_on_demand(said):
    heat = np.random.default_rng(0).integers(0, len(STOPS["iron"]), (40, 50))
    picture = images.ImageFile(np.array(STOPS["iron"], np.uint8)[heat])
    luma = infrared.source(picture, NAME, Reading()).pixels  # gray, so that its colours are not said twice
    np.testing.assert_array_equal(luma, images.luma(picture.pixels))
    assert "a.tif: is a picture in the palette iron, whose brightness is not heat; --ir-palette iron" in said()[0]
    found = infrared.source(picture, NAME, Reading(palette="auto")).pixels
    np.testing.assert_allclose(found, heat * 255 / (len(STOPS["iron"]) - 1), atol=1)


def test_text_and_a_scale_bar_in_a_palette_picture_are_named(said):
    heat = np.tile(np.linspace(120, 250, 50), (40, 1))
    heat[4:36, 45:49] = np.linspace(255, 0, 32)[:, None]
    stops = np.array(STOPS["iron"], float)
    places = heat / 255 * (len(stops) - 1)
    pixels = np.stack([np.interp(places, np.arange(len(stops)), stops[:, i]) for i in range(3)], -1).astype(np.uint8)
    pixels[2:8, 2:20] = 0, 255, 0
    infrared.source(images.ImageFile(pixels), NAME, Reading(palette="iron"))
    (line,) = said()
    assert "5 % of the pixels are of other colours, such as text or a logo; it has a scale bar" in line


def test_one_range_for_all_files_is_in_their_units_and_said(tmp_path, said):
    for name, more in (("a.png", 0), ("b.png", 1000)):
        images.write(tmp_path / name, counts().pixels + np.uint16(more))
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    low, high = infrared.range_of_all(files, Reading())
    assert (low, high) == pytest.approx((7000, 9200), abs=20)
    (line,) = said()
    assert line.startswith("--ir-range auto:all: black is 7")
    turned = infrared.range_of_all(files, Reading(polarity="black"))
    assert turned == pytest.approx((low, high), abs=1)


def test_files_of_different_types_have_no_range_for_all(tmp_path):
    images.write(tmp_path / "a.png", counts().pixels)
    images.write(tmp_path / "b.png", counts().pixels.astype(np.uint8))
    with pytest.raises(MfjaxError, match=r"a\.png is in uint16 and .*b\.png in uint8"):
        infrared.range_of_all([tmp_path / "a.png", tmp_path / "b.png"], Reading())
