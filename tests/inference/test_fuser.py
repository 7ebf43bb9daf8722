"""The functional call: types, shapes, and a pure function below them."""

import dataclasses
import inspect
import logging
from typing import get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mfjax
from mfjax.inference import composition, loading
from mfjax.inference.fuser import Fuser
from mfjax.inference.request import FuseOptions, Request
from mfjax.model import FusionNetwork

SIZE = (24, 32)


@pytest.fixture(scope="module")
def fuser(tiny_weights):
    return mfjax.load(tiny_weights)


@pytest.fixture(scope="module")
def ir():
    return np.random.default_rng(0).integers(0, 256, (12, 16)).astype(np.uint8)


@pytest.fixture(scope="module")
def vis():
    return np.random.default_rng(1).integers(0, 256, (24, 32, 3)).astype(np.uint8)


def test_a_call_and_the_public_function_have_the_options_of_a_request_with_equal_types_and_defaults():
    types = get_type_hints(FuseOptions)
    signatures = [inspect.signature(each).parameters for each in (mfjax.fuse, Fuser.__call__, Request.of)]
    for name, kind in types.items():
        assert [parameters[name].annotation for parameters in signatures] == [kind] * 3
        assert len({repr(parameters[name].default) for parameters in signatures}) == 1
    own = {"ir", "vis", "self", "model", "detail", "tile", "progress", "largest_factor"}
    assert set().union(*signatures) - own == set(types)


def test_a_loaded_model_knows_how_it_was_trained(fuser, tiny_config):
    assert fuser.config == tiny_config
    assert fuser.metadata == {"recipe": "random"}


def test_all_three_results_have_the_larger_sources_size_and_the_colour_of_the_visible(fuser, ir, vis):
    result = fuser(ir, vis)
    assert result.fused.shape == (24, 32, 3)
    assert result.ir.shape == (24, 32)
    assert result.vis.shape == (24, 32, 3)


@pytest.mark.parametrize("shape", [(24, 32), (24, 32, 3)])
def test_gray_is_what_a_gray_visible_image_or_the_option_gives(shape, fuser, ir, vis):
    result = fuser(ir, vis if len(shape) == 3 else vis[..., 0], color="gray")
    assert result.fused.shape == result.vis.shape == (24, 32)


@pytest.mark.parametrize(
    ("ir_type", "vis_type", "expected"),
    [
        ("uint8", "uint8", "uint8"),
        ("uint16", "uint8", "uint16"),
        ("uint8", "uint16", "uint16"),
        ("uint8", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("float16", "float16", "float16"),
    ],
)
def test_results_have_the_finer_of_the_sources_types(ir_type, vis_type, expected, fuser, ir, vis):
    def cast(image, dtype):
        top = np.iinfo(dtype).max if dtype.startswith("u") else 1
        return (image / 255 * top).astype(dtype)

    result = fuser(cast(ir, ir_type), cast(vis, vis_type))
    assert {image.dtype for image in result} == {np.dtype(expected)}


def test_the_same_picture_in_another_type_gives_the_same_result(fuser, ir, vis):
    eight = fuser(ir, vis).fused
    sixteen = fuser(ir.astype(np.uint16) * 257, vis.astype(np.uint16) * 257).fused
    unit = fuser(ir / np.float32(255), vis / np.float32(255)).fused
    np.testing.assert_allclose(sixteen / 65535, unit, atol=1e-4)
    np.testing.assert_allclose(eight / 255, unit, atol=0.51 / 255)


def test_the_results_are_the_networks_clipped(fuser, ir, vis, tiny_config, tiny_params):
    inputs = [np.float32(image)[None, ..., None] / 255 for image in (ir, vis[..., 0])]
    network = jax.jit(FusionNetwork(tiny_config).apply, static_argnames="size")
    expected = network({"params": tiny_params}, *inputs, size=SIZE)
    result = fuser(ir / np.float32(255), vis[..., 0] / np.float32(255))
    for ours, theirs in zip(result, expected, strict=True):
        np.testing.assert_allclose(ours, np.clip(theirs[0, ..., 0], 0, 1), atol=1e-5)


def test_jax_arrays_are_taken(fuser, ir, vis):
    np.testing.assert_array_equal(fuser(jnp.asarray(ir), jnp.asarray(vis)).fused, fuser(ir, vis).fused)


def test_sources_are_left_as_they_were(fuser, ir, vis):
    before = ir.copy(), vis.copy()
    fuser(ir, vis)
    np.testing.assert_array_equal(ir, before[0])
    np.testing.assert_array_equal(vis, before[1])


def test_the_infrared_range_reaches_the_infrared_source(fuser, ir, vis, caplog):
    raw = 7000 + ir.astype(np.uint16)
    with caplog.at_level(logging.WARNING):
        stretched = fuser(raw, vis, ir_range=(7000, 7255))
    np.testing.assert_allclose(stretched.ir / 65535, fuser(ir, vis).ir / 255, atol=0.6 / 255)
    assert not caplog.records


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"scale": 0.5}, (12, 16)), ({"size": (7, 9)}, (7, 9)), ({"size": (48, None)}, (48, 64))],
)
def test_size_and_scale_reach_the_network(options, expected, fuser, ir, vis, black_network):
    assert {image.shape[:2] for image in fuser(ir, vis, **options)} == {expected}


def test_sources_of_two_views_are_refused_unless_stretched(fuser, ir, vis, black_network):
    with pytest.raises(ValueError, match="same view"):
        fuser(ir, vis[:12])
    assert fuser(ir, vis[:12], stretch=True).ir.shape == (12, 32)


def test_an_absurd_size_is_refused_with_the_memory_it_takes(fuser, ir, vis):
    with pytest.raises(ValueError, match=r"100000x100000 .* GB"):
        fuser(ir, vis, size=(100_000, 100_000))


def test_memory_that_runs_out_is_a_memory_error_of_one_line(tiny_config, tiny_params, ir, vis, monkeypatch):
    def exhausted(*_, **__):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes.\nmore")

    monkeypatch.setattr(composition, "compose", exhausted)
    fuser = mfjax.Fuser.of(tiny_config, tiny_params, engine="xla")
    with pytest.raises(MemoryError, match=r"memory does not suffice for 24x32.*smaller size or tile$"):
        fuser(ir, vis)


def test_fuse_gives_the_default_models_fused_image_and_loads_it_once_for_each_detail(fuser, ir, vis, monkeypatch):
    loaded = []

    def default(path, *, detail):
        loaded.append((path.stem, detail))
        return fuser

    monkeypatch.setattr(loading, "load", default)
    loading._loaded.cache_clear()
    for detail in (1.0, 1.0, 0.5):
        np.testing.assert_array_equal(mfjax.fuse(ir, vis, size=SIZE, detail=detail), fuser(ir, vis).fused)
    loading._loaded.cache_clear()
    assert loaded == [("default", 1.0), ("default", 0.5)]


@pytest.fixture(scope="module")
def luma():
    """Returns infrared [6, 8] and visible [12, 16] luma."""
    keys = jax.random.split(jax.random.key(0))
    return jax.random.uniform(keys[0], (6, 8)), jax.random.uniform(keys[1], (12, 16))


@pytest.fixture(scope="module")
def smaller_fuser(tiny_config, random_params):
    """Returns a fuser of the smallest network, whose gradient compiles in half the time."""
    config = dataclasses.replace(tiny_config, compensations=0, dual_attention=False)
    return mfjax.Fuser.of(config, random_params(config))


def test_the_pure_function_is_the_same_for_a_batch_and_vmapped_over_pairs(smaller_fuser, luma):
    def apply(ir, vis):
        return smaller_fuser.apply(ir, vis, size=(12, 16))

    pairs = [jnp.stack([image, 1 - image]) for image in luma]
    batch = jax.jit(apply)(*pairs)
    mapped = jax.jit(jax.vmap(apply))(*pairs)
    for name in ("fused", "ir", "vis"):
        assert getattr(batch, name).shape == (2, 12, 16)
        np.testing.assert_allclose(getattr(mapped, name), getattr(batch, name), atol=1e-5)


def test_the_pure_function_has_gradients_of_sources_and_parameters(smaller_fuser, luma):
    def mean(fusion, ir, vis):
        params = smaller_fuser.params | {"fusion": fusion}
        return mfjax.fuse_luma(smaller_fuser.config, params, ir, vis, size=(12, 16)).fused.mean()

    gradients = jax.jit(jax.grad(mean, argnums=(0, 1, 2)))(smaller_fuser.params["fusion"], *luma)
    fusion, *images = gradients
    for gradient in (*images, fusion["reconstruction"]["conv"]["kernel"]):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0
