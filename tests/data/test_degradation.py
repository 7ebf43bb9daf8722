"""Wald's protocol against OpenCV, and the canvases that bound the number of programs."""

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.data.degradation import canvas_for, canvases, crop_with_margin, degrade, degrade_with_opencv

SCALES = range(10, 31)


def photograph(side):
    rng = np.random.default_rng(0)
    return cv2.GaussianBlur(rng.integers(0, 256, (side, side), dtype=np.uint8), (3, 3), 0)


@pytest.mark.parametrize("crop", [16, 62])
def test_degraded_image_is_opencvs_bilinear_bit_for_bit_at_every_scale(crop):
    available = canvases(crop, 10, 30)
    image = photograph(crop_with_margin(available))
    jitted = jax.jit(degrade, static_argnums=1)
    for numerator in SCALES:
        canvas = canvas_for(numerator, available)
        ours = jitted(image[None, ..., None], canvas, numerator)[0, ..., 0]
        np.testing.assert_array_equal(ours, degrade_with_opencv(image, numerator)[: canvas.size, : canvas.size])


def test_opencvs_grid_is_that_of_an_image_whose_size_the_scale_divides():
    image = photograph(45)
    expected = cv2.resize(image, (30, 30), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(degrade_with_opencv(image, 15), expected)


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
    image = photograph(60)[None, ..., None]
    for numerator in range(25, 31):
        step(image, jnp.int32(numerator))
    assert step._cache_size() == 1
