"""Infrared ranges: what auto leaves out, what is said of it, and one range for many images."""

import logging

import numpy as np
import pytest

from mfjax import MfjaxError
from mfjax.inference import ranges
from mfjax.inference.sources import infrared_luma


@pytest.fixture
def scene():
    """Raw counts from 7000 to 8200."""
    return np.random.default_rng(0).integers(7000, 8200, (40, 50)).astype(np.uint16)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def assert_fits_the_scene(ends):
    low, high = ends
    assert 6999 <= low <= 7010
    assert 8190 <= high <= 8200


def test_nan_is_left_out_shown_as_the_coldest_and_counted_in_a_line(scene, said):
    image = scene.astype(np.float32)
    image[:4, :10] = np.nan
    luma = infrared_luma(image, "auto")
    assert not luma[:4, :10].any()
    assert luma[4:].mean() == pytest.approx(0.5, abs=0.05)
    assert said() == ["infrared: 40 of 2000 pixels are NaN, shown as the coldest"]


def test_nan_in_full_range_is_refused_with_the_way_out():
    image = np.full((4, 4), 0.5, np.float32)
    image[0, 0] = np.nan
    for ir_range in (None, "full"):
        with pytest.raises(MfjaxError, match=r"1 NaN or infinite values; pass ir_range=.auto."):
            infrared_luma(image, ir_range)


@pytest.mark.parametrize("fill", [0, 65535])
def test_a_fill_value_far_from_all_others_is_left_out_and_said(scene, said, fill):
    scene[10:14, 10:20] = fill
    assert_fits_the_scene(ranges.resolve(scene, "auto"))
    assert said() == [f"infrared: 40 pixels of {fill}, far from all others, are left out of the range"]


@pytest.mark.parametrize("fill", [-9999, -3.4e38, 3.4e38, -273.15, 0])
def test_fill_values_of_temperatures_are_left_out(scene, fill):
    image = (scene - 7000) / np.float32(80) + 20
    image[10:14, 10:20] = fill
    assert ranges.resolve(image, "auto") == pytest.approx((20, 35), abs=0.1)


def test_a_fill_value_does_not_hide_that_an_image_is_narrow(scene, said):
    scene[10:14, 10:20] = 65535
    assert_fits_the_scene(ranges.resolve(scene))
    assert "of 0 to 65535: stretched" in said()[0]


def test_a_hot_target_is_no_fill_value(scene, said):
    scene[10:14, 10:20] = 16_383  # where 14 bits end
    _, high = ranges.resolve(scene, "auto")
    assert high == 16_383
    assert not said()


def test_no_data_of_the_file_is_left_out(scene):
    scene[:20] = 7777
    low, high = ranges.resolve(np.where(scene == 7777, np.uint16(9000), scene), "auto", nodata=9000)
    assert_fits_the_scene((low, high))


def test_a_border_of_one_value_is_left_out_and_said(scene, said):
    scene[:5] = 6000
    scene[:, -3:] = 6000
    assert_fits_the_scene(ranges.resolve(scene, "auto"))
    (line,) = said()
    assert "5 rows at the top, 0 at the bottom, 0 columns left, 3 right" in line


def test_a_border_within_the_range_is_no_line(scene, said):
    scene[:2] = 7600
    assert_fits_the_scene(ranges.resolve(scene, "auto"))
    assert not said()


def test_an_image_without_any_data_is_refused():
    with pytest.raises(MfjaxError, match="no data at all"):
        ranges.resolve(np.full((4, 4), np.nan, np.float32), "auto")


def test_a_range_that_makes_much_black_or_white_is_a_warning_that_says_how_much(scene, said):
    infrared_luma(scene, (7300, 8500))
    (line,) = said()
    share = round(100 * np.mean(scene < 7300))
    assert line.startswith(f"infrared: {share} % of the pixels are below 7300 and become black, 0 % are above 8500")
    assert "--ir-range auto" in line


def test_a_range_that_cuts_little_is_no_warning(scene, said):
    infrared_luma(scene, (7020, 8180))
    assert not said()


def test_one_range_for_all_fits_all_and_each_image_counts_alike(scene):
    hot = (scene[:20, :20] + np.uint16(1000)).astype(np.uint16)
    low, high = ranges.of_samples([ranges.sample(scene), ranges.sample(hot)])
    assert 6999 <= low <= 7010
    assert 9190 <= high <= 9200
    middle = np.median(np.concatenate([ranges.sample(hot)]))
    assert 8400 < middle < 8800


def test_one_range_for_no_image_or_flat_ones_is_refused():
    with pytest.raises(MfjaxError, match="no infrared images"):
        ranges.of_samples([])
    with pytest.raises(MfjaxError, match="the value 7 everywhere"):
        ranges.of_samples([ranges.sample(np.full((4, 4), 7, np.uint16))])


def test_all_of_one_image_is_its_own(scene):
    assert ranges.resolve(scene, "auto:all") == ranges.resolve(scene, "auto")


def test_degrees_of_an_array_are_refused_since_it_has_no_unit(scene):
    with pytest.raises(MfjaxError, match="an array, which has no unit"):
        ranges.resolve(scene, ranges.Celsius(10, 40))


@pytest.mark.parametrize("degrees", [(40, 10), (10, 10), (10, float("nan"))])
def test_degrees_that_do_not_increase_are_refused(degrees):
    with pytest.raises(MfjaxError, match="infrared range is"):
        ranges.check_ir_range(ranges.Celsius(*degrees))


@pytest.mark.parametrize("ends", [(-1e31, 1), (0, 1e31), (0, 1e-31), (1, 1 + 2**-54), (0, np.inf), (np.nan, 1)])
def test_ends_that_float32_has_no_room_for_are_refused(ends):
    with pytest.raises(MfjaxError, match="infrared range is"):
        ranges.check_ir_range(ends)


@pytest.mark.parametrize("ends", ["auto", (0, 1e-30), (-1e30, 1e30), (1e20, 1e20 + 1e5)])
@pytest.mark.parametrize("largest", [3.4e38, 1e31, 1.0, 1e-30, 1e-44])
def test_values_near_the_ends_of_float32_give_a_luma_and_no_warning(ends, largest):
    image = np.linspace(-1, 1, 600, dtype=np.float32).reshape(20, 30) * np.float32(largest)
    luma = infrared_luma(image, ends)
    assert luma.dtype == np.float32
    assert np.isfinite(luma).all()
    assert luma.min() >= 0
    assert luma.max() <= 1
    assert (np.diff(luma.ravel()) >= 0).all()


def test_fill_values_at_both_ends_of_float32_are_left_out_without_a_warning():
    image = np.linspace(-3e38, -2e38, 600, dtype=np.float32).reshape(20, 30)
    image[3, 4:8] = 3.4e38
    assert ranges.resolve(image, "auto")[1] <= 3.4e38
