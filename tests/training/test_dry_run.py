"""The description of a run before it starts."""

import re
from dataclasses import replace
from functools import partial

import jax
import pytest

from mfjax.data.synthetic import write_folder
from mfjax.training import DataConfig, Sources, TrainConfig
from mfjax.training.dry_run import describe
from mfjax.training.step import initial_state
from mfjax.training.validation import ValidationConfig


@pytest.fixture(scope="module")
def config(smallest_config):
    data = DataConfig(crop=8, batch=1, scales=(20, 20))  # one scale, so one program a phase
    return TrainConfig(
        model=smallest_config, data=data, phase_one_steps=3000, phase_two_steps=200, target=Sources(contrast_pairs=16)
    )


@pytest.fixture(scope="module")
def params(config, random_params):
    return random_params(config.model)


@pytest.fixture(scope="module")
def text(config):
    return describe(config)


def row(text, name):
    """Returns the numbers of a table's row."""
    [cells] = [line.split()[1:] for line in text.splitlines() if line.split()[:1] == [name]]
    return [int(cell.replace(",", "")) for cell in cells]


def test_table_of_parameters_adds_up_to_all_of_them(config, text, params):
    leaves = jax.tree.leaves(params)
    assert row(text, "total") == [len(leaves), sum(leaf.size for leaf in leaves)]
    modules = [row(text, line.split()[0]) for line in text.splitlines() if line.startswith(("branch", "fusion"))]
    assert [sum(column) for column in zip(*modules, strict=True)] == row(text, "total")


def test_phases_say_what_they_train_and_freeze(text, params):
    trees = params, params["fusion"]
    everything, fusion = (sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in trees)
    assert row(text, "1") == [3000, everything, 0, 1]
    assert row(text, "2") == [200, fusion, everything - fusion, 1]


def test_programs_are_those_of_all_pairs_of_canvases_and_of_validation(config, text, monkeypatch):
    assert "2 of training steps" in text
    assert "validation" not in text
    monkeypatch.setattr("mfjax.training.dry_run._peak", lambda *_: 0)  # compiling is the test above
    wide = replace(
        config, data=replace(config.data, scales=(10, 30)), validation=ValidationConfig(roots=("pairs",), every=500)
    )
    programs = "programs to compile: 20 (18 of training steps, 1 of validation, 1 of initial parameters)"
    assert programs in describe(wide)
    averaged = describe(replace(wide, ema_decay=0.9))
    assert programs in averaged
    assert "their average" in averaged
    assert "(9 of training steps, " in describe(replace(config, data=wide.data, phase_two_steps=0))


def test_state_takes_the_bytes_of_its_arrays_and_a_step_more(config, text):
    state = jax.eval_shape(partial(initial_state, config))
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves((state.params, state.opt_state)))
    assert f"memory: state {size / 2**20:,.1f} MiB" in text
    [line] = [line for line in text.splitlines() if "as XLA plans it" in line]
    peak = float(line.partition("1 pairs of 4x4: ")[2].split()[0].replace(",", ""))
    assert peak > 2 * size / 2**20


def test_without_folders_it_says_that_there_is_nothing_to_look_at(text):
    assert "data: no folders are named (--data.roots DIR)" in text


def test_data_are_counted_and_the_time_is_that_of_the_steps_of_both_phases(config, tmp_path, monkeypatch):
    monkeypatch.setattr("mfjax.training.dry_run._peak", lambda *_: 0)
    write_folder(tmp_path / "pairs", 3, seed=0, ir_size=(48, 64))
    data = replace(config.data, roots=(str(tmp_path / "pairs"),), held_out=1)
    lines = describe(replace(config, data=data, validation=ValidationConfig(every=5))).splitlines()
    assert lines[-2] == "data: 2 pairs to train on (2 of pairs), 1 to validate on"
    assert re.fullmatch(
        r"time: \S+ s a step of phase 1 and \S+ s a step of phase 2 at the smallest scales, "
        r"so at most \d+ \w+ on this machine",
        lines[-1],
    )
