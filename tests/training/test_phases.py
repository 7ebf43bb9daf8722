"""The optimiser that a recipe asks for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.training import TrainConfig
from mfjax.training.phases import optimizer

PARAMS = {"branch": {"a": jnp.zeros(2)}, "fusion": {"b": jnp.zeros(2)}}


def update_sizes(phase, steps, *, gradient=1.0, **recipe):
    """Returns how far the fusion branch moves at each step of a constant gradient; Adam's step is the rate."""
    transform = optimizer(TrainConfig(**recipe), phase)
    gradients = jax.tree.map(lambda p: jnp.full_like(p, gradient), PARAMS)

    def one(state, _):
        updates, state = transform.update(gradients, state, PARAMS)
        return state, -updates["fusion"]["b"][0]

    return np.asarray(jax.lax.scan(one, transform.init(PARAMS), length=steps)[1])


def test_constant_rate_is_the_papers():
    np.testing.assert_allclose(update_sizes(1, 5), 1e-4, rtol=1e-3)


def test_rate_rises_over_the_warm_up_and_falls_by_a_cosine_to_a_hundredth():
    sizes = update_sizes(1, 40, schedule="cosine", warmup_steps=10, phase_one_steps=40, learning_rate=1e-3)
    np.testing.assert_allclose(sizes[:10], 1e-3 * np.arange(10) / 10, atol=1e-7)
    assert np.argmax(sizes) == 10
    np.testing.assert_allclose(sizes[25], 1e-3 * (0.01 + 0.99 * 0.5), rtol=1e-3)
    assert sizes[-1] < 2e-5


def test_phase_two_has_a_rate_of_its_own_and_no_warm_up():
    recipe = {"phase_two_learning_rate": 5e-4, "warmup_steps": 10}
    np.testing.assert_allclose(update_sizes(2, 3, **recipe), 5e-4, rtol=1e-3)


def test_gradients_longer_than_the_norm_are_shortened_to_it():
    transform = optimizer(TrainConfig(clip_norm=1.0), 1)
    long = jax.tree.map(lambda p: jnp.full_like(p, 100.0), PARAMS)
    _, state = transform.update(long, transform.init(PARAMS), PARAMS)
    moments = [np.asarray(leaf) for leaf in jax.tree.leaves(state) if np.shape(leaf) == (2,)]
    first = max(leaf.max() for leaf in moments)
    np.testing.assert_allclose(first, 0.1 * 0.5, rtol=1e-3)  # (1 - b1) times 1/√4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", 0.0),
        ("clip_norm", -1.0),
        ("checkpoint_every", 0),
        ("warmup_steps", 10**9),
    ],
)
def test_recipe_that_can_not_be_trained_is_refused_naming_field_and_value(field, value):
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        TrainConfig(**{field: value})
