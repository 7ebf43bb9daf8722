"""Weights files: loading returns the saved parameters, and other files are refused by name."""

import dataclasses
import json
import math

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mfjax import weights
from mfjax.cli import main
from mfjax.errors import MfjaxError
from mfjax.weights import storage
from mfjax.weights.recipe import largest_factor


def header(config, **changes):
    return {"format": "mfjax-1", "config": json.dumps(dataclasses.asdict(config) | changes)}


def test_a_saved_model_loads_as_it_was(tiny_config, tiny_params, tmp_path):
    weights.save(tmp_path / "a.safetensors", tiny_config, tiny_params, {"recipe": "none", "steps": "0"})
    config, params, metadata = weights.load(tmp_path / "a.safetensors")
    assert config == tiny_config
    assert metadata == {"recipe": "none", "steps": "0"}
    jax.tree.map(np.testing.assert_array_equal, params, tiny_params)


def test_parameters_are_named_by_their_path_in_the_tree(tiny_weights, tiny_params):
    kernel = tiny_params["fusion"]["reconstruction"]["conv"]["kernel"]
    np.testing.assert_array_equal(load_file(tiny_weights)["fusion.reconstruction.conv.kernel"], kernel)


def test_bfloat16_halves_the_file_and_loads_as_float32_near_it(tiny_config, tiny_params, tmp_path):
    weights.save(tmp_path / "full.safetensors", tiny_config, tiny_params)
    weights.save(tmp_path / "half.safetensors", tiny_config, tiny_params, dtype="bfloat16")
    header_and_numbers = (tmp_path / "full.safetensors").stat().st_size
    count = sum(leaf.size for leaf in jax.tree.leaves(tiny_params))
    assert header_and_numbers - (tmp_path / "half.safetensors").stat().st_size == pytest.approx(2 * count, abs=64)
    loaded = weights.load(tmp_path / "half.safetensors").params
    for ours, theirs in zip(jax.tree.leaves(loaded), jax.tree.leaves(tiny_params), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=2**-8)


def test_saving_leaves_nothing_but_the_file(tiny_config, tiny_params, tmp_path):
    weights.save(tmp_path / "a.safetensors", tiny_config, tiny_params)
    weights.save(tmp_path / "a.safetensors", tiny_config, tiny_params)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_saving_refuses_parameters_of_another_architecture(tiny_config, tiny_params, tmp_path):
    wider = dataclasses.replace(tiny_config, width=16)
    with pytest.raises(ValueError, match=r"parameter tree has .* where its architecture needs"):
        weights.save(tmp_path / "a.safetensors", wider, tiny_params)
    assert not list(tmp_path.iterdir())


def test_saving_refuses_metadata_under_a_name_that_is_taken(tiny_config, tiny_params, tmp_path):
    with pytest.raises(ValueError, match=r"'config'.* taken"):
        weights.save(tmp_path / "a.safetensors", tiny_config, tiny_params, {"config": "mine"})


def test_an_unknown_model_is_refused_with_those_there_are():
    with pytest.raises(FileNotFoundError, match=r"model 'nothing' not found; available: \["):
        weights.load("nothing")


def test_every_bundled_model_loads():
    for name in weights.available():
        assert weights.load(name).params


def test_a_file_that_is_not_safetensors_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"something else altogether")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        weights.load(tmp_path / "a.safetensors")


def test_a_safetensors_file_of_something_else_is_refused(tmp_path):
    save_file({"x": np.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="holds no mfjax model"):
        weights.load(tmp_path / "a.safetensors")


def test_a_configuration_with_unknown_fields_is_refused_with_their_names(tiny_config, tiny_weights, tmp_path):
    save_file(load_file(tiny_weights), tmp_path / "a.safetensors", header(tiny_config, depth=3))
    with pytest.raises(ValueError, match="another architecture: unknown configuration depth"):
        weights.load(tmp_path / "a.safetensors")


def test_a_configuration_with_impossible_values_is_refused(tiny_config, tiny_weights, tmp_path):
    save_file(load_file(tiny_weights), tmp_path / "a.safetensors", header(tiny_config, blocks=0))
    with pytest.raises(ValueError, match="another architecture: blocks is 0"):
        weights.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["blocks", "width", "blend", "dual_attention", "base"])
@pytest.mark.parametrize("value", [[1], None, math.nan, 10**30, -1, 1.5, "2", {"a": 1}], ids=str)
def test_a_configuration_with_values_of_another_kind_is_refused(name, value, tiny_config, tiny_weights, tmp_path):
    save_file(load_file(tiny_weights), tmp_path / "a.safetensors", header(tiny_config, **{name: value}))
    with pytest.raises(MfjaxError, match=rf"a\.safetensors is a model of another architecture: {name} is "):
        weights.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_parameters_that_are_not_finite_are_neither_read_nor_written(
    value, dtype, tiny_config, tiny_params, tmp_path, monkeypatch
):
    params = jax.tree.map(np.copy, tiny_params)
    params["fusion"]["reconstruction"]["conv"]["bias"][0] = value
    path = tmp_path / "a.safetensors"
    with pytest.raises(MfjaxError, match=r"fusion\.reconstruction\.conv\.bias that are NaN or infinite"):
        weights.save(path, tiny_config, params, dtype=dtype)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "_check_finite", lambda flat, owner: None)
        weights.save(path, tiny_config, params, dtype=dtype)
    with pytest.raises(MfjaxError, match=r"a\.safetensors has values in fusion\.reconstruction\.conv\.bias that are"):
        weights.load(path)


def test_a_model_is_the_same_bytes_each_time_it_is_saved(tiny_config, tiny_params, tmp_path):
    metadata = {str(number): "text" for number in range(20)}
    for name in "ab":
        weights.save(tmp_path / name, tiny_config, tiny_params, metadata)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "recipe", ["[1]", "5", '[{"recipe": {"data": {"scales": [10, "x"]}}}]', '[{"recipe": 5}]', "[" * 9999, "[1e999]"]
)
def test_a_damaged_account_of_training_is_none(recipe):
    assert largest_factor({"recipe": recipe}) is None


@pytest.mark.parametrize("text", ["{", "[]", "[" * 9999, '"a"'])
def test_a_damaged_configuration_is_refused(text, tiny_weights, tmp_path):
    save_file(load_file(tiny_weights), tmp_path / "a.safetensors", {"format": "mfjax-1", "config": text})
    with pytest.raises(ValueError, match="damaged model configuration"):
        weights.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"width": 16}, "where its architecture needs"),
        ({"blocks": 2}, "lacks"),
        ({"compensations": 0}, "has"),
    ],
)
def test_parameters_of_another_architecture_are_refused(change, problem, tiny_config, tiny_weights, tmp_path):
    save_file(load_file(tiny_weights), tmp_path / "a.safetensors", header(tiny_config, **change))
    with pytest.raises(ValueError, match=problem):
        weights.load(tmp_path / "a.safetensors")


def test_numbers_of_another_type_are_refused(tiny_config, tiny_weights, tmp_path):
    flat = {name: leaf.astype(np.float64) for name, leaf in load_file(tiny_weights).items()}
    save_file(flat, tmp_path / "a.safetensors", header(tiny_config))
    with pytest.raises(ValueError, match="stores numbers as F64"):
        weights.load(tmp_path / "a.safetensors")


def test_convert_command_stores_a_weights_file_in_half_the_bytes(tiny_weights, tmp_path):
    out = tmp_path / "half.safetensors"
    assert main(["convert", str(tiny_weights), str(out), "--dtype", "bfloat16"]) == 0
    before, after = weights.load(tiny_weights), weights.load(out)
    assert (after.config, after.metadata) == (before.config, before.metadata)
    assert out.stat().st_size < 0.75 * tiny_weights.stat().st_size
    assert main(["convert", str(out), str(out)]) == 2
