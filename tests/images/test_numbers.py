"""Conversions between number formats."""

import numpy as np
import pytest

from mfjax import images


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
