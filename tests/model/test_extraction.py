"""The extractor's blocks of pixels as channels (`ModelConfig.stride`)."""

from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.model.extent import Extent
from mfjax.model.extraction import FeatureExtractor, to_channels, to_pixels


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 4))
def test_pixels_turned_into_channels_and_back_are_the_same(height, width, channels, side):
    image = np.random.default_rng(0).random((2, height, width, channels), np.float32)
    back = to_pixels(to_channels(image, side), side)
    np.testing.assert_array_equal(back[:, :height, :width], image)
    assert not np.asarray(back[:, height:]).any()


@pytest.mark.parametrize("size", [(12, 10), (11, 9)])
def test_features_of_a_padded_image_are_those_of_the_image(size):
    network = FeatureExtractor(1, 4, 2, 2, stride=2)
    image = np.random.default_rng(0).random((1, *size, 1), np.float32)
    padded = np.pad(image, ((0, 0), (0, 5), (0, 6), (0, 0)), constant_values=3)
    params = jax.jit(network.init)(jax.random.key(0), image)
    apply = jax.jit(partial(network.apply, params))
    whole, part = apply(image), apply(padded, Extent(np.int32(size[0]), np.int32(size[1])))
    assert whole.shape == (1, *size, 2)
    np.testing.assert_allclose(part[:, : size[0], : size[1]], whole, atol=1e-6)
    assert not np.asarray(part[:, size[0] :]).any()
