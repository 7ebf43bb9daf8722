"""The extractor's blocks of pixels as channels (`ModelConfig.stride`)."""

from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.model.extent import Extent
from mfjax.model.extraction import FeatureExtractor, to_channels, to_pixels


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 4))
def test_pixels_turned_into_channels_and_back_are_the_same(height, width, channels, side):
    image = np.random.default_rng(0).random((2, height, width, channels), np.float32)
    back = np.asarray(jax.jit(lambda x: to_pixels(to_channels(x, side), side))(image))
    np.testing.assert_array_equal(back[:, :height, :width], image)
    assert not back[:, height:].any()


@pytest.fixture(scope="module")
def extract():
    """The jitted extractor, with random parameters."""
    network, rng = FeatureExtractor(1, 4, 2, 2, stride=2), np.random.default_rng(0)
    shapes = jax.eval_shape(network.init, jax.random.key(0), np.zeros((1, 8, 8, 1), np.float32))
    return jax.jit(partial(network.apply, jax.tree.map(lambda p: rng.normal(0, 0.3, p.shape).astype(p.dtype), shapes)))


@pytest.mark.parametrize("size", [(12, 10), (11, 9)])
def test_features_of_a_padded_image_are_those_of_the_image(extract, size):
    image = np.random.default_rng(0).random((1, *size, 1), np.float32)
    padded = np.pad(
        image, [(0, length - side) for length, side in zip((1, 17, 16, 1), image.shape, strict=True)], constant_values=3
    )
    whole, part = extract(image), extract(padded, Extent(np.int32(size[0]), np.int32(size[1])))
    assert whole.shape == (1, *size, 2)
    np.testing.assert_allclose(part[:, : size[0], : size[1]], whole, atol=1e-6)
    assert not np.asarray(part)[:, size[0] :].any()
