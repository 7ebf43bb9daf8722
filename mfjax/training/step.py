"""One update of the parameters: a pure function for one device, or for one of several along a named axis."""

from collections.abc import Callable, Mapping
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
from mfjax.model import FusionNetwork, FusionOutput
from mfjax.model.fusion import select_by_magnitude
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Params, Phase, merge, optimizer, split

Metrics = dict[str, jax.Array]
Canvases = tuple[Canvas, ...]  # infrared, visible
Step = Callable[["State", Batch, Canvases], tuple["State", Metrics]]


class State(NamedTuple):
    """All that a step changes."""

    params: Params
    average: Params | None  # their moving average, if the recipe asks for one
    opt_state: Any
    step: jax.Array  # int32 scalar, counted over both phases


def initial_state(config: TrainConfig) -> State:
    """Parameters to start from, random by the configured seed or another model's, with an optimiser for phase one.

    Raises:
        ValueError: the model to start from is of another architecture.
    """
    if config.start_from is None:
        tiny = np.zeros((1, 8, 8, 1), np.float32)
        network = FusionNetwork(config.model)

        @jax.jit  # without it every operation compiles
        def init() -> Any:
            return network.init(jax.random.key(config.seed), tiny, tiny, size=(8, 8))

        params = init()["params"]
    else:
        there, params, _ = weights.load(config.start_from)
        if config.model.see_base and there == replace(config.model, see_base=False):
            there, params = config.model, _seeing_base(params)
        if there != config.model:
            raise ValueError(f"{config.start_from} is {there}, but the model to train is {config.model}")
        params = jax.tree.map(jnp.asarray, params)
    return _state(config, 1, params, np.zeros((), np.int32))


def _seeing_base(params: Mapping[str, Any]) -> Params:
    """The parameters of a model whose fused reconstruction reads its base, too, and makes nothing of it yet."""
    fusion = params["fusion"]
    conv = fusion["reconstruction"]["conv"]
    channels = conv["bias"].size
    conv = {
        "kernel": np.pad(conv["kernel"], ((0, 0), (0, 0), (0, 2 * channels), (0, channels))),
        "bias": np.pad(conv["bias"], (0, channels)),
    }
    return {**params, "fusion": fusion | {"reconstruction": {"conv": conv}}}


def begin_phase_two(config: TrainConfig, state: State) -> State:
    """The best parameters so far with a fresh optimiser for phase two."""
    return _state(config, 2, best(state), state.step)


def _state(config: TrainConfig, phase: Phase, params: Params, step: Any) -> State:
    """The state in which a phase starts."""
    average = None if config.ema_decay is None else jax.device_get(params)
    # Moments and counters all start at zero: to make them nothing needs to be compiled.
    shapes = jax.eval_shape(optimizer(config, phase).init, params)
    return State(params, average, jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes), step)


def best(state: State) -> Params:
    """The parameters to use: their average, where there is one."""
    return state.params if state.average is None else state.average


def make_step(config: TrainConfig, phase: Phase, *, axis_name: str | None = None) -> Step:
    """The function that takes a state, a batch and two static canvases to the next state and the step's metrics.

    With `axis_name` it runs on each device's part of a batch under `jax.shard_map` or `jax.pmap`, and gives what one
    device gives for all of it: gradients and metrics are averaged over the axis, in one all-reduce, and the enhanced
    target's four sums in another.
    """
    network = FusionNetwork(config.model, jnp.dtype(config.dtype))
    transform = optimizer(config, phase)
    crop = config.data.crop
    teacher = weights.load(config.teacher) if phase == 2 and config.fusion_target == "teacher" else None

    def contrast_loss(key: jax.Array, *images: jax.Array) -> losses.ContrastLoss:
        # A key an image: which pixel pairs are drawn does not depend on how a batch is spread over devices.
        n = images[0].shape[0]
        first = 0 if axis_name is None else n * jax.lax.axis_index(axis_name)
        keys = jax.vmap(partial(jax.random.fold_in, key))(first + jnp.arange(n))
        of_one = partial(losses.contrast_loss, pairs=config.contrast_pairs)
        terms = jax.vmap(of_one)(keys, *(image[:, None] for image in images))
        return losses.ContrastLoss(*(term.mean() for term in terms))

    def enhanced_target(output: FusionOutput, ir: jax.Array, vis: jax.Array) -> jax.Array:
        # Pixels of a batch that show sources of one scale get one sharpening, the mean of what its images need: a
        # network can learn how much a scale asks for, but not how noisy the sources were that it never sees.
        enhancement = losses.Enhancement(config.contrast_gain, config.sharpness)
        base = jax.lax.stop_gradient(select_by_magnitude(output.ir, output.vis))
        is_ir = base == output.ir
        sums = []
        for where in (is_ir, ~is_ir):
            share = where.mean(axis=(1, 2, 3))
            needed = losses.sharpening_for(enhancement, base, ir, vis, where)
            sums.append(jnp.stack([(share * needed).sum(), share.sum()]))
        both = jnp.stack(sums) if axis_name is None else jax.lax.psum(jnp.stack(sums), axis_name)
        of_ir, of_vis = both[:, 0] / jnp.maximum(both[:, 1], 1e-6)
        return losses.enhanced(base, config.contrast_gain, jnp.where(is_ir, of_ir, of_vis))

    def objective(
        output: FusionOutput, taught: jax.Array | None, ir: jax.Array, vis: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, Metrics]:
        total = losses.pixel_loss(output, ir, vis)
        metrics = {
            "sr": losses.sr_loss(output, ir, vis),
            "fusion": losses.fusion_loss(output.fused, ir, vis),
        }
        if phase == 2 and config.fusion_target != "sources":
            target = enhanced_target(output, ir, vis) if taught is None else taught
            metrics["fusion"] = losses.mean_absolute_error(output.fused, target)
            total = metrics["sr"] + metrics["fusion"]
        elif phase == 2:
            terms = contrast_loss(key, output.fused, ir, vis)
            total = losses.total_loss(total, terms, config.contrast_weight)
            metrics |= {"deviation": terms.deviation, "contrast": terms.contrast}
        return total, metrics | {"loss": total}

    def step(state: State, batch: Batch, canvases: Canvases) -> tuple[State, Metrics]:
        key, key_whole = jax.random.split(jax.random.fold_in(jax.random.key(config.seed), state.step))
        sources = jnp.asarray(batch.ir), jnp.asarray(batch.vis)
        truth_ir, truth_vis = (jnp.float32(image[:, :crop, :crop]) / 255 for image in sources)
        numerators = [jnp.asarray(batch.numerators)[i] for i in range(2)]
        small = [degrade(*each) for each in zip(sources, canvases, numerators, strict=True)]
        low = [jnp.float32(image) / 255 for image in small]
        whole = jax.random.bernoulli(key_whole, shape=(2,))
        of_each = zip(canvases, numerators, whole, strict=True)
        placements = tuple(canvas.placement(crop, *each) for canvas, *each in of_each)
        trained, frozen = split(state.params, phase)
        taught = None
        if teacher is not None:
            model = FusionNetwork(teacher.config, network.dtype)
            made: Any = model.apply({"params": teacher.params}, *low, size=(crop, crop), placements=placements)
            taught = jnp.clip(made.fused, 0, 1)

        def loss(trained: Params) -> tuple[jax.Array, Metrics]:
            variables = {"params": merge(trained, frozen)}
            branches: Any = network.apply(variables, *low, size=(crop, crop), placements=placements, method="branches")
            images = [branch.image for branch in branches]
            if not config.fusion_trains_branches:
                branches = jax.lax.stop_gradient(branches)
            output: Any = network.apply(variables, *branches, method="fuse")
            output = FusionOutput(output.fused, *images)
            return objective(output, taught, truth_ir, truth_vis, key)

        # Only the trained sub-tree is differentiated: in phase two nothing goes back through the SR branches.
        gradients, metrics = jax.grad(loss, has_aux=True)(trained)
        if axis_name is not None:
            flat, unflatten = ravel_pytree((gradients, metrics))  # one array, so one all-reduce
            gradients, metrics = unflatten(jax.lax.pmean(flat, axis_name))
        metrics = metrics | {"gradient_norm": optax.tree.norm(gradients)}
        with_zeros = merge(gradients, jax.tree.map(jnp.zeros_like, frozen))
        updates, opt_state = transform.update(with_zeros, state.opt_state, state.params)
        # Frozen leaves are passed on as they are, bit for bit, not as themselves plus zero.
        updated = optax.apply_updates(trained, split(updates, phase)[0])
        average = state.average
        if average is not None and config.ema_decay is not None:
            is_update = (state.step + 1) % config.accumulate == 0
            share = jnp.where(is_update, 1 - config.ema_decay, 0.0)
            moved, still = split(average, phase)
            average = merge(optax.incremental_update(updated, moved, share), still)
        return State(merge(updated, frozen), average, opt_state, state.step + 1), metrics

    return step
