"""Checks of sources, and the values that are black and white."""

import logging

import numpy as np
import pytest

from mfjax.inference.ranges import check_ir_range
from mfjax.inference.sources import as_source, infrared_luma, visible_values


@pytest.mark.parametrize("shape", [(8,), (8, 8, 1), (8, 8, 4), (2, 8, 8, 3), ()])
def test_shapes_that_are_no_image_are_refused(shape):
    with pytest.raises(ValueError, match=r"infrared has shape .* \[h, w\]"):
        as_source(np.zeros(shape, np.uint8), "infrared")


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1, 3), (0, 9)])
def test_images_of_one_pixel_a_side_are_refused(shape):
    with pytest.raises(ValueError, match="at least 2 pixels a side"):
        as_source(np.zeros(shape, np.uint8), "visible")


@pytest.mark.parametrize("dtype", [bool, np.int64, np.int8, np.uint32, np.complex64, object])
def test_types_that_have_no_range_of_their_own_are_refused_by_name(dtype):
    with pytest.raises(ValueError, match=f"visible is {np.dtype(dtype)}; pass uint8, uint16, or float"):
        as_source(np.zeros((8, 8), dtype), "visible")


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_their_number(strange):
    image = np.zeros((8, 8), np.float32)
    image[2, 3:5] = strange
    with pytest.raises(ValueError, match="infrared has 2 NaN or infinite values"):
        as_source(image, "infrared")


def test_floats_outside_the_unit_range_are_refused_with_the_range_found():
    with pytest.raises(ValueError, match=r"from 0 to 255, outside \[0, 1\]"):
        visible_values(np.linspace(0, 255, 64).reshape(8, 8))
    with pytest.raises(ValueError, match=r"from -1 to 1, .*--ir-range auto"):
        infrared_luma(np.linspace(-1, 1, 64).reshape(8, 8), "full")


def test_full_range_is_that_of_the_type():
    image = np.array([[0, 65535], [32768, 13107]], np.uint16)
    np.testing.assert_allclose(infrared_luma(image, "full"), image / 65535, rtol=1e-6)


def test_a_given_range_is_black_and_white_and_clips():
    image = np.array([[7000, 8200], [7600, 9000]], np.uint16)
    np.testing.assert_allclose(infrared_luma(image, (7000, 8200)), [[0, 1], [0.5, 1]], rtol=1e-6)


def test_automatic_range_ignores_a_dead_pixel():
    image = np.random.default_rng(0).integers(7000, 8200, (64, 64)).astype(np.uint16)
    image[5, 5] = 0
    luma = infrared_luma(image, "auto")
    rest = np.delete(luma.ravel(), 5 * 64 + 5)
    assert rest.min() < 0.01
    assert rest.max() > 0.99
    assert 0.45 < rest.mean() < 0.55


def test_automatic_range_takes_temperatures():
    luma = infrared_luma(np.linspace(-20, 80, 64, dtype=np.float32).reshape(8, 8), "auto")
    assert luma.min() == 0
    assert luma.max() == 1


def test_automatic_range_of_a_flat_image_is_black():
    assert not infrared_luma(np.full((8, 8), 7000, np.uint16), "auto").any()


@pytest.mark.parametrize("ir_range", ["wide", "12", (1,), (1, 2, 3), (2, 1), (1, 1), (0, np.nan), (0, np.inf), 5])
def test_ranges_that_are_none_are_refused(ir_range):
    with pytest.raises(ValueError, match="infrared range is"):
        check_ir_range(ir_range)


def test_raw_thermal_data_in_full_range_is_one_warning_that_names_the_option(caplog):
    image = np.random.default_rng(0).integers(7012, 8123, (16, 16)).astype(np.uint16)
    with caplog.at_level(logging.WARNING):
        infrared_luma(image, "full")
    (record,) = caplog.records
    assert "--ir-range auto" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_raw_thermal_data_is_stretched_by_default_which_is_said(caplog):
    image = np.random.default_rng(0).integers(7012, 8123, (16, 16)).astype(np.uint16)
    luma = infrared_luma(image)
    (record,) = caplog.records
    assert f"{image.min()} to {image.max()} of 0 to 65535: stretched" in record.getMessage()
    np.testing.assert_array_equal(luma, infrared_luma(image, "auto"))


@pytest.mark.parametrize(
    "image", [np.uint16([[0, 65535], [5, 9]]), np.uint16([[7, 7], [7, 7]]), np.uint8([[3, 4], [5, 6]])]
)
def test_other_images_have_the_full_range_by_default(image, caplog):
    np.testing.assert_array_equal(infrared_luma(image), infrared_luma(image, "full"))
    assert not caplog.records


def test_sixteen_bits_well_used_are_no_warning(caplog):
    infrared_luma(np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8), "full")
    infrared_luma(np.full((8, 8), 7000, np.uint16), (6000, 8000))
    assert not caplog.records


def test_a_coloured_infrared_image_is_a_warning(caplog):
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    with caplog.at_level(logging.WARNING):
        assert infrared_luma(image, "full").shape == (8, 8)
    assert "in colour" in caplog.text


@pytest.mark.parametrize("nan", [False, True])
def test_doubles_beyond_float32_are_refused_with_the_largest(nan):
    image = np.full((4, 4), 1e300)
    image[0, 0] = -1e301
    image[1, 1] = np.nan if nan else 0
    with pytest.raises(ValueError, match=r"infrared has values up to 1e\+301, beyond those of float32; scale them"):
        as_source(image, "infrared", nan=nan)
