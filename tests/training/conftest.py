"""Fixtures of the tests of training steps: a batch of small crops, and functions that make and compare states."""

import jax
import numpy as np
import pytest

from mfjax.data.config import DataConfig
from mfjax.data.degradation import canvas_for, canvases, crop_with_margin
from mfjax.data.pipeline import Batch
from mfjax.training import Sources, TrainConfig
from mfjax.training.step import begin_phase_two, initial_state, make_step

CROP = 12
SCALES = 17, 24  # of infrared and visible, in tenths


@pytest.fixture(scope="session")
def recipe_of():
    """A function that returns the recipe of a model, for batches of some pairs."""

    def recipe(model, batch=4):
        data, target = DataConfig(crop=CROP, batch=batch), Sources(contrast_pairs=64)
        return TrainConfig(model=model, data=data, target=target, learning_rate=1e-3)

    return recipe


@pytest.fixture(scope="session")
def available():
    """The canvases that serve all scales."""
    return canvases(CROP, 10, 30)


@pytest.fixture(scope="session")
def batch_of(available):
    """A function that returns a batch of some pairs."""

    def make(count):
        rng = np.random.default_rng(0)
        side = crop_with_margin(available)
        pair = [rng.integers(0, 256, (count, side, side, 1), dtype=np.uint8) for _ in range(2)]
        return Batch(*pair, np.array(SCALES, np.int32))

    return make


@pytest.fixture(scope="session")
def batch(batch_of):
    return batch_of(4)


@pytest.fixture(scope="session")
def chosen(available):
    """The canvases of the batches' scales."""
    return tuple(canvas_for(numerator, available) for numerator in SCALES)


@pytest.fixture(scope="session")
def compiled():
    """A function that returns the jitted step of a recipe and a phase."""
    return lambda config, phase: jax.jit(make_step(config, phase), static_argnums=2)


@pytest.fixture(scope="session")
def starts_of():
    """A function that returns the states of a recipe at the start of each phase."""

    def starts(config):
        first = initial_state(config)
        return {1: first, 2: begin_phase_two(config, first)}

    return starts


@pytest.fixture(scope="session")
def changed():
    """A function that returns the names of the parameters of which any bit differs."""

    def names_of_changed(before, after):
        leaves = zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True)
        return {
            jax.tree_util.keystr(path, simple=True, separator="/")
            for (path, a), b in leaves
            if np.asarray(a).tobytes() != np.asarray(b).tobytes()
        }

    return names_of_changed


@pytest.fixture(scope="session")
def names():
    """A function that returns the names of parameters."""
    return lambda params: {
        jax.tree_util.keystr(path, simple=True, separator="/")
        for path, _ in jax.tree_util.tree_leaves_with_path(params)
    }


@pytest.fixture(scope="module")
def starts(config, starts_of):
    """The state at the start of each phase of a file's own `config`."""
    return starts_of(config)


@pytest.fixture(scope="module")
def steps(config, compiled):
    """The jitted step of each phase of a file's own `config`, shared so that it compiles once."""
    return {phase: compiled(config, phase) for phase in (1, 2)}
