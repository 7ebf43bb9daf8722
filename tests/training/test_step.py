"""One training step: the parameters that it changes and those that it leaves."""

import json
from dataclasses import replace
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.training.phases import merge, optimizer, split, trainable
from mfjax.training.step import begin_phase_two, initial_state, loss_fn


@pytest.fixture(scope="module")
def config(tiny_config, recipe_of):
    return recipe_of(tiny_config)


@pytest.fixture(scope="module")
def updated(steps, batch, chosen, starts):
    """The state after three steps of each phase, and the last step's metrics."""
    found = {}
    for phase in (1, 2):
        step, state = steps[phase], starts[phase]
        for _ in range(3):
            state, metrics = step(state, batch, chosen)
        found[phase] = state, metrics
    return found


def test_phase_one_trains_every_parameter(starts, updated, changed, names):
    assert changed(starts[1].params, updated[1][0].params) == names(starts[1].params)


def test_phase_two_leaves_every_sr_parameter_bit_identical_and_trains_the_fusion_branch(
    starts, updated, changed, names
):
    moved = changed(starts[2].params, updated[2][0].params)
    assert moved == {name for name in names(starts[2].params) if name.startswith("fusion/")}


def test_negative_zero_of_a_frozen_parameter_stays_negative(steps, batch, chosen, starts, changed):
    params = jax.tree.map(lambda p: jnp.where(p == 0, -0.0, p), starts[2].params)
    after, _ = steps[2](starts[2]._replace(params=params), batch, chosen)
    assert not {name for name in changed(params, after.params) if name.startswith("branch/")}


@pytest.mark.parametrize("change", [{}, {"accumulate": 2, "clip_norm": 1.0, "schedule": "cosine"}])
def test_optimiser_starts_as_it_says_itself(config, change):
    config = replace(config, **change)
    state = initial_state(config)
    for phase in (1, 2):
        state = state if phase == 1 else begin_phase_two(config, state)
        chex.assert_trees_all_equal(state.opt_state, optimizer(config, phase).init(state.params))


def test_optimiser_of_phase_two_keeps_no_moments_for_frozen_parameters(config, starts):
    trained = sum(p.size for p in jax.tree.leaves(starts[2].params["fusion"]))
    state = optimizer(config, 2).init(starts[2].params)
    assert 2 * trained <= sum(np.size(leaf) for leaf in jax.tree.leaves(state)) <= 2 * trained + 4


def test_split_parameters_merge_to_what_they_were(starts, changed):
    params = starts[1].params
    for phase in (1, 2):
        assert not changed(params, merge(*split(params, phase)))
        assert jax.tree.structure(trainable(params, phase)) == jax.tree.structure(params)


def test_phase_two_step_does_not_differentiate_the_extractor(steps, batch, chosen, starts):
    def operations(phase):
        return steps[phase].lower(starts[phase], batch, chosen).cost_analysis()["flops"]

    # The gradient of a layer costs twice what the layer does, so without it a third is left, and the fusion branch.
    assert operations(2) < 0.45 * operations(1)


def test_loss_falls_when_one_batch_is_repeated(steps, batch, chosen, starts):
    state, losses = starts[1], []
    for _ in range(30):
        state, metrics = steps[1](state, batch, chosen)
        losses.append(float(metrics["sr"]))  # the fused image's is near its least from the start
    assert np.mean(losses[-5:]) < 0.99 * np.mean(losses[:5])


def test_jitted_loss_equals_eager_loss(smallest_config, recipe_of, random_params, batch, chosen):
    # The network has few operations, and its sources one size, since each operation on a new size is a program of its
    # own. `test_network` compares the whole one, `test_step_options` the update.
    jax.clear_caches()  # with the programs of the tests before, they would take more memory than any other file
    config = recipe_of(replace(smallest_config, base="none"))
    batch, chosen = batch._replace(numerators=batch.numerators[[0, 0]]), chosen[:1] * 2
    loss = partial(loss_fn, config=config, phase=2)
    arguments = random_params(config.model), batch, chosen, jax.random.key(0)
    chex.assert_trees_all_close(jax.jit(loss, static_argnums=2)(*arguments), loss(*arguments), rtol=1e-3)


def test_phase_two_starts_from_the_average(config, starts):
    average = jax.tree.map(lambda p: p + 1, starts[1].params)
    state = begin_phase_two(replace(config, ema_decay=0.9), starts[1]._replace(average=average))
    chex.assert_trees_all_equal(state.params, average)
    chex.assert_trees_all_equal(state.average, average)


def test_loss_of_phase_two_is_the_pixel_loss_plus_lambda_times_deviation_minus_contrast(config, updated):
    m = {name: float(value) for name, value in updated[2][1].items()}
    expected = m["sr"] + m["fusion"] + config.target.contrast_weight * (m["deviation"] - m["contrast"])
    np.testing.assert_allclose(m["loss"], expected, rtol=1e-5)


def test_run_can_start_from_the_branches_of_a_model_with_another_fusion_branch_and_says_so(
    config, tiny_weights, tiny_params, caplog
):
    blending = replace(config, start_from=str(tiny_weights), model=replace(config.model, blend=6))
    params = initial_state(blending).params
    chex.assert_trees_all_equal(params["branch"], tiny_params["branch"])
    assert "blend" in params["fusion"]
    assert "has another fusion branch than the recipe" in caplog.text


def test_metrics_are_json_numbers_and_phase_two_reports_the_contrast_terms(updated):
    assert set(updated[1][1]) == {"loss", "sr", "fusion", "gradient_norm"}
    assert set(updated[2][1]) == set(updated[1][1]) | {"deviation", "contrast"}
    json.dumps({name: float(value) for name, value in updated[2][1].items()}, allow_nan=False)
