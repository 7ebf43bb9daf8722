"""Meta-resampling against the definition, written as plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.model import resampling
from mfjax.model.resampling import MetaResample, Ratio, Scale, WeightPredictor, offsets, positions


def by_definition(x, params, size):
    """Eq. of Section III.A.2, pixel by pixel: a predicted 3×3 filter at (⌊i/r⌋, ⌊j/r⌋)."""
    n, h, w, c = x.shape
    H, W = size
    inverse = np.sqrt((h / H) * (w / W))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.empty((n, H, W, c))
    p = params["weights"]
    for i in range(H):
        for j in range(W):
            row, col = i * h // H, j * w // W
            vector = np.array([inverse, (i * h % H) / H, (j * w % W) / W])
            hidden = vector @ p["kernel_0"] + p["bias_0"]
            hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
            weights = (hidden @ p["kernel_1"] + p["bias_1"]).reshape(3, 3, c, c)
            out[:, i, j] = np.einsum("nyxc,yxco->no", padded[:, row : row + 3, col : col + 3], weights)
    return out


def module_and_params(channels=2, hidden=5):
    module = MetaResample(hidden)
    x = jnp.zeros((1, 4, 4, channels))
    params = module.init(jax.random.key(0), x, (4, 4), Scale.between((4, 4), (4, 4)))["params"]
    rng = np.random.default_rng(1)
    return module, jax.tree.map(lambda p: rng.normal(0, 0.3, p.shape).astype(np.float32), params)


@pytest.mark.parametrize(
    ("inputs", "size"),
    [
        ((4, 6), (8, 12)),
        ((5, 4), (8, 6)),
        ((6, 6), (6, 6)),
        ((8, 6), (4, 4)),
        ((7, 3), (11, 10)),
        ((5, 8), (1, 2)),
    ],
)
def test_resampling_equals_its_definition_up_and_down(inputs, size):
    module, params = module_and_params()
    x = np.random.default_rng(2).random((2, *inputs, 2), np.float32)
    out = module.apply({"params": params}, x, size, Scale.between(inputs, size))
    np.testing.assert_allclose(out, by_definition(x, params, size), atol=1e-5)


def test_resampling_in_chunks_of_rows_equals_resampling_at_once(monkeypatch):
    module, params = module_and_params()
    x = np.random.default_rng(3).random((1, 9, 8, 2), np.float32)
    args = ({"params": params}, x, (13, 11), Scale.between((9, 8), (13, 11)))
    whole = module.apply(*args)
    monkeypatch.setattr(resampling, "_WEIGHTS_AT_A_TIME", 2 * 11 * 18 * 2)
    np.testing.assert_allclose(module.apply(*args), whole, atol=1e-6)


@pytest.mark.parametrize("numerator", [10, 13, 20, 27])
def test_resampling_with_a_traced_scale_equals_the_static_one(numerator):
    module, params = module_and_params()
    size = 2 * numerator  # exactly 20 source pixels
    x = np.random.default_rng(4).random((2, 20, 20, 2), np.float32)
    static = module.apply({"params": params}, x, (size, size), Scale.between((20, 20), (size, size)))
    traced = jax.jit(lambda n: module.apply({"params": params}, x, (size, size), Scale.traced(n, 10, 30)))
    np.testing.assert_allclose(traced(numerator), static, atol=1e-5)


def test_new_module_resamples_nearly_by_nearest_neighbour():
    module = MetaResample(16)
    x = np.random.default_rng(5).random((1, 6, 6, 4), np.float32)
    scale = Scale.between((6, 6), (12, 12))
    out, _ = module.init_with_output(jax.random.key(0), x, (12, 12), scale)
    np.testing.assert_allclose(out, x.repeat(2, axis=1).repeat(2, axis=2), atol=0.05)


@given(size=st.integers(1, 300), output=st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_positions_lie_inside_the_source_and_offsets_are_those_of_exact_fractions(size, output):
    ratio = Ratio.of(output, size)
    index, which = (np.asarray(a) for a in positions(output, ratio))
    i = np.arange(output)
    assert (index == i * size // output).all()
    assert index.max() < size
    np.testing.assert_allclose(np.asarray(offsets(ratio))[which], (i * size % output) / output, atol=1e-6)


def test_scale_between_sizes_inverts_to_the_scale_of_the_way_back():
    assert Scale.between((4, 6), (10, 9)).inverse() == Scale.between((10, 9), (4, 6))


def test_predicted_weights_have_the_kernel_place_before_the_channels():
    predictor = WeightPredictor(channels=3, hidden=4)
    predict, _ = predictor.init_with_output(jax.random.key(0))
    weights = predict(jnp.zeros((5, 3)))
    assert weights.shape == (5, 27, 3)
    centre = weights[:, 12:15]  # the fifth of nine places
    np.testing.assert_allclose(centre, np.broadcast_to(np.eye(3), (5, 3, 3)), atol=0.02)


def test_positions_are_exact_where_the_product_of_two_sides_needs_more_than_32_bits():
    sources, offset = positions(50_001, Ratio.of(50_001, 50_000))
    assert (int(sources[-1]), int(offset[-1])) == (50_000 * 50_000 // 50_001, 50_000)
