"""A grown network gives the results of the smaller one, and its new parts learn."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from mfjax import weights
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.training import TrainConfig
from mfjax.training.step import initial_state

SMALL = ModelConfig(blocks=1, width=4, growth=2, features=2, compensations=1, hidden=4)
LARGE = ModelConfig(blocks=2, width=8, growth=4, features=4, compensations=2, hidden=8)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A weights file of a small network, none of whose parameters is zero."""
    path = tmp_path_factory.mktemp("start") / "small.safetensors"
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 * np.random.default_rng(leaf.size).standard_normal(leaf.shape, np.float32),
        initial_state(TrainConfig(model=SMALL)).params,
    )
    weights.save(path, SMALL, params)
    return path


@pytest.fixture(scope="module")
def sources():
    random = np.random.default_rng(0)
    return random.random((1, 6, 8, 1), np.float32), random.random((1, 9, 12, 1), np.float32)


def apply(model, params, sources):
    return jax.jit(lambda p: FusionNetwork(model).apply({"params": p}, *sources, size=(18, 24)))(params)


def test_grown_branches_give_the_images_of_the_smaller_ones(start, sources):
    grown = initial_state(TrainConfig(model=LARGE, start_from=str(start)))
    before = apply(SMALL, weights.load(start).params, sources)
    after = apply(LARGE, grown.params, sources)
    np.testing.assert_allclose(after.ir, before.ir, atol=1e-5)
    np.testing.assert_allclose(after.vis, before.vis, atol=1e-5)


def test_every_parameter_of_a_grown_branch_gets_a_gradient_after_one_step(start, sources):
    params = initial_state(TrainConfig(model=LARGE, start_from=str(start))).params

    @jax.jit
    @jax.grad
    def gradient(branch):
        output = FusionNetwork(LARGE).apply({"params": {**params, "branch": branch}}, *sources, size=(18, 24))
        return ((output.ir - 0.3) ** 2).mean() + ((output.vis - 0.3) ** 2).mean()

    branch = params["branch"]
    stepped = jax.tree.map(lambda p, g: p - 0.1 * g, branch, gradient(branch))
    dead = [name for name, g in jax.tree_util.tree_leaves_with_path(gradient(stepped)) if not np.any(g)]
    assert not dead


def test_larger_model_than_the_one_to_train_is_refused(start):
    with pytest.raises(ValueError, match="but the model to train is"):
        initial_state(TrainConfig(model=replace(SMALL, width=2), start_from=str(start)))
