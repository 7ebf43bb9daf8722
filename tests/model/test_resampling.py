"""Meta-resampling against the definition, written as plain loops."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.model import resampling
from mfjax.model.grids import Axis, Grid
from mfjax.model.resampling import MetaResample, WeightPredictor


def by_definition(x, params, size):
    """Returns the upscaled map of Section III.A.2, pixel by pixel: a predicted 3×3 filter at (⌊i/r⌋, ⌊j/r⌋)."""
    rows, cols = (
        [(i * side // output, i * side % output / output) for i in range(output)]
        for side, output in zip(x.shape[1:3], size, strict=True)
    )
    return at_positions(x, params, rows, cols, np.sqrt(np.divide(x.shape[1:3], size).prod()))


def at_positions(x, params, rows, cols, inverse):
    """Returns a map resampled pixel by pixel, from the source pixel and the offset of each row and each column."""
    n, h, w, c = x.shape
    around = np.zeros((n, h + 200, w + 200, c))
    around[:, 100:-100, 100:-100] = x
    out = np.empty((n, len(rows), len(cols), c))
    p = params["weights"]
    for i, (row, row_offset) in enumerate(rows):
        for j, (col, col_offset) in enumerate(cols):
            hidden = np.array([inverse, row_offset, col_offset]) @ p["kernel_0"] + p["bias_0"]
            hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
            weights = (hidden @ p["kernel_1"] + p["bias_1"]).reshape(3, 3, c, c)
            patch = around[:, 99 + row : 102 + row, 99 + col : 102 + col]
            out[:, i, j] = np.einsum("nyxc,yxco->no", patch, weights)
    return out


def module_and_params(channels=2, hidden=5):
    module = MetaResample(hidden)
    x = jnp.zeros((1, 4, 4, channels))
    params = module.init(jax.random.key(0), x, Grid.between((4, 4), (4, 4)))["params"]
    rng = np.random.default_rng(1)
    return module, jax.tree.map(lambda p: rng.normal(0, 0.3, p.shape).astype(np.float32), params)


def resampled(module, params, x, grid):
    """Returns a resampled map, jitted: without that every operation is a program of its own."""
    return jax.jit(lambda params, x: module.apply({"params": params}, x, grid))(params, x)


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
    out = resampled(module, params, x, Grid.between(inputs, size))
    np.testing.assert_allclose(out, by_definition(x, params, size), atol=1e-5)


@pytest.mark.parametrize("few", [1, 64])
@pytest.mark.parametrize("floats", [1, 1_000])
def test_resampling_some_rows_at_a_time_equals_its_definition(few, floats, monkeypatch):
    module, params = module_and_params()
    x = np.random.default_rng(3).random((2, 9, 8, 2), np.float32)
    monkeypatch.setattr(resampling, "FEW_OFFSETS", few)
    monkeypatch.setattr(resampling, "_floats_at_a_time", lambda: floats)
    out = resampled(module, params, x, Grid.between((9, 8), (13, 11)))
    np.testing.assert_allclose(out, by_definition(x, params, (13, 11)), atol=1e-5)


@pytest.mark.parametrize("few", [1, 64])
@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(
    ("first", "step"), [((0.0, 0.0), (0.41, 0.77)), ((-4.3, -7.9), (0.8, 1.7)), ((2.6, 9.2), (1.3, 0.6))]
)
def test_affine_resampling_equals_its_definition_also_outside_the_source(first, step, traced, few, monkeypatch):
    monkeypatch.setattr(resampling, "FEW_OFFSETS", few)
    module, params = module_and_params()
    x = np.random.default_rng(3).random((2, 7, 9, 2), np.float32)
    size = 12, 14
    place = jnp.asarray if traced else np.asarray
    grid = Grid.affine(size, place(first), place(step))
    out = resampled(module, params, x, grid)
    rows, cols = (
        [(int(np.floor(at)), at % 1) for at in begin + np.arange(count) * by]
        for begin, by, count in zip(first, step, size, strict=True)
    )
    np.testing.assert_allclose(out, at_positions(x, params, rows, cols, np.sqrt(np.prod(step))), atol=1e-5)


def test_affine_resampling_of_a_whole_map_is_that_between_its_sizes():
    whole, affine = Axis.between(240, 613), Axis.affine(613, 0.0, 240 / 613)
    positions = [axis.source + np.take(axis.offsets, axis.number) for axis in (whole, affine)]
    np.testing.assert_allclose(*positions, atol=1e-4)


def test_affine_resampling_is_differentiable_by_its_positions():
    module, params = module_and_params()
    x = np.random.default_rng(8).random((1, 6, 6, 2), np.float32)
    apply = jax.jit(lambda at: module.apply({"params": params}, x, Grid.affine((5, 5), at[0], at[1])).sum())
    at, change = jnp.array([[0.123, 0.234], [0.812, 0.934]]), jnp.array([[1.0, -0.5], [0.1, 0.05]])
    differences = (apply(at + 1e-3 * change) - apply(at - 1e-3 * change)) / 2e-3
    np.testing.assert_allclose((jax.grad(apply)(at) * change).sum(), differences, rtol=1e-2)


@pytest.mark.parametrize("numerator", [10, 13, 20, 27])
def test_resampling_with_a_traced_scale_equals_the_static_one(numerator):
    module, params = module_and_params()
    size = 2 * numerator, 2 * numerator  # exactly 20 source pixels
    x = np.random.default_rng(4).random((2, 20, 20, 2), np.float32)
    static = resampled(module, params, x, Grid.between((20, 20), size))
    traced = jax.jit(lambda n: module.apply({"params": params}, x, Grid.traced(size, n, 10, 30)))
    np.testing.assert_allclose(traced(numerator), static, atol=1e-5)


@pytest.mark.parametrize("size", [(10, 12), (7, 9)])
def test_gradients_of_resampling_are_those_of_its_definition(size):
    module, params = module_and_params()
    x = np.random.default_rng(6).random((1, 5, 6, 2), np.float32)
    weight = np.random.default_rng(7).random((1, *size, 2), np.float32)
    apply = lambda p, x: (weight * module.apply({"params": p}, x, Grid.between((5, 6), size))).sum()
    params_gradient, x_gradient = jax.jit(jax.grad(apply, argnums=(0, 1)))(params, x)
    step = 1e-3
    ahead, behind = x.copy(), x.copy()
    ahead[0, 2, 3, 1] += step
    behind[0, 2, 3, 1] -= step
    differences = [(weight * by_definition(each, params, size)).sum() for each in (ahead, behind)]
    np.testing.assert_allclose(x_gradient[0, 2, 3, 1], (differences[0] - differences[1]) / (2 * step), rtol=1e-3)
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(params_gradient))


def test_new_module_resamples_nearly_by_nearest_neighbour():
    module = MetaResample(16)
    x = np.random.default_rng(5).random((1, 6, 6, 4), np.float32)
    out, _ = module.init_with_output(jax.random.key(0), x, Grid.between((6, 6), (12, 12)))
    np.testing.assert_allclose(out, x.repeat(2, axis=1).repeat(2, axis=2), atol=0.05)


@given(size=st.integers(1, 300), output=st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_positions_lie_inside_the_source_and_offsets_are_those_of_exact_fractions(size, output):
    axis = Axis.between(size, output)
    i = np.arange(output)
    assert (axis.source == i * size // output).all()
    assert axis.source.max() < size
    np.testing.assert_allclose(axis.offsets[axis.number], (i * size % output) / output, atol=1e-6)


def test_predicted_weights_have_the_kernel_place_before_the_channels():
    predictor = WeightPredictor(channels=3, hidden=4)
    predict, _ = predictor.init_with_output(jax.random.key(0))
    weights = predict(jnp.zeros((5, 3)))
    assert weights.shape == (5, 27, 3)
    centre = weights[:, 12:15]  # the fifth of nine places
    np.testing.assert_allclose(centre, np.broadcast_to(np.eye(3), (5, 3, 3)), atol=0.02)


def test_positions_are_exact_where_the_product_of_two_sides_needs_more_than_32_bits():
    axis = Axis.between(50_000, 50_001)
    assert (int(axis.source[-1]), int(axis.number[-1])) == (50_000 * 50_000 // 50_001, 50_000)


@given(
    rows=st.tuples(st.integers(1, 12), st.integers(1, 14)),
    cols=st.tuples(st.integers(100, 700), st.integers(200, 700)),
    seed=st.integers(0, 99),
)
@settings(max_examples=12, deadline=None)
def test_interpolated_filters_give_nearly_what_exact_ones_give(rows, cols, seed):
    module, params = module_and_params(hidden=24)
    x = np.random.default_rng(seed).random((1, rows[0], cols[0], 2), np.float32)
    exact = Grid.between((rows[0], cols[0]), (rows[1], cols[1]))
    made, expected = (resampled(module, params, x, grid) for grid in (exact.interpolated(), exact))
    assert jnp.abs(made - expected).max() < 1e-3 * jnp.abs(expected).max()


def test_interpolated_filters_are_used_for_many_offsets_only():
    assert Axis.between(480, 817).interpolated().interpolation is not None
    for size, output in ((480, 960), (480, 720), (60, 67)):
        assert Axis.between(size, output).interpolated().interpolation is None


@pytest.mark.parametrize("traced", [False, True])
def test_interpolated_filters_serve_positions_anywhere(traced):
    module, params = module_and_params(hidden=24)
    x = np.random.default_rng(3).random((2, 5, 150, 2), np.float32)
    place = jnp.asarray if traced else np.asarray
    grid = Grid.affine((6, 400), place((-1.3, -20.2)), place((0.9, 0.511)))
    made, expected = (resampled(module, params, x, each) for each in (grid.interpolated(), grid))
    assert jnp.abs(made - expected).max() < 1e-3 * jnp.abs(expected).max()
    assert not np.abs(made[:, :, :30]).max()


def test_interpolated_resampling_is_the_same_eagerly_and_has_the_exact_ones_gradients():
    module, params = module_and_params()
    x = np.random.default_rng(6).random((1, 3, 150, 2), np.float32)
    weight = np.random.default_rng(7).random((1, 4, 331, 2), np.float32)
    exact = Grid.between((3, 150), (4, 331))
    fast = exact.interpolated()
    np.testing.assert_allclose(module.apply({"params": params}, x, fast), resampled(module, params, x, fast), atol=1e-5)
    apply = lambda p, x, grid: (weight * module.apply({"params": p}, x, grid)).sum()
    gradients = [jax.jit(jax.grad(partial(apply, grid=grid), argnums=(0, 1)))(params, x) for grid in (fast, exact)]
    for made, expected in zip(*map(jax.tree.leaves, gradients), strict=True):
        assert jnp.abs(made - expected).max() < 2e-3 * jnp.abs(expected).max()


def test_interpolated_resampling_is_differentiable_by_its_positions():
    module, params = module_and_params()
    x = np.random.default_rng(8).random((1, 5, 150, 2), np.float32)

    @jax.jit
    def apply(at):
        return module.apply({"params": params}, x, Grid.affine((6, 300), at[0], at[1]).interpolated()).sum()

    gradient = jax.grad(apply)(jnp.array([[0.123, 0.234], [0.61, 0.431]]))
    assert jnp.isfinite(gradient).all()
    assert jnp.abs(gradient).min() > 0
