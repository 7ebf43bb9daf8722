"""Wald's protocol against OpenCV, and the canvases that bound the number of programs."""

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.data.degradation import canvas_for, canvases, crop_with_margin, degrade

SCALES = range(10, 31)


def photograph(side):
    rng = np.random.default_rng(0)
    return cv2.GaussianBlur(rng.integers(0, 256, (side, side), dtype=np.uint8), (3, 3), 0)


@pytest.mark.parametrize("numerator", [10, 14, 15, 20, 23, 30])
def test_degraded_image_is_opencvs_bilinear_rounded_to_a_gray_level(numerator):
    small_side = 40
    side = small_side * numerator // 10  # exact, so that OpenCV's grid is the same
    image = photograph(side)
    expected = cv2.resize(image.astype(np.float32), (small_side, small_side), interpolation=cv2.INTER_LINEAR)
    [canvas] = canvases(side, numerator, numerator, count=1)
    assert canvas.size == small_side
    ours = degrade(jnp.asarray(image, jnp.float32)[None, ..., None] / 255, canvas, jnp.int32(numerator))
    difference = np.abs(np.asarray(ours)[0, ..., 0] * 255 - expected)
    assert difference.max() <= 0.5 + 1e-3


def test_degraded_values_are_whole_gray_levels():
    image = jnp.asarray(photograph(60), jnp.float32)[None, ..., None] / 255
    small = degrade(image, canvases(30, 13, 20)[-1], jnp.int32(17)) * 255
    np.testing.assert_allclose(small, jnp.round(small), atol=1e-4)


@pytest.mark.parametrize("crop", [16, 64, 96, 128])
def test_every_scale_has_a_canvas_that_covers_the_crop_and_is_filled_with_image(crop):
    available = canvases(crop, 10, 30)
    side = crop_with_margin(available)
    for numerator in SCALES:
        canvas = canvas_for(numerator, available)
        assert canvas.size * numerator >= crop * 10
        assert canvas.size * numerator <= side * 10


def test_all_441_pairs_of_scales_need_nine_programs():
    available = canvases(128, 10, 30)
    assert len({(canvas_for(a, available), canvas_for(b, available)) for a in SCALES for b in SCALES}) == 9


def test_scale_is_traced_so_one_program_serves_all_scales_of_a_canvas():
    canvas = canvases(32, 20, 30)[-1]
    step = jax.jit(lambda image, n: degrade(image, canvas, n))
    image = jnp.asarray(photograph(60), jnp.float32)[None, ..., None]
    for numerator in range(25, 31):
        step(image, jnp.int32(numerator))
    assert step._cache_size() == 1
