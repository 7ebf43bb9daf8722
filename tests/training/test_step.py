"""One training step: what it changes, what it leaves, and that devices agree."""

import json
from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from mfjax.data.degradation import canvas_for, canvases, crop_with_margin
from mfjax.data.pipeline import Batch, DataConfig
from mfjax.training import TrainConfig
from mfjax.training.phases import merge, optimizer, split, trainable
from mfjax.training.step import begin_phase_two, initial_state, make_step

CROP = 12
AVAILABLE = canvases(CROP, 10, 30)


@pytest.fixture(scope="module")
def config(tiny_config):
    return TrainConfig(model=tiny_config, data=DataConfig(crop=CROP, batch=4), contrast_pairs=64, learning_rate=1e-3)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    side = crop_with_margin(AVAILABLE)
    pair = [rng.integers(0, 256, (4, side, side, 1), dtype=np.uint8) for _ in range(2)]
    return Batch(*pair, np.array([17, 24], np.int32))


@pytest.fixture(scope="module")
def chosen(batch):
    return tuple(canvas_for(int(n), AVAILABLE) for n in batch.numerators)


@pytest.fixture(scope="module")
def starts(config):
    """The state at the start of each phase."""
    first = initial_state(config)
    return {1: first, 2: begin_phase_two(config, first)}


@pytest.fixture(scope="module")
def updated(config, batch, chosen, starts):
    """The state after three steps of each phase, and the last step's metrics."""
    found = {}
    for phase in (1, 2):
        step, state = jax.jit(make_step(config, phase), static_argnums=2), starts[phase]
        for _ in range(3):
            state, metrics = step(state, batch, chosen)
        found[phase] = state, metrics
    return found


def changed(before, after):
    """Names of the parameters of which any bit differs."""
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


def test_negative_zero_of_a_frozen_parameter_stays_negative(config, batch, chosen, starts):
    params = jax.tree.map(lambda p: jnp.where(p == 0, -0.0, p), starts[2].params)
    step = jax.jit(make_step(config, 2), static_argnums=2)
    after, _ = step(starts[2]._replace(params=params), batch, chosen)
    assert not {name for name in changed(params, after.params) if name.startswith("branch/")}


def test_optimiser_of_phase_two_keeps_no_moments_for_frozen_parameters(config, starts):
    trained = sum(p.size for p in jax.tree.leaves(starts[2].params["fusion"]))
    state = optimizer(config, 2).init(starts[2].params)
    assert 2 * trained <= sum(np.size(leaf) for leaf in jax.tree.leaves(state)) <= 2 * trained + 4


def test_split_parameters_merge_to_what_they_were(starts):
    params = starts[1].params
    for phase in (1, 2):
        assert not changed(params, merge(*split(params, phase)))
        assert jax.tree.structure(trainable(params, phase)) == jax.tree.structure(params)


def test_phase_two_step_does_not_differentiate_the_extractor(config, batch, chosen, starts):
    def operations(phase):
        step = jax.jit(make_step(config, phase), static_argnums=2)
        return step.lower(starts[phase], batch, chosen).cost_analysis()["flops"]

    # The gradient of a layer costs twice what the layer does, so without it a third is left, and the fusion branch.
    assert operations(2) < 0.45 * operations(1)


def test_loss_falls_when_one_batch_is_repeated(config, batch, chosen, starts):
    step, state, losses = jax.jit(make_step(config, 1), static_argnums=2), starts[1], []
    for _ in range(30):
        state, metrics = step(state, batch, chosen)
        losses.append(float(metrics["sr"]))  # the fused image's is near its least from the start
    assert np.mean(losses[-5:]) < 0.99 * np.mean(losses[:5])


def test_jitted_step_equals_eager_step(config, batch, chosen, starts):
    eager = make_step(config, 2)(starts[2], batch, chosen)
    # A new fused image is one of the sources at every pixel, so rounding decides the sign of many of its errors.
    assert_same_update(jax.jit(make_step(config, 2), static_argnums=2)(starts[2], batch, chosen), eager, rtol=0.03)


def assert_same_update(a, b, *, rtol=1e-3):
    """Whether two steps' parameters and metrics agree; gradients' size shows in the metrics, not in Adam's update."""
    chex.assert_trees_all_close(a[0].params, b[0].params, atol=2e-5)
    chex.assert_trees_all_close(a[1], b[1], rtol=rtol)


def pmapped(config, phase, state, batch, chosen):
    """A step by `jax.pmap`, half a batch a device: the state and the metrics."""
    parts = Batch(*(x.reshape(2, 2, *x.shape[1:]) for x in batch[:2]), np.stack([batch.numerators] * 2))
    step = jax.pmap(
        lambda state, batch: make_step(config, phase, axis_name="batch")(state, batch, chosen),
        axis_name="batch",
        in_axes=(None, 0),
    )
    replicas = step(state, parts)
    for leaf in jax.tree.leaves(replicas):
        np.testing.assert_array_equal(leaf[0], leaf[1])  # devices stay equal
    return jax.tree.map(lambda leaf: leaf[0], replicas)


@pytest.mark.parametrize("phase", [1, 2])
def test_pmap_of_the_step_gives_the_update_of_one_device(config, batch, chosen, starts, phase):
    # Without the contrast loss, whose random pairs are drawn for each device.
    config = replace(config, contrast_weight=0.0)
    alone = jax.jit(make_step(config, phase), static_argnums=2)(starts[phase], batch, chosen)
    together = pmapped(config, phase, starts[phase], batch, chosen)
    if phase == 2:
        alone[1].pop("contrast"), together[1].pop("contrast")
    assert_same_update(together, alone)


def test_pmap_of_the_step_gives_the_update_of_shard_map(config, batch, chosen, starts):
    mesh = jax.make_mesh((2,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
    step = jax.shard_map(
        lambda state, batch: make_step(config, 2, axis_name="batch")(state, batch, chosen),
        mesh=mesh,
        in_specs=(P(), Batch(P("batch"), P("batch"), P())),
        out_specs=P(),
        check_vma=False,
    )
    assert_same_update(pmapped(config, 2, starts[2], batch, chosen), jax.jit(step)(starts[2], batch))


def test_loss_of_phase_two_is_the_pixel_loss_plus_lambda_times_deviation_minus_contrast(config, updated):
    m = {name: float(value) for name, value in updated[2][1].items()}
    expected = m["sr"] + m["fusion"] + config.contrast_weight * (m["deviation"] - m["contrast"])
    np.testing.assert_allclose(m["loss"], expected, rtol=1e-5)


def test_fusion_loss_can_be_kept_from_the_branches_in_phase_one(config, batch, chosen, updated):
    state = updated[1][0]
    other = state._replace(params=state.params | {"fusion": jax.tree.map(lambda p: 3 * p, state.params["fusion"])})

    def branch_depends_on_fusion(config):
        step = jax.jit(make_step(config, 1), static_argnums=2)
        a, b = (step(start, batch, chosen)[0].params["branch"] for start in (state, other))
        return bool(changed(a, b))

    assert branch_depends_on_fusion(config)
    assert not branch_depends_on_fusion(replace(config, fusion_trains_branches=False))


@pytest.mark.parametrize("numerator", [10, 16, 20, 27, 30])
def test_truth_lies_where_the_degraded_sources_show_it(config, starts, numerator):
    side = crop_with_margin(AVAILABLE)
    rows, cols = np.mgrid[:side, :side]
    smooth = (127 + 60 * np.sin(rows / 9) + 60 * np.cos(cols / 11)).astype(np.uint8)[None, ..., None].repeat(4, 0)
    batch = Batch(smooth, smooth, np.full(2, numerator, np.int32))
    canvas = canvas_for(numerator, AVAILABLE)
    # A new network gives the bicubic source, which on a smooth picture is off by the rounding to 8 bits.
    _, metrics = jax.jit(make_step(config, 2), static_argnums=2)(starts[2], batch, (canvas, canvas))
    assert metrics["sr"] / 2 < 1.5 / 255


def test_one_program_serves_all_scales_of_a_canvas(config, batch, starts):
    step = jax.jit(make_step(config, 2), static_argnums=2)
    widest = AVAILABLE[-1]
    for numerator in range(widest.largest - 3, widest.largest + 1):
        step(starts[2], batch._replace(numerators=np.full(2, numerator, np.int32)), (widest, widest))
    assert step._cache_size() == 1


def test_metrics_are_json_numbers_and_phase_two_reports_the_contrast_terms(updated):
    assert set(updated[1][1]) == {"loss", "sr", "fusion", "gradient_norm"}
    assert set(updated[2][1]) == set(updated[1][1]) | {"deviation", "contrast"}
    json.dumps({name: float(value) for name, value in updated[2][1].items()}, allow_nan=False)
