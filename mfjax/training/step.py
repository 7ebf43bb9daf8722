"""One update of the parameters: a pure function for one device, or for one of several along a named axis."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from mfjax import losses, weights
from mfjax.data.degradation import Canvas, degrade
from mfjax.data.pipeline import Batch
from mfjax.errors import MfjaxError
from mfjax.model import FusionNetwork, FusionOutput, ModelConfig
from mfjax.model.blend import with_detail
from mfjax.model.placement import Placement
from mfjax.training import growth
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Params, Phase, merge, optimizer, split
from mfjax.training.targets.base import Metrics

logger = logging.getLogger("mfjax")

Canvases = tuple[Canvas, ...]  # infrared, visible
Step = Callable[["State", Batch, Canvases], tuple["State", Metrics]]


class State(NamedTuple):
    """Everything that a step changes."""

    params: Params
    average: Params | None  # the parameters' moving average, if the recipe asks for one
    opt_state: Any
    step: jax.Array  # int32 scalar, counted over both phases


def initial_state(config: TrainConfig) -> State:
    """Returns the state before the first step: random parameters or another model's, and an optimiser for phase one.

    The super-resolution branches of a smaller model are grown (`growth`). A fusion branch of another architecture is
    replaced by a random one.

    Args:
        config: the recipe, with the seed or the model to start from.

    Raises:
        MfjaxError: the super-resolution branches of the model to start from don't fit into those to train.
    """
    if config.start_from is None:
        params = _random_params(config)
    else:
        there, params, _ = weights.load(config.start_from)
        if there != config.model:
            name, same = config.start_from, _branches_of(there) == _branches_of(config.model)
            if not same and not growth.can_grow(there, config.model):
                raise MfjaxError(f"{name} is {there}, but the model to train is {config.model}")
            initial = _random_params(config)
            if same:
                logger.warning("%s has another fusion branch than the recipe; it starts anew", name)
            else:
                logger.warning(
                    "%s is smaller than the model to train: it is grown; its fusion branch starts anew", name
                )
                params["branch"] = growth.grow(params["branch"], there, initial["branch"], config.model)
            params = {**params, "fusion": initial["fusion"]}
        params = jax.tree.map(jnp.asarray, params)
    return _state(config, 1, params, np.zeros((), np.int32))


def _random_params(config: TrainConfig) -> Params:
    """Returns random parameters by the configured seed."""
    tiny = np.zeros((1, 8, 8, 1), np.float32)
    network = FusionNetwork(config.model)

    @jax.jit  # without it every operation compiles by itself
    def init() -> Any:
        return network.init(jax.random.key(config.seed), tiny, tiny, size=(8, 8))

    return init()["params"]


def _branches_of(model: ModelConfig) -> ModelConfig:
    """Returns an architecture with the fields that concern its fusion branch only at their defaults."""
    return replace(model, dual_attention=True, blend=0)


def begin_phase_two(config: TrainConfig, state: State) -> State:
    """Returns the state before phase two: the best parameters so far, with a fresh optimiser.

    Args:
        config: the recipe.
        state: the state at the end of phase one.
    """
    return _state(config, 2, best_params(state), state.step)


def _state(config: TrainConfig, phase: Phase, params: Params, step: Any) -> State:
    """Returns the state in which a phase starts."""
    average = None if config.ema_decay is None else jax.device_get(params)
    # Moments and counters all start at zero, so nothing needs to be compiled to make them.
    shapes = jax.eval_shape(optimizer(config, phase).init, params)
    return State(params, average, jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes), step)


def best_params(state: State) -> Params:
    """Returns the parameters to use: their moving average, if there is one.

    Args:
        state: the state of a run.
    """
    return state.params if state.average is None else state.average


class Inputs(NamedTuple):
    """The part of a batch that a step uses."""

    low: tuple[jax.Array, ...]  # the degraded sources, infrared first, each [n, s, s, 1] on its canvas, in [0, 1]
    placements: tuple[Placement, ...]  # where each of the degraded sources lies under the crop
    ir: jax.Array  # infrared at full resolution, [n, crop, crop, 1] in [0, 1]
    vis: jax.Array  # visible at full resolution, like `ir`


def make_inputs(batch: Batch, canvases: Canvases, key: jax.Array, *, crop: int) -> Inputs:
    """Returns a batch's crops and their degraded versions.

    Args:
        batch: crops with a margin, and each source's scale.
        canvases: for each source the canvas that serves its scale; static.
        key: decides for each source if the network sees image beyond the crop, where there is room for it.
        crop: side of the crops in pixels.
    """
    sources = jnp.asarray(batch.ir), jnp.asarray(batch.vis)
    ir, vis = (jnp.float32(image[:, :crop, :crop]) / 255 for image in sources)
    numerators = [jnp.asarray(batch.numerators)[i] for i in range(2)]
    small = [degrade(*each) for each in zip(sources, canvases, numerators, strict=True)]
    whole = jax.random.bernoulli(key, shape=(2,))
    drawn = zip(canvases, numerators, whole, strict=True)
    placements = tuple(canvas.placement(crop, *each) for canvas, *each in drawn)
    return Inputs(tuple(jnp.float32(image) / 255 for image in small), placements, ir, vis)


def loss_fn(
    params: Params,
    batch: Batch,
    canvases: Canvases,
    key: jax.Array,
    *,
    config: TrainConfig,
    phase: Phase,
    teacher: weights.Weights | None = None,
    axis_name: str | None = None,
) -> tuple[jax.Array, Metrics]:
    """Returns the loss of a phase, and its terms by name. A pure function, to be differentiated by `params`.

    Args:
        params: all parameters of the network.
        batch: pairs, uint8, and each source's scale.
        canvases: for each source the canvas that serves its scale; static.
        key: for the step's random numbers.
        config: the recipe.
        phase: 1 for the pixel loss (Eq. 16), or the part of it that `config.phase_one` names; 2 for that of
            `config.target`.
        teacher: the model whose fused images phase two's target needs (`teacher_of`), None if it needs none.
        axis_name: the mapped axis along which a batch is spread, None on one device (see `Target.loss`).
    """
    key, key_whole = jax.random.split(key)
    inputs = make_inputs(batch, canvases, key_whole, crop=config.data.crop)
    size = inputs.ir.shape[1:3]
    network, variables = FusionNetwork(config.model, jnp.dtype(config.dtype)), {"params": params}
    branches: Any = network.apply(variables, *inputs.low, size=size, placements=inputs.placements, method="branches")
    ir, vis = (branch.image for branch in branches)
    sr = losses.mean_absolute_error(ir, inputs.ir) + losses.mean_absolute_error(vis, inputs.vis)  # Eq. (16), first line
    if phase == 1 and config.phase_one == "super-resolution":
        return sr, {"sr": sr, "loss": sr}
    if phase == 1 and config.phase_one == "apart":
        branches = jax.lax.stop_gradient(branches)
    detail: jax.Array | float = 1.0
    if phase == 2 and config.model.blend:
        detail = config.target.detail(key)
        variables = {"params": with_detail(params, detail)}
    fused: Any = network.apply(variables, *branches, method="fuse")
    output = FusionOutput(fused.fused, ir, vis)
    if phase == 1:
        loss = losses.pixel_loss(output, inputs.ir, inputs.vis)
        terms = {"fusion": losses.fusion_loss(output.fused, inputs.ir, inputs.vis)}
    else:
        taught = None if teacher is None else _taught(teacher, inputs, network.dtype)
        named: Any = {"taught": taught, "axis_name": axis_name, "detail": detail}
        loss, terms = config.target.loss(key, output, inputs.ir, inputs.vis, **named)
    return loss, {"sr": sr, **terms, "loss": loss}


def teacher_of(config: TrainConfig, phase: Phase) -> weights.Weights | None:
    """Returns the model whose fused images a phase's loss needs, None if it needs none.

    Args:
        config: the recipe.
        phase: 1 or 2.

    Raises:
        FileNotFoundError: the model is not there.
    """
    name = config.target.taught_by() if phase == 2 else None
    return None if name is None else weights.load(name)


def _taught(teacher: weights.Weights, inputs: Inputs, dtype: Any) -> jax.Array:
    """Returns another model's fused image of the same sources, clipped, `[n, crop, crop, 1]`."""
    network = FusionNetwork(teacher.config, dtype)
    made: Any = network.apply(
        {"params": teacher.params}, *inputs.low, size=inputs.ir.shape[1:3], placements=inputs.placements
    )
    return jnp.clip(made.fused, 0, 1)


def update(state: State, gradients: Params, *, config: TrainConfig, phase: Phase) -> State:
    """Returns the state after one more step. A pure function.

    Args:
        state: the state before.
        gradients: of the loss by the parameters, a tree like `state.params`; those of frozen parameters are ignored
            and can be None.
        config: the recipe.
        phase: the phase that the step belongs to.
    """
    parts = partial(split, phase=phase, phase_one=config.phase_one)
    trained, frozen = parts(state.params)
    with_zeros = merge(parts(gradients)[0], jax.tree.map(jnp.zeros_like, frozen))
    updates, opt_state = optimizer(config, phase).update(with_zeros, state.opt_state, state.params)
    # Frozen leaves are passed on bit for bit, not as themselves plus zero.
    updated = optax.apply_updates(trained, parts(updates)[0])
    average = state.average
    if average is not None and config.ema_decay is not None:
        is_update = (state.step + 1) % config.accumulate == 0
        share = jnp.where(is_update, 1 - config.ema_decay, 0.0)
        moved, still = parts(average)
        average = merge(optax.incremental_update(updated, moved, share), still)
    return State(merge(updated, frozen), average, opt_state, state.step + 1)


def make_step(config: TrainConfig, phase: Phase, *, axis_name: str | None = None) -> Step:
    """Returns the function that takes a state, a batch and two static canvases to the next state and the metrics.

    With `axis_name` it runs on each device's part of a batch under `jax.shard_map` or `jax.pmap`, and gives what one
    device gives for all of it. Gradients and metrics are averaged over the axis in one all-reduce; a target that sums
    something over the whole batch takes another.

    Args:
        config: the recipe.
        phase: the phase that the steps belong to.
        axis_name: the mapped axis, None on one device.

    Raises:
        FileNotFoundError: the model that the phase's target needs is not there.
    """
    teacher = teacher_of(config, phase)

    def step(state: State, batch: Batch, canvases: Canvases) -> tuple[State, Metrics]:
        key = jax.random.fold_in(jax.random.key(config.seed), state.step)
        trained, frozen = split(state.params, phase, config.phase_one)

        def loss(trained: Params) -> tuple[jax.Array, Metrics]:
            named: Any = {"config": config, "phase": phase, "teacher": teacher, "axis_name": axis_name}
            return loss_fn(merge(trained, frozen), batch, canvases, key, **named)

        # Only the trained sub-tree is differentiated, so phase two propagates nothing back through the SR branches.
        gradients, metrics = jax.grad(loss, has_aux=True)(trained)
        if axis_name is not None:
            flat, unflatten = ravel_pytree((gradients, metrics))  # one array, so one all-reduce
            gradients, metrics = unflatten(jax.lax.pmean(flat, axis_name))
        after = update(state, gradients, config=config, phase=phase)
        return after, metrics | {"gradient_norm": optax.tree.norm(gradients)}

    return step
