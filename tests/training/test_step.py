"""One training step: the parameters that it changes and those that it leaves."""

import json
from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax import weights
from mfjax.data.degradation import canvas_for, canvases, crop_with_margin
from mfjax.data.pipeline import Batch, DataConfig
from mfjax.training import Enhanced, Sources, Teacher, TrainConfig
from mfjax.training.phases import merge, optimizer, split, trainable
from mfjax.training.step import begin_phase_two, initial_state, loss_fn, make_step, update

CROP = 12
AVAILABLE = canvases(CROP, 10, 30)


@pytest.fixture(scope="module")
def config(tiny_config):
    data, target = DataConfig(crop=CROP, batch=4), Sources(contrast_pairs=64)
    return TrainConfig(model=tiny_config, data=data, target=target, learning_rate=1e-3)


@pytest.fixture(scope="module")
def small(config, smallest_config):
    """The recipe of the smallest network, for what does not depend on the architecture."""
    return replace(config, model=smallest_config)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    side = crop_with_margin(AVAILABLE)
    pair = [rng.integers(0, 256, (4, side, side, 1), dtype=np.uint8) for _ in range(2)]
    return Batch(*pair, np.array([17, 24], np.int32))


@pytest.fixture(scope="module")
def chosen(batch):
    return tuple(canvas_for(int(n), AVAILABLE) for n in batch.numerators)


def both_starts(config):
    """Returns the state at the start of each phase."""
    first = initial_state(config)
    return {1: first, 2: begin_phase_two(config, first)}


@pytest.fixture(scope="module")
def starts(config):
    return both_starts(config)


@pytest.fixture(scope="module")
def small_starts(small):
    return both_starts(small)


def compiled(config, phase):
    return jax.jit(make_step(config, phase), static_argnums=2)


@pytest.fixture(scope="module")
def steps(config):
    """The jitted step of each phase, shared so that it compiles once."""
    return {phase: compiled(config, phase) for phase in (1, 2)}


@pytest.fixture(scope="module")
def small_steps(small):
    """The same of the smallest network."""
    return {phase: compiled(small, phase) for phase in (1, 2)}


@pytest.fixture(scope="module")
def small_apart(small):
    """The step of phase one that keeps the fusion loss from the branches."""
    return compiled(replace(small, phase_one="apart"), 1)


@pytest.fixture(scope="module")
def small_updated(small_steps, batch, chosen, small_starts):
    """The smallest network's state after a step of phase one, with moments of Adam's for all parameters."""
    return small_steps[1](small_starts[1], batch, chosen)[0]


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


def changed(before, after):
    """Returns the names of the parameters of which any bit differs."""
    leaves = zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True)
    return {
        jax.tree_util.keystr(path, simple=True, separator="/")
        for (path, a), b in leaves
        if np.asarray(a).tobytes() != np.asarray(b).tobytes()
    }


def names(params):
    return {jax.tree_util.keystr(p, simple=True, separator="/") for p, _ in jax.tree_util.tree_leaves_with_path(params)}


def test_phase_one_trains_every_parameter(starts, updated):
    assert changed(starts[1].params, updated[1][0].params) == names(starts[1].params)


def test_phase_two_leaves_every_sr_parameter_bit_identical_and_trains_the_fusion_branch(starts, updated):
    moved = changed(starts[2].params, updated[2][0].params)
    assert moved == {name for name in names(starts[2].params) if name.startswith("fusion/")}


def test_negative_zero_of_a_frozen_parameter_stays_negative(steps, batch, chosen, starts):
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


def test_split_parameters_merge_to_what_they_were(starts):
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


def test_jitted_step_equals_eager_step(small, batch, chosen):
    # The network has few operations, since each is a program of its own. `test_network` compares the whole one.
    config = replace(small, model=replace(small.model, base="none"))
    start = begin_phase_two(config, initial_state(config))
    eager = make_step(config, 2)(start, batch, chosen)
    # A new fused image is one of the sources at every pixel, so rounding decides the sign of many of its errors.
    assert_same_update(compiled(config, 2)(start, batch, chosen), eager, rtol=0.03)


def assert_same_update(a, b, *, rtol=1e-3):
    """Asserts that two steps' parameters and metrics agree; gradients' size shows in the metrics, not Adam's update."""
    chex.assert_trees_all_close(a[0].params, b[0].params, atol=2e-5)
    chex.assert_trees_all_close(a[1], b[1], rtol=rtol)


def test_average_follows_the_parameters_that_a_phase_trains(small, batch, chosen, small_starts):
    config = replace(small, ema_decay=0.75)
    for phase in (1, 2):
        state = small_starts[phase]._replace(average=small_starts[phase].params)
        after, _ = compiled(config, phase)(state, batch, chosen)
        expected = jax.tree.map(lambda old, new: 0.75 * old + 0.25 * new, state.params, after.params)
        chex.assert_trees_all_close(after.average, expected, atol=1e-6)
        assert not {name for name in changed(state.average, after.average) if phase == 2 and "branch" in name}


def test_phase_two_starts_from_the_average(config, starts):
    average = jax.tree.map(lambda p: p + 1, starts[1].params)
    state = begin_phase_two(replace(config, ema_decay=0.9), starts[1]._replace(average=average))
    chex.assert_trees_all_equal(state.params, average)
    chex.assert_trees_all_equal(state.average, average)


@pytest.mark.parametrize("phase", [1, 2])
def test_accumulated_halves_of_a_batch_give_the_update_of_the_whole(small, batch, chosen, small_starts, phase):
    # Without the contrast loss, whose random pairs are drawn for each image of a step.
    config = replace(small, target=Sources(contrast_weight=0.0), phase_one_steps=4, phase_two_steps=4)
    whole = compiled(config, phase)(small_starts[phase], batch, chosen)[0]
    twice = replace(config, accumulate=2)
    step = compiled(twice, phase)
    state = initial_state(twice)
    state = state if phase == 1 else begin_phase_two(twice, state)
    key_step = state.step  # the same random windows for both halves
    for half in (slice(0, 2), slice(2, 4)):
        before = state.params
        state, _ = step(state._replace(step=key_step), batch._replace(ir=batch.ir[half], vis=batch.vis[half]), chosen)
        assert bool(changed(before, state.params)) == (half.start == 2)
    chex.assert_trees_all_close(state.params, whole.params, atol=2e-5)


def test_half_precision_of_the_extractor_keeps_parameters_and_losses_in_full(
    small, small_steps, batch, chosen, small_starts
):
    traced = compiled(replace(small, dtype="bfloat16"), 1).trace(small_starts[1], batch, chosen)
    assert "bf16" in str(traced.jaxpr)  # products
    state, metrics = traced.lower().compile()(small_starts[1], batch)
    assert {leaf.dtype for leaf in jax.tree.leaves((state.params, metrics))} == {jnp.dtype("float32")}
    _, expected = small_steps[1](small_starts[1], batch, chosen)
    np.testing.assert_allclose(metrics["loss"], expected["loss"], rtol=0.02)


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


def test_enhanced_target_takes_the_place_of_the_sources_in_phase_two(small, batch, chosen):
    config = replace(small, model=replace(small.model, blend=6), target=Enhanced())
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
    assert changed(start.params, state.params) == {name for name in names(start.params) if name.startswith("fusion/")}


def test_fusion_branch_learns_what_a_teacher_makes_and_nothing_else_does(small, batch, chosen, random_params, tmp_path):
    teacher = str(tmp_path / "teacher.safetensors")
    weights.save(teacher, small.model, random_params(small.model), {})
    config = replace(small, target=Teacher(teacher), learning_rate=1e-2)
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


def test_fusion_loss_can_be_kept_from_the_branches_in_phase_one(small_steps, small_apart, batch, chosen, small_updated):
    state = small_updated
    other = state._replace(params=state.params | {"fusion": jax.tree.map(lambda p: 3 * p, state.params["fusion"])})

    def branch_depends_on_fusion(step):
        a, b = (step(start, batch, chosen)[0].params["branch"] for start in (state, other))
        return bool(changed(a, b))

    assert branch_depends_on_fusion(small_steps[1])
    assert not branch_depends_on_fusion(small_apart)


def test_phase_one_of_super_resolution_only_leaves_the_fusion_branch_out(
    small, small_steps, small_apart, batch, chosen, small_updated
):
    state = small_updated
    alone = compiled(replace(small, phase_one="super-resolution"), 1)
    after, metrics = alone(state, batch, chosen)
    assert changed(state.params, after.params) == {name for name in names(state.params) if name.startswith("branch/")}
    assert set(metrics) == {"loss", "sr", "gradient_norm"}
    apart, expected = small_apart(state, batch, chosen)
    chex.assert_trees_all_close(after.params["branch"], apart.params["branch"], atol=2e-5)
    np.testing.assert_allclose(metrics["loss"], expected["sr"], rtol=1e-6)
    operations = [step.lower(state, batch, chosen).cost_analysis()["flops"] for step in (alone, small_steps[1])]
    assert operations[0] < operations[1]


@pytest.mark.parametrize("phase", [1, 2])
def test_step_is_what_the_loss_differentiated_by_all_parameters_and_the_update_give(
    small, small_steps, batch, chosen, small_starts, phase
):
    key = jax.random.fold_in(jax.random.key(small.seed), small_starts[phase].step)

    def loss(params):
        return loss_fn(params, batch, chosen, key, config=small, phase=phase)

    (value, metrics), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(small_starts[phase].params)
    after = update(small_starts[phase], gradients, config=small, phase=phase)
    expected, logged = small_steps[phase](small_starts[phase], batch, chosen)
    chex.assert_trees_all_close(after.params, expected.params, atol=2e-5)
    assert not changed(after.params, expected.params) - set(names(split(expected.params, phase)[0]))
    np.testing.assert_allclose(value, logged["loss"], rtol=1e-5)
    assert set(metrics) | {"gradient_norm"} == set(logged)


@pytest.mark.parametrize("numerator", [10, 16, 20, 27, 30])
def test_truth_lies_where_the_degraded_sources_show_it(small_steps, small_starts, numerator):
    side = crop_with_margin(AVAILABLE)
    rows, cols = np.mgrid[:side, :side]
    smooth = (127 + 60 * np.sin(rows / 9) + 60 * np.cos(cols / 11)).astype(np.uint8)[None, ..., None].repeat(4, 0)
    batch = Batch(smooth, smooth, np.full(2, numerator, np.int32))
    canvas = canvas_for(numerator, AVAILABLE)
    # A new network gives the bicubic source, which on a smooth picture is off by the rounding to 8 bits.
    _, metrics = small_steps[2](small_starts[2], batch, (canvas, canvas))
    assert metrics["sr"] / 2 < 1.5 / 255


def test_one_program_serves_all_scales_of_a_canvas(small, batch, small_starts):
    step = compiled(small, 2)
    widest = AVAILABLE[-1]
    for numerator in range(widest.largest - 3, widest.largest + 1):
        step(small_starts[2], batch._replace(numerators=np.full(2, numerator, np.int32)), (widest, widest))
    assert step._cache_size() == 1


def test_metrics_are_json_numbers_and_phase_two_reports_the_contrast_terms(updated):
    assert set(updated[1][1]) == {"loss", "sr", "fusion", "gradient_norm"}
    assert set(updated[2][1]) == set(updated[1][1]) | {"deviation", "contrast"}
    json.dumps({name: float(value) for name, value in updated[2][1].items()}, allow_nan=False)
