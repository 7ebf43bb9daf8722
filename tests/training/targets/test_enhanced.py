"""The enhanced target's image against its definition."""

import jax.numpy as jnp
import numpy as np
from scipy.ndimage import gaussian_filter

from mfjax.metrics import score
from mfjax.training.targets.enhanced import Enhanced, enhanced, sharpening_for


def images(*size, batch=2, count=3, seed=0):
    rng = np.random.default_rng(seed)
    return [jnp.asarray(rng.random((batch, *size, 1), np.float32)) for _ in range(count)]


def test_enhanced_image_has_more_contrast_about_its_pivot_and_stays_in_range():
    image = jnp.array([0.5, 0.4, 0.6, 1.0, 0.0, 0.5]).reshape(1, 2, 3, 1)
    raised = enhanced(image, 1.5, jnp.float32(0))
    np.testing.assert_allclose(raised.ravel(), [0.5, 0.35, 0.65, 1.0, 0.0, 0.5], atol=1e-6)
    np.testing.assert_allclose(enhanced(image, 1.0, jnp.float32(0)), image, atol=1e-6)


def test_sharpening_enhances_what_a_gaussian_of_one_pixel_takes_away():
    image = 0.3 + 0.4 * images(12, 9)[0]
    smooth = gaussian_filter(np.asarray(image, np.float64), (0, 1, 1, 0), mode="nearest", truncate=4)
    np.testing.assert_allclose(enhanced(image, 1.0, jnp.float32(0.5)), 1.5 * image - 0.5 * smooth, atol=1e-5)


def test_sharpening_brings_every_image_to_the_spatial_frequency_of_its_sources():
    ir, vis = (np.rint(115 + 20 * np.asarray(x)).astype(np.uint8) for x in images(32, 24)[1:])
    smooth = jnp.asarray(gaussian_filter(np.maximum(ir, vis) / 255, (0, 0.5, 0.5, 0)), jnp.float32)
    sources = [jnp.asarray(x, jnp.float32) / 255 for x in (ir, vis)]
    everywhere = jnp.ones_like(smooth, bool)
    for sharpness in (1.0, 1.1):
        sharpening = sharpening_for(Enhanced(1.3, sharpness), smooth, *sources, everywhere)
        fused = enhanced(smooth, 1.3, sharpening[:, None, None, None])
        assert fused.min() > 0  # nothing was clipped
        assert fused.max() < 1
        for n in range(2):
            levels = np.rint(255 * np.asarray(fused[n, ..., 0])).astype(np.uint8)
            q_sf = score(ir[n, ..., 0], vis[n, ..., 0], levels, names=["Q_SF"])["Q_SF"]
            assert abs(q_sf - (sharpness - 1)) < 5e-3


def test_sharpening_is_found_from_the_chosen_pixels_only():
    _, ir, vis = images(16, 24)
    base = jnp.maximum(ir, vis)
    left = jnp.zeros_like(base, bool).at[:, :, :12].set(True)
    of = lambda base, ir: sharpening_for(Enhanced(1.3, 1.0), base, ir, vis, left)
    other = jnp.zeros_like(base).at[:, :, 17:].set(0.7)  # beyond the reach of the detail's Gaussian
    np.testing.assert_allclose(of(base + other, ir - other), of(base, ir), rtol=1e-5)
    assert not np.allclose(of(base, ir * 2), of(base, ir), rtol=1e-2)


def test_sharpening_smooths_images_that_are_sharper_than_their_sources_and_is_finite_for_flat_ones():
    sharp, _, _ = images(9, 11)
    flat, everywhere = jnp.full_like(sharp, 0.5), jnp.ones_like(sharp, bool)
    target = Enhanced(1.3, 1.0)
    assert (sharpening_for(target, sharp, flat, sharp, everywhere) < 0).all()
    assert jnp.isfinite(sharpening_for(target, flat, sharp, flat, everywhere)).all()
    assert jnp.isfinite(sharpening_for(target, sharp, sharp, flat, ~everywhere)).all()
