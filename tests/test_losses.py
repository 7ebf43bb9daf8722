"""The losses against their definition, and the sampled contrast loss against the exact one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax import losses
from mfjax.model import FusionOutput

exact_loss = jax.jit(losses.contrast_loss_exact)


def images(*size, batch=2, count=3, seed=0):
    rng = np.random.default_rng(seed)
    return [jnp.asarray(rng.random((batch, *size, 1), np.float32)) for _ in range(count)]


def test_pixel_loss_is_the_sum_of_four_mean_absolute_errors():
    fused, sr_ir, sr_vis, ir, vis = (np.asarray(x) for x in images(4, 5, count=5))
    expected = sum(np.abs(a - b).mean() for a, b in [(ir, sr_ir), (vis, sr_vis), (ir, fused), (vis, fused)])
    np.testing.assert_allclose(losses.pixel_loss(FusionOutput(fused, sr_ir, sr_vis), ir, vis), expected, rtol=1e-6)


def test_exact_contrast_loss_equals_plain_loops():
    fused, ir, vis = images(3, 4, batch=1)
    f, a, b = (np.asarray(x, np.float64)[0, ..., 0] for x in (fused, ir, vis))
    pixels = [(i, j) for i in range(3) for j in range(4)]
    contrast = weight = 0.0
    for p in pixels:
        for q in pixels:
            if p == q:
                continue
            d_pos = np.hypot(p[0] - q[0], p[1] - q[1])
            d_int = 1 - np.tanh((abs(a[p] - a[q]) + abs(b[p] - b[q])) / 2)
            contrast += abs(f[p] - f[q]) / (d_pos * d_int)
            weight += 1 / d_pos
    terms = exact_loss(fused, ir, vis)
    np.testing.assert_allclose(terms.contrast, 25 * contrast / weight, rtol=1e-5)
    np.testing.assert_allclose(terms.deviation, ((f - (a + b) / 2) ** 2).mean(), rtol=1e-5)
    np.testing.assert_allclose(terms.total, terms.deviation - terms.contrast, rtol=1e-6)


@pytest.mark.parametrize("size", [(10, 7), (1, 6), (16, 16)])
def test_sampled_contrast_loss_is_unbiased_for_the_exact_one(size):
    fused, ir, vis = images(*size)
    exact = exact_loss(fused, ir, vis).contrast
    keys = jax.random.split(jax.random.key(0), 400)
    sampled = jax.jit(jax.vmap(lambda key: losses.contrast_loss(key, fused, ir, vis, pairs=256).contrast))(keys)
    standard_error = sampled.std() / np.sqrt(len(keys))
    assert abs(sampled.mean() - exact) < 4 * standard_error
    assert standard_error < 0.005 * exact  # so that the line above means something


def test_gradient_of_the_sampled_contrast_loss_is_unbiased_too():
    fused, ir, vis = images(6, 5)
    exact = jax.jit(jax.grad(lambda f: exact_loss(f, ir, vis).contrast))(fused)
    keys = jax.random.split(jax.random.key(1), 2000)
    gradient = jax.grad(lambda f, key: losses.contrast_loss(key, f, ir, vis, pairs=64).contrast)
    sampled = jax.jit(jax.vmap(gradient, (None, 0)))(fused, keys)
    error = jnp.abs(sampled.mean(axis=0) - exact) / (sampled.std(axis=0) / np.sqrt(len(keys)))
    assert error.max() < 5


def test_sampled_pairs_lie_in_the_image_and_are_of_different_pixels():
    here, there = losses.sample_pairs(jax.random.key(0), (20_000,), (5, 9))
    assert min(here.min(), there.min()) == 0
    assert max(here.max(), there.max()) == 5 * 9 - 1
    assert (here != there).all()


def test_a_draw_beyond_the_last_displacement_which_rounding_can_make_is_that_one(monkeypatch):
    monkeypatch.setattr(jax.random, "uniform", lambda key, shape: jnp.full(shape, 1.0))
    here, there = losses.sample_pairs(jax.random.key(0), (20,), (5, 9))
    assert np.asarray(here).tolist() == [0] * 20  # from the first pixel to the last: the longest way down and right
    assert np.asarray(there).tolist() == [5 * 9 - 1] * 20


def test_pairs_are_as_likely_as_the_inverse_of_their_distance():
    h, w = 4, 3
    here, there = losses.sample_pairs(jax.random.key(0), (400_000,), (h, w))
    counts = np.zeros((h * w, h * w))
    np.add.at(counts, (np.asarray(here), np.asarray(there)), 1)
    counts = counts + counts.T  # a pair and its mirror are the same
    rows, cols = np.divmod(np.arange(h * w), w)
    distance = np.hypot(rows[:, None] - rows, cols[:, None] - cols)
    expected = np.where(distance > 0, 1 / np.where(distance > 0, distance, 1), 0)
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), atol=6e-4)


def test_total_loss_adds_the_weighted_difference_of_deviation_and_contrast():
    assert losses.total_loss(2.0, losses.ContrastLoss(0.5, 3.0), 0.1) == pytest.approx(2 + 0.1 * (0.5 - 3))


def test_contrast_does_not_depend_on_the_patch_size():
    texture = np.tile(np.random.default_rng(0).random((8, 8), np.float32), (4, 4))[None, ..., None]
    small, large = texture[:, :16, :16], texture
    of = lambda x: exact_loss(x, x, x).contrast
    np.testing.assert_allclose(of(small), of(large), rtol=0.05)


def test_weight_of_all_pairs_of_a_pixel_is_that_of_the_authors_ten_by_ten_grid():
    rows, cols = np.divmod(np.arange(100), 10)
    distance = np.hypot(rows[:, None] - rows, cols[:, None] - cols)
    total = (1 / distance[distance > 0]).sum() / 100
    np.testing.assert_allclose(losses.CONTRAST_WEIGHT, total, rtol=0.05)


def test_more_contrast_lowers_the_contrast_loss():
    fused, ir, vis = images(8, 8)
    flat = 0.5 + 0.5 * (fused - 0.5)
    assert exact_loss(fused, ir, vis).contrast > exact_loss(flat, ir, vis).contrast


def test_jitted_contrast_loss_equals_eager():
    fused, ir, vis = images(8, 8)
    key = jax.random.key(3)
    np.testing.assert_allclose(
        jax.jit(losses.contrast_loss)(key, fused, ir, vis).total,
        losses.contrast_loss(key, fused, ir, vis).total,
        rtol=1e-5,
    )
