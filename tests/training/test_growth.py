"""A grown network gives the results of the smaller one, and its new parts learn."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest

from mfjax import weights
from mfjax.model import ModelConfig
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Placement
from mfjax.training import TrainConfig
from mfjax.training.step import initial_state

SMALL = ModelConfig(blocks=1, width=4, growth=2, features=2, compensations=1, hidden=4)
LARGE = ModelConfig(blocks=2, width=8, growth=4, features=4, compensations=2, hidden=8)


@pytest.fixture(scope="module")
def start(tmp_path_factory, random_params):
    """A weights file of a small network, none of whose parameters is zero."""
    path = tmp_path_factory.mktemp("start") / "small.safetensors"
    weights.save(path, SMALL, random_params(SMALL))
    return path


@pytest.fixture(scope="module")
def grown(start):
    """The parameters of both branches of the larger network, which are one."""
    return initial_state(TrainConfig(model=LARGE, start_from=str(start))).params["branch"]


@partial(jax.jit, static_argnums=0)
def enlarged(model, branch):
    """Returns the image that a branch makes of a source."""
    source = np.random.default_rng(0).random((1, 6, 8, 1), np.float32)
    placement = Placement.between((6, 8), (15, 20))
    return SuperResolutionBranch(model).apply({"params": branch}, source, placement).image


def test_grown_branches_give_the_images_of_the_smaller_ones(start, grown):
    before, after = enlarged(SMALL, weights.load(start).params["branch"]), enlarged(LARGE, grown)
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_every_parameter_of_a_grown_branch_gets_a_gradient_after_one_step(grown):
    @jax.jit
    @jax.grad
    def gradient(branch):
        return ((enlarged(LARGE, branch) - 0.3) ** 2).mean()

    stepped = jax.tree.map(lambda p, g: np.asarray(p) - 0.1 * np.asarray(g), grown, gradient(grown))
    dead = [name for name, g in jax.tree_util.tree_leaves_with_path(gradient(stepped)) if not np.any(g)]
    assert not dead


def test_larger_model_than_the_one_to_train_is_refused(start):
    with pytest.raises(ValueError, match="but the model to train is"):
        initial_state(TrainConfig(model=replace(SMALL, width=2), start_from=str(start)))
