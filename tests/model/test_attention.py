"""Dual attention and the selection rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model.attention import PositionAttention, channel_attention, channel_relation, pixel_shuffle
from mfjax.model.fusion import select_by_magnitude


def test_channel_weights_are_the_softmax_of_the_scaled_sums_of_the_gram_matrix():
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 4)).astype(np.float32)
    for image, weights in zip(x, channel_attention(channel_relation(jnp.asarray(x))), strict=True):
        features = image.reshape(-1, 4).T.astype(np.float64)  # C × M
        s = features @ features.T @ np.ones(4)  # Eq. (4)
        s = (s - s.min()) / (s.max() - s.min())
        np.testing.assert_allclose(weights[0, 0], np.exp(s) / np.exp(s).sum(), rtol=1e-5)  # Eq. (5)


def test_equal_channels_get_equal_weights_and_finite_gradients():
    x = jnp.ones((1, 4, 4, 8))
    attention = lambda x: channel_attention(channel_relation(x))
    np.testing.assert_allclose(attention(x), 1 / 8)
    assert jnp.isfinite(jax.grad(lambda x: (attention(x) * x).sum())(x)).all()


def test_channel_weights_do_not_saturate_on_large_images():
    x = np.random.default_rng(0).random((1, 64, 64, 4), np.float32)
    assert channel_attention(channel_relation(jnp.asarray(x))).max() < 0.6


@pytest.mark.parametrize("size", [(1, 1), (4, 8), (5, 7), (2, 3)])
def test_position_weights_are_between_0_and_1_at_any_size(size):
    x = np.random.default_rng(0).normal(size=(2, *size, 8)).astype(np.float32)
    weights, _ = jax.jit(PositionAttention().init_with_output)(jax.random.key(0), x)
    assert weights.shape == (2, *size, 1)
    assert weights.min() > 0
    assert weights.max() < 1


def test_pixel_shuffle_takes_channel_4c_plus_2dy_plus_dx():
    x = jnp.arange(2 * 3 * 8.0).reshape(1, 2, 3, 8)
    out = pixel_shuffle(x)
    assert out.shape == (1, 4, 6, 2)
    for c in range(2):
        for dy in range(2):
            for dx in range(2):
                np.testing.assert_array_equal(out[0, dy::2, dx::2, c], x[0, :, :, 4 * c + 2 * dy + dx])


def test_selection_takes_the_larger_magnitude_and_infrared_on_a_tie():
    ir, vis = jnp.array([1.0, -3.0, 2.0, -2.0]), jnp.array([2.0, 2.0, -2.0, 2.0])
    np.testing.assert_array_equal(select_by_magnitude(ir, vis), [2.0, -3.0, 2.0, -2.0])
