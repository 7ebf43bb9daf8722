"""Several devices give the update of one, and exchange gradients and metrics only."""

import re
from dataclasses import replace

import chex
import jax
import numpy as np
import pytest

from mfjax.data.pipeline import Batch
from mfjax.training import Enhanced
from mfjax.training.devices import AXIS, batch_mesh, parallel_step, replicate, spread
from mfjax.training.step import begin_phase_two, initial_state, make_step

DEVICES = 8


@pytest.fixture(scope="module", autouse=True)
def eight_devices():
    assert jax.local_device_count() == DEVICES


@pytest.fixture(scope="module")
def config(smallest_config, recipe_of):
    return recipe_of(smallest_config, DEVICES)


@pytest.fixture(scope="module")
def batch(batch_of):
    return batch_of(DEVICES)


def start(config, phase):
    state = initial_state(config)
    return state if phase == 1 else begin_phase_two(config, state)


@pytest.fixture(scope="module")
def steps(config):
    """The step of each phase on all devices, shared so that it compiles once."""
    return {phase: parallel_step(config, phase, batch_mesh(DEVICES)) for phase in (1, 2)}


def on_mesh(step, config, phase, batch, chosen):
    mesh = batch_mesh(DEVICES)
    return step(replicate(start(config, phase), mesh), spread(batch, mesh), chosen)


def assert_same_update(a, b):
    """Asserts that two steps' parameters and metrics agree; gradients' size shows in the metrics, not Adam's update."""
    chex.assert_trees_all_close(a[0].params, b[0].params, atol=2e-5)
    chex.assert_trees_all_close(a[1], b[1], rtol=1e-3)


@pytest.mark.parametrize("phase", [1, 2])
def test_eight_devices_give_the_update_of_one(config, steps, batch, chosen, phase):
    alone = jax.jit(make_step(config, phase), static_argnums=2)(start(config, phase), batch, chosen)
    assert_same_update(on_mesh(steps[phase], config, phase, batch, chosen), alone)


def test_eight_devices_sharpen_the_enhanced_target_as_one_does(config, batch, chosen):
    config = replace(config, target=Enhanced())
    alone = jax.jit(make_step(config, 2), static_argnums=2)(start(config, 2), batch, chosen)
    step = parallel_step(config, 2, batch_mesh(DEVICES))
    assert_same_update(on_mesh(step, config, 2, batch, chosen), alone)


def test_pmap_of_the_step_gives_the_update_of_the_mesh(config, steps, batch, chosen):
    parts = Batch(*(x.reshape(DEVICES, 1, *x.shape[1:]) for x in batch[:2]), np.stack([batch.numerators] * DEVICES))
    mapped = jax.pmap(
        lambda state, batch: make_step(config, 2, axis_name=AXIS)(state, batch, chosen),
        axis_name=AXIS,
        in_axes=(None, 0),
    )
    replicas = mapped(start(config, 2), parts)
    for leaf in jax.tree.leaves(replicas):
        np.testing.assert_array_equal(leaf, np.broadcast_to(leaf[0], leaf.shape))  # devices stay equal
    together = jax.tree.map(lambda leaf: leaf[0], replicas)
    assert_same_update(together, on_mesh(steps[2], config, 2, batch, chosen))


def test_compiled_step_has_one_all_reduce_and_no_other_collective(config, steps, batch, chosen):
    mesh = batch_mesh(DEVICES)
    for phase in (1, 2):
        state = replicate(start(config, phase), mesh)
        program = steps[phase].lower(state, spread(batch, mesh), chosen).compile().as_text()
        collectives = r" (all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)(?:-start)?\("
        assert re.findall(collectives, program) == ["all-reduce"]


def test_batch_goes_to_as_many_devices_as_share_it_evenly(caplog):
    assert batch_mesh(16).size == 8
    assert not caplog.messages
    assert batch_mesh(12).size == 6
    assert caplog.messages == ["a batch of 12 pairs can't be shared evenly by 8 devices: training on 6 of them"]


def test_devices_hold_their_part_of_a_batch_and_all_of_the_state(config, batch):
    mesh = batch_mesh(DEVICES)
    assert {shard.data.shape[0] for shard in spread(batch, mesh).ir.addressable_shards} == {1}
    state = replicate(start(replace(config, ema_decay=0.9), 1), mesh)
    assert all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(state))
