"""Sources that are larger or much smaller than the output."""

import json
import runpy
from functools import partial
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax import images, weights
from mfjax.data import synthetic
from mfjax.inference import pure, stepping
from mfjax.inference.engines import missing
from mfjax.inference.fuser import Fuser
from mfjax.inference.loading import load
from mfjax.metrics import psnr

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

side = st.integers(1, 400)


@given(source=st.tuples(side, side), output=st.tuples(side, side), largest=st.floats(1.5, 8))
@settings(max_examples=300, deadline=None)
def test_each_step_of_a_plan_and_the_rest_is_an_enlargement_that_the_network_is_good_at(source, output, largest):
    first, *others = stepping.plan_sizes(source, output, largest)
    assert first == tuple(map(min, source, output))
    before = first
    for after in (*others, output):
        for low, high in zip(before, after, strict=True):
            assert low <= high < max(1.1 * largest * low, low + 1) + 1
        assert before != after or after == output
        before = tuple(map(min, after, output))


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ((240, 320), (480, 640), [(240, 320)]),
        ((240, 320), (960, 1280), [(240, 320)]),  # exactly as far as it goes
        ((240, 320), (1056, 1400), [(240, 320)]),  # and a tenth beyond
        ((240, 320), (1060, 1400), [(240, 320), (960, 1280)]),
        ((480, 640), (48, 64), [(48, 64)]),
        ((480, 60), (48, 90), [(48, 60)]),  # each axis by itself
        ((60, 80), (480, 500), [(60, 80), (240, 320)]),
        ((60, 80), (61, 240), [(60, 80), (180, 240)]),  # both enlarged as the one that needs it, rows then averaged
        ((60, 80), (60, 640), [(60, 80), (240, 320), (120, 640)]),
        ((10, 10), (320, 320), [(10, 10), (40, 40), (160, 160)]),
    ],
)
def test_plan_takes_the_largest_steps_first(source, output, expected):
    assert stepping.plan_sizes(source, output, 4) == expected


@pytest.mark.parametrize("size", [(20, 30), (7, 11), (40, 13), (9, 60), (1, 1)])
def test_average_of_arrays_is_opencvs_and_that_of_the_pure_function(size):
    image = np.random.default_rng(0).random((40, 60), np.float32)
    expected = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(stepping.averaged(image, size), expected, atol=1e-6)
    np.testing.assert_allclose(pure.averaged(image[None, ..., None], size)[0, ..., 0], expected, atol=1e-6)


def test_an_axis_that_is_not_larger_than_the_size_is_left_as_it_is():
    image = np.random.default_rng(0).random((12, 10, 3), np.float32)
    assert stepping.averaged(image, (12, 10)) is image
    averaged = stepping.averaged(image, (4, 50))
    np.testing.assert_allclose(averaged, image.reshape(4, 3, 10, 3).mean(1), atol=1e-6)


def run(scales, phase_one_steps=5, from_step=0, **more):
    recipe = {"phase_one_steps": phase_one_steps, "data": {"scales": scales}}
    return {"from_step": from_step, "recipe": recipe} | more


def told(*entries):
    return {"recipe": json.dumps(entries)}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, 3),  # what training and the paper have
        ({"recipe": "a secret"}, 3),
        (told(run([10, 40])), 4),
        (told(run([10, 20]), run([10, 25], from_step=4)), 2.5),
        (told(run([10, 20]), run([10, 40], from_step=5)), 2),  # phase two leaves super-resolution as it is
        (told(run([10, 30], phase_one_steps=0, started_from=told(run([10, 40])))), 4),
        (told(run([10, 30], phase_one_steps=0, started_from={"converted_from": "x.pth"})), 3),
        (told(run([10, 10])), 1.5),  # smaller steps would be very many
    ],
)
def test_largest_factor_is_what_super_resolution_was_last_trained_at(metadata, expected):
    assert stepping.largest_factor(metadata) == expected


@pytest.mark.parametrize("name", ["default", "small", "paper"])
def test_bundled_models_tell_what_they_were_trained_at(name):
    assert stepping.recipe.largest_factor(weights.load(name).metadata) in (3, 4)


CASES = [  # infrared, visible, output
    ((9, 12), (36, 50), (90, 120)),  # enlarged in steps, and not
    ((61, 89), (30, 44), (45, 66)),  # averaged, and not
    ((90, 120), (9, 20), (31, 40)),  # averaged; enlarged in steps, along one axis too far
]


def picture(size):
    """Returns a smooth image: in noise, rounding may decide which source is larger at a pixel."""
    image = cv2.GaussianBlur(np.random.default_rng(size[0]).random(size, np.float32), (0, 0), 1)
    return (image - image.min()) / np.ptp(image)


def assert_same(made, expected):
    for ours, theirs in zip(made, expected, strict=True):
        np.testing.assert_allclose(ours, np.clip(theirs, 0, 1), atol=2e-5)


@pytest.mark.parametrize(("ir", "vis", "size"), CASES)
def test_call_gives_what_the_pure_function_gives(ir, vis, size, smallest_config, random_params):
    fuser = Fuser.of(smallest_config, random_params(smallest_config))
    pair = picture(ir), picture(vis)
    assert_same(fuser(*pair, size=size, stretch=True), jax.jit(partial(fuser.apply, size=size))(*pair))


def test_engines_tiles_and_batches_give_the_same_in_steps_and_averaged(smallest_config, random_params):
    params = random_params(smallest_config)
    fuser = Fuser.of(smallest_config, params, engine="xla")
    pair = picture((9, 12)), picture((90, 120))
    expected = fuser(*pair, size=(48, 64))
    assert_same(fuser(*pair, size=(48, 64), tile=48), expected)
    for each in fuser.batch([pair[0]] * 2, [pair[1]] * 2, size=(48, 64)):
        assert_same(each, expected)
    if not missing("openvino"):
        assert_same(Fuser.of(smallest_config, params, engine="openvino")(*pair, size=(48, 64)), expected)


def test_pure_function_has_gradients_through_averages_and_steps(smallest_config, random_params):
    fuser = Fuser.of(smallest_config, random_params(smallest_config))
    pair = [0.25 + np.random.default_rng(0).random(size, np.float32) / 2 for size in ((3, 4), (23, 34))]
    gradients = jax.jit(jax.grad(lambda *pair: fuser.apply(*pair, size=(12, 16)).fused.std(), argnums=(0, 1)))(*pair)
    for gradient in gradients:
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


FACTORS = [*((f, f) for f in (0.1, 0.3, 0.5, 1.3, 2, 3, 5, 8, 12, 16, 32)), (8, 1), (1, 12), (0.3, 2), (3, 0.3)]
BELOW = 0.1  # dB


@pytest.fixture(scope="module")
def measure():
    """Returns the benchmark's scores of both sources of a pair at some factors, by the smallest model."""
    found = runpy.run_path(str(BENCHMARKS / "any_factor.py"))["measure"]
    return partial(found, load("small"))


@pytest.fixture(scope="module")
def scene():
    """Returns a rendered pair, gray, 8 bits."""
    return [images.from_float(image) for image in synthetic.scene(1, 288, 384, colour=False)]


@pytest.mark.parametrize("factors", FACTORS)
def test_super_resolved_sources_are_nowhere_worse_than_bicubic_or_averages(factors, measure, scene):
    scores = np.array(measure(scene, factors))  # [source, (reference, ours)]
    assert (scores[:, 1] >= scores[:, 0] - BELOW).all(), scores


@pytest.mark.parametrize("factors", [(1, 3), (8, 1)])  # of rows and columns
def test_axes_of_unlike_factors_are_no_worse_than_bicubic(factors, scene):
    gains = []
    for truth in scene:
        h, w = truth.shape
        source = cv2.resize(truth, (w // factors[1], h // factors[0]), interpolation=cv2.INTER_LINEAR)
        ours = load("small")(source, truth, size=(h, w), stretch=True).ir
        bicubic = cv2.resize(source, (w, h), interpolation=cv2.INTER_CUBIC)
        gains.append(psnr(truth, ours) - psnr(truth, bicubic))
    assert min(gains) >= -BELOW


def test_source_averaged_along_both_axes_is_its_own_super_resolved_image(smallest_config, random_params):
    fuser = Fuser.of(smallest_config, random_params(smallest_config))
    ir, vis = picture((48, 72)), picture((16, 24))
    expected = cv2.resize(ir, (24, 16), interpolation=cv2.INTER_AREA)
    for made in (fuser(ir, vis, size=(16, 24)), fuser(ir, vis, size=(16, 24), tile=48)):
        np.testing.assert_allclose(made.ir, expected, atol=1e-6)
        assert np.abs(made.vis - vis).max() > 1e-3  # the network's
