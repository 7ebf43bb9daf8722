"""The blend: its bands, its padding, and the images that it can make of two sources."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.model import blend as blending
from mfjax.model.blend import REACH, Blend, doubled, halved, with_detail
from mfjax.model.extent import EVERYWHERE, Extent

NOT_COARSE = (jnp.zeros(()), jnp.zeros(()))


def picture(*size, seed=0):
    return np.random.default_rng(seed).random((1, *size, 1), np.float32)


@pytest.fixture(scope="module")
def params():
    image = picture(8, 8)
    drawn = jax.jit(Blend(6).init)(jax.random.key(0), (image, image), NOT_COARSE)["params"]
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: leaf + rng.normal(0, 0.1, leaf.shape).astype(np.float32), drawn)


def eager_blend(params, ir, vis, extent=EVERYWHERE):
    return Blend(6, extent).apply({"params": params}, (ir, vis), NOT_COARSE)


# Each is one program, where eagerly each of its operations would be one.
blend, bands, knee = jax.jit(eager_blend), jax.jit(blending.bands), jax.jit(blending.knee)
surrounded = jax.jit(lambda extent, x, reach, block: extent.surrounded(x, reach, block), static_argnums=(2, 3))
halved_and_doubled = jax.jit(lambda x: doubled(halved(x)))


def test_bands_and_level_add_up_to_the_image():
    image = picture(21, 34)
    details, level = bands(image)
    np.testing.assert_allclose(sum(details) + level, image, atol=1e-6)


def test_bands_of_a_flat_image_are_empty():
    details, level = bands(np.full((1, 9, 11, 1), 0.3, np.float32))
    assert max(np.abs(band).max() for band in details) < 1e-6
    np.testing.assert_allclose(level, 0.3, atol=1e-6)


def test_fine_checks_are_in_the_first_band_and_broad_waves_in_the_last():
    rows, cols = np.mgrid[:64, :64]
    fine = ((rows + cols) % 2).astype(np.float32)[None, ..., None]
    broad = np.sin(cols * 2 * np.pi / 32).astype(np.float32)[None, ..., None]
    energies = [[np.abs(band)[:, 16:-16, 16:-16].mean() for band in bands(image)[0]] for image in (fine, broad)]
    assert np.argmax(energies[0]) == 0
    assert np.argmax(energies[1]) == 3


@pytest.mark.parametrize("size", [(7, 9), (8, 10), (33, 20)])
def test_halved_map_doubles_back_to_at_least_its_size_and_a_flat_one_to_itself(size):
    back = halved_and_doubled(np.full((1, *size, 2), 0.7, np.float32))
    assert back.shape[1:3] == tuple(-(-side // 2) * 2 for side in size)
    np.testing.assert_allclose(back, 0.7, atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40))
def test_blend_has_the_size_of_its_sources(params, height, width):
    made = jax.eval_shape(blend, params, picture(height, width), picture(height, width, seed=1))
    assert made.shape == (1, height, width, 1)


@pytest.mark.parametrize("size", [(31, 42), (40, 37)])
def test_blend_of_a_padded_pair_is_that_of_the_pair(params, size):
    ir, vis = picture(*size), picture(*size, seed=1)
    padded = [np.pad(image, ((0, 0), (0, 9), (0, 6), (0, 0)), constant_values=5) for image in (ir, vis)]
    whole = blend(params, ir, vis)
    part = blend(params, *padded, Extent(np.int32(size[0]), np.int32(size[1])))
    np.testing.assert_allclose(part[:, : size[0], : size[1]], whole, atol=1e-5)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6), st.sampled_from([2, 4]))
def test_surroundings_of_a_padded_map_are_those_of_the_map(height, width, reach, block):
    image = picture(height, width)
    padded = np.pad(image, ((0, 0), (0, 12 - height), (0, 12 - width), (0, 0)), constant_values=5)
    whole = surrounded(EVERYWHERE, image, reach, block)
    part = surrounded(Extent(np.int32(height), np.int32(width)), padded, reach, block)
    np.testing.assert_array_equal(part[:, : height + 2 * reach, : width + 2 * reach], whole)


def test_outermost_blocks_are_repeated_around_a_map():
    row = jnp.arange(6.0).reshape(1, 1, 6, 1)
    around = EVERYWHERE.surrounded(row, 3, 4)[0, 3, :, 0]
    np.testing.assert_array_equal(around, [1, 2, 3, 0, 1, 2, 3, 4, 5, 5, 5, 4])


def test_pixel_depends_on_what_is_within_reach_only(params):
    ir, vis = picture(16, 128), picture(16, 128, seed=1)
    far = ir.copy()
    far[:, :, 64 + REACH + 1 :] = 0
    near = ir.copy()
    near[:, :, 64 + REACH // 2 :] = 0
    here, there, changed = (blend(params, image, vis)[:, :, :65] for image in (ir, far, near))
    np.testing.assert_allclose(here, there, atol=1e-6)
    assert np.abs(here - changed).max() > 1e-4


def test_blend_of_one_image_with_itself_is_on_its_level(params):
    image = np.full((1, 20, 20, 1), 0.4, np.float32)
    np.testing.assert_allclose(blend(params, image, image), 0.4, atol=1e-5)


def test_jitted_blend_is_the_eager_one(params):
    ir, vis = picture(4, 4), picture(4, 4, seed=1)  # each operation on a new size is a program of its own
    np.testing.assert_allclose(blend(params, ir, vis), eager_blend(params, ir, vis), atol=1e-5)


def test_knee_keeps_the_middle_rises_everywhere_and_stays_within_black_and_white():
    levels = np.linspace(-0.3, 1.3, 801, dtype=np.float32)
    bent = np.asarray(knee(levels))
    middle = (levels > 0.04) & (levels < 0.92)
    np.testing.assert_array_equal(bent[middle], levels[middle])
    assert np.diff(bent).min() > -1e-6
    assert bent.min() >= 0
    assert bent.max() <= 1
    assert 0.97 < float(knee(np.float32(1.0))) < 1


def test_detail_changes_the_blend_steadily_from_all_to_none(params):
    ir, vis = picture(24, 24), picture(24, 24, seed=1)

    def at(detail):
        return blend(with_detail({"fusion": {"blend": params}}, detail)["fusion"]["blend"], ir, vis)

    np.testing.assert_array_equal(at(1.0), blend(params, ir, vis))
    apart = [float(np.abs(at(detail) - at(1.0)).mean()) for detail in (0.9, 0.5, 0)]
    assert 0 < apart[0] < apart[1] < apart[2]


def test_blend_sees_if_its_sources_agree_or_contradict_each_other(params):
    ir = picture(32, 32)
    dense = params["hidden_0"]["linear"]["dense"]
    blind = {**dense, "kernel": dense["kernel"].at[3:16:4].set(0)}  # the inputs that tell it
    blind = {**params, "hidden_0": {"linear": {"dense": blind}}}
    apart, blindly_apart = (blend(each, ir, ir) - blend(each, ir, 1 - ir) for each in (params, blind))
    assert float(jnp.abs(apart - blindly_apart).max()) > 1e-4


def test_blend_without_detail_at_all_is_the_brighter_sources_level(params):
    ir, vis = picture(20, 28), picture(20, 28, seed=1)  # whole blocks
    dense = params["weights"]["dense"]
    nothing = {**params, "weights": {"dense": {**dense, "bias": jnp.full_like(dense["bias"], -100)}}}
    np.testing.assert_allclose(blend(nothing, ir, vis), bands(np.maximum(ir, vis))[1], atol=1e-5)
