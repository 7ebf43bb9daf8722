"""One training step by what a recipe can ask for, with the smallest network."""

from dataclasses import replace
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax import weights
from mfjax.data.degradation import canvas_for, crop_with_margin
from mfjax.data.pipeline import Batch
from mfjax.training import Enhanced, Sources, Teacher
from mfjax.training.phases import split
from mfjax.training.step import begin_phase_two, initial_state, loss_fn, update


@pytest.fixture(scope="module")
def config(smallest_config, recipe_of):
    return recipe_of(smallest_config)


@pytest.fixture(scope="module")
def apart(config, compiled):
    """The step of phase one that keeps the fusion loss from the branches."""
    return compiled(replace(config, phase_one="apart"), 1)


@pytest.fixture(scope="module")
def updated(steps, batch, chosen, starts):
    """The state after a step of phase one, with moments of Adam's for all parameters."""
    return steps[1](starts[1], batch, chosen)[0]


def test_average_follows_the_parameters_that_a_phase_trains(config, starts, changed):
    config = replace(config, ema_decay=0.75)
    for phase in (1, 2):
        state = starts[phase]._replace(average=starts[phase].params)
        gradients = jax.tree.map(np.ones_like, state.params)
        after = jax.jit(partial(update, config=config, phase=phase))(state, gradients)
        assert changed(state.params, after.params)
        expected = jax.tree.map(lambda old, new: 0.75 * old + 0.25 * new, state.params, after.params)
        chex.assert_trees_all_close(after.average, expected, atol=1e-6)
        assert not {name for name in changed(state.average, after.average) if phase == 2 and "branch" in name}


def test_accumulated_halves_of_a_batch_give_the_update_of_the_whole(config, steps, batch, chosen, starts, compiled):
    whole = steps[1](starts[1], batch, chosen)[0]
    twice = replace(config, accumulate=2)
    step, state = compiled(twice, 1), initial_state(twice)
    for half in (slice(0, 2), slice(2, 4)):
        part = batch._replace(ir=batch.ir[half], vis=batch.vis[half])
        state, _ = step(state._replace(step=0), part, chosen)  # the same random numbers for both
    chex.assert_trees_all_close(state.params, whole.params, atol=2e-5)


def test_accumulated_gradients_give_the_update_of_their_mean(config, starts, changed):
    rng = np.random.default_rng(0)
    gradients = [jax.tree.map(lambda p: np.float32(rng.normal(size=p.shape)), starts[1].params) for _ in range(2)]
    mean = jax.tree.map(lambda a, b: (a + b) / 2, *gradients)
    whole = jax.jit(partial(update, config=config, phase=2))(starts[2], mean)
    twice = replace(config, accumulate=2)
    first = begin_phase_two(twice, starts[1])
    step = jax.jit(partial(update, config=twice, phase=2))
    half = step(first, gradients[0])
    assert not changed(first.params, half.params)
    chex.assert_trees_all_close(step(half, gradients[1]).params, whole.params, atol=2e-5)


def test_half_precision_of_the_extractor_keeps_parameters_and_losses_in_full(
    config, steps, batch, chosen, starts, compiled
):
    traced = compiled(replace(config, dtype="bfloat16"), 1).trace(starts[1], batch, chosen)
    assert "bf16" in str(traced.jaxpr)  # products
    state, metrics = traced.lower().compile()(starts[1], batch)
    assert {leaf.dtype for leaf in jax.tree.leaves((state.params, metrics))} == {jnp.dtype("float32")}
    _, expected = steps[1](starts[1], batch, chosen)
    np.testing.assert_allclose(metrics["loss"], expected["loss"], rtol=0.02)


def test_enhanced_target_takes_the_place_of_the_sources_in_phase_two(config, batch, chosen, compiled, changed, names):
    config = replace(config, model=replace(config.model, blend=6), target=Enhanced())
    start = begin_phase_two(config, initial_state(config))
    step, state, history = compiled(config, 2), start, []
    for _ in range(20):
        state, metrics = step(state, batch, chosen)
        history.append({name: float(value) for name, value in metrics.items()})
    first, last = history[0], history[-1]
    assert set(first) == {"loss", "sr", "fusion", "gradient_norm"}
    assert first["loss"] == pytest.approx(first["sr"] + first["fusion"])
    assert last["fusion"] < 0.98 * first["fusion"]
    assert last["sr"] == first["sr"]
    fusion = {name for name in names(start.params) if name.startswith("fusion/")}
    assert changed(start.params, state.params) == fusion - {"fusion/blend/natural"}  # which only `with_detail` reads


def test_fusion_branch_learns_what_a_teacher_makes_and_nothing_else_does(
    config, batch, chosen, random_params, tmp_path, compiled, changed, names
):
    teacher = str(tmp_path / "teacher.safetensors")
    weights.save(teacher, config.model, random_params(config.model), {})
    config = replace(config, target=Teacher(teacher), learning_rate=1e-2)
    start = begin_phase_two(config, initial_state(config))
    step, state, history = compiled(config, 2), start, []
    for _ in range(20):
        state, metrics = step(state, batch, chosen)
        history.append({name: float(value) for name, value in metrics.items()})
    assert set(history[0]) == {"loss", "sr", "fusion", "gradient_norm"}
    assert history[-1]["fusion"] < 0.9 * history[0]["fusion"]
    assert changed(start.params, state.params) == {name for name in names(start.params) if name.startswith("fusion/")}
    pupil = replace(config, start_from=teacher)
    _, metrics = step(begin_phase_two(pupil, initial_state(pupil)), batch, chosen)
    assert metrics["fusion"] < 0.05 * history[0]["fusion"]  # but for clipping, it is its own teacher


def test_fusion_loss_can_be_kept_from_the_branches_in_phase_one(steps, apart, batch, chosen, updated, changed):
    fusion = jax.tree.map(lambda p: 3 * p, updated.params["fusion"])
    other = updated._replace(params=updated.params | {"fusion": fusion})

    def branch_depends_on_fusion(step):
        a, b = (step(start, batch, chosen)[0].params["branch"] for start in (updated, other))
        return bool(changed(a, b))

    assert branch_depends_on_fusion(steps[1])
    assert not branch_depends_on_fusion(apart)


def test_phase_one_of_super_resolution_only_leaves_the_fusion_branch_out(
    config, steps, apart, batch, chosen, updated, compiled, changed, names
):
    alone = compiled(replace(config, phase_one="super-resolution"), 1)
    after, metrics = alone(updated, batch, chosen)
    branch = {name for name in names(updated.params) if name.startswith("branch/")}
    assert changed(updated.params, after.params) == branch
    assert set(metrics) == {"loss", "sr", "gradient_norm"}
    other, expected = apart(updated, batch, chosen)
    chex.assert_trees_all_close(after.params["branch"], other.params["branch"], atol=2e-5)
    np.testing.assert_allclose(metrics["loss"], expected["sr"], rtol=1e-6)
    operations = [step.lower(updated, batch, chosen).cost_analysis()["flops"] for step in (alone, steps[1])]
    assert operations[0] < operations[1]


def test_step_is_what_the_loss_differentiated_by_all_parameters_and_the_update_give(
    config, steps, batch, chosen, starts, changed, names
):
    key = jax.random.fold_in(jax.random.key(config.seed), starts[2].step)

    def loss(params):
        return loss_fn(params, batch, chosen, key, config=config, phase=2)

    (value, metrics), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(starts[2].params)
    after = update(starts[2], gradients, config=config, phase=2)
    expected, logged = steps[2](starts[2], batch, chosen)
    chex.assert_trees_all_close(after.params, expected.params, atol=2e-5)
    assert not changed(after.params, expected.params) - set(names(split(expected.params, 2)[0]))
    np.testing.assert_allclose(value, logged["loss"], rtol=1e-5)
    assert set(metrics) | {"gradient_norm"} == set(logged)


@pytest.fixture(scope="module")
def sr_loss(config):
    """The jitted loss of the super-resolved sources."""
    named = {"config": replace(config, phase_one="super-resolution"), "phase": 1}
    return jax.jit(partial(loss_fn, key=jax.random.key(0), **named), static_argnums=2)


@pytest.mark.parametrize("numerator", [10, 16, 20, 27, 30])
def test_truth_lies_where_the_degraded_sources_show_it(sr_loss, starts, numerator, available):
    side = crop_with_margin(available)
    rows, cols = np.mgrid[:side, :side]
    smooth = (127 + 60 * np.sin(rows / 9) + 60 * np.cos(cols / 11)).astype(np.uint8)[None, ..., None].repeat(4, 0)
    batch = Batch(smooth, smooth, np.full(2, numerator, np.int32))
    canvas = canvas_for(numerator, available)
    # A new network gives the bicubic source, which on a smooth picture is off by the rounding to 8 bits.
    loss, _ = sr_loss(starts[2].params, batch, (canvas, canvas))
    assert loss / 2 < 1.5 / 255


def test_one_program_serves_all_scales_of_a_canvas(sr_loss, batch, starts, available):
    widest, programs = available[-1], set()
    for numerator in range(widest.largest - 3, widest.largest + 1):
        sr_loss(starts[2].params, batch._replace(numerators=np.full(2, numerator, np.int32)), (widest, widest))
        programs.add(sr_loss._cache_size())
    assert len(programs) == 1


@pytest.mark.parametrize(("blend", "expected"), [(0, {1.0}), (2, {0.25})])
def test_less_detail_is_asked_of_networks_with_a_blend_only(config, recipe_of, batch, chosen, blend, expected):
    asked = set()

    class Noting(Sources):
        def detail(self, key):
            return 0.25

        def loss(self, *args, detail=1.0, **options):
            asked.add(detail)
            return super().loss(*args, **options)

    recipe = replace(config, model=replace(config.model, base="bicubic", blend=blend), target=Noting())
    jax.eval_shape(
        lambda: loss_fn(initial_state(recipe).params, batch, chosen, jax.random.key(0), config=recipe, phase=2)
    )
    assert asked == expected
