"""One update of the parameters: a pure function for one device, or for one of several along a named axis."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from mfjax import losses, weights
from mfjax.data.degradation import Canvas, degrade
from mfjax.data.pipeline import Batch
from mfjax.model import FusionNetwork, FusionOutput
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Params, Phase, merge, optimizer, split

Metrics = dict[str, jax.Array]
Canvases = tuple[Canvas, Canvas]  # infrared, visible
Step = Callable[["State", Batch, Canvases], tuple["State", Metrics]]


class State(NamedTuple):
    """All that a step changes."""

    params: Params
    opt_state: Any
    step: jax.Array  # int32 scalar, counted over both phases


def initial_state(config: TrainConfig) -> State:
    """Parameters to start from, random by the configured seed or another model's, with an optimiser for phase one.

    Raises:
        ValueError: the model to start from is of another architecture.
    """
    if config.start_from is None:
        tiny = jnp.zeros((1, 8, 8, 1))
        init = jax.jit(partial(FusionNetwork(config.model).init, size=(8, 8)))  # without it every operation compiles
        params = init(jax.random.key(config.seed), tiny, tiny)["params"]
    else:
        there, params, _ = weights.load(config.start_from)
        if there != config.model:
            raise ValueError(f"{config.start_from} is {there}, but the model to train is {config.model}")
        params = jax.tree.map(jnp.asarray, params)
    return State(params, optimizer(config, 1).init(params), jnp.zeros((), jnp.int32))


def begin_phase_two(config: TrainConfig, state: State) -> State:
    """The same parameters with a fresh optimiser for phase two."""
    return state._replace(opt_state=optimizer(config, 2).init(state.params))


def make_step(config: TrainConfig, phase: Phase, *, axis_name: str | None = None) -> Step:
    """The function that takes a state, a batch and two static canvases to the next state and the step's metrics.

    With `axis_name` it runs on each device's part of a batch under `jax.shard_map` or `jax.pmap`: gradients and
    metrics are averaged over the axis.
    """
    network = FusionNetwork(config.model)
    transform = optimizer(config, phase)
    crop = config.data.crop

    def objective(output: FusionOutput, ir: jax.Array, vis: jax.Array, key: jax.Array) -> tuple[jax.Array, Metrics]:
        total = losses.pixel_loss(output, ir, vis)
        metrics = {
            "sr": losses.sr_loss(output, ir, vis),
            "fusion": losses.fusion_loss(output.fused, ir, vis),
        }
        if phase == 2:
            terms = losses.contrast_loss(key, output.fused, ir, vis, pairs=config.contrast_pairs)
            total = losses.total_loss(total, terms, config.contrast_weight)
            metrics |= {"deviation": terms.deviation, "contrast": terms.contrast}
        return total, metrics | {"loss": total}

    def step(state: State, batch: Batch, canvases: Canvases) -> tuple[State, Metrics]:
        key, key_whole = jax.random.split(jax.random.fold_in(jax.random.key(config.seed), state.step))
        if axis_name is not None:  # pixel pairs differ from device to device, windows don't
            key = jax.random.fold_in(key, jax.lax.axis_index(axis_name))
        sources = [jnp.asarray(image, jnp.float32) / 255 for image in (batch.ir, batch.vis)]
        truth_ir, truth_vis = (image[:, :crop, :crop] for image in sources)
        numerators = [jnp.asarray(batch.numerators)[i] for i in range(2)]
        low = [degrade(*each) for each in zip(sources, canvases, numerators, strict=True)]
        whole = jax.random.bernoulli(key_whole, shape=(2,))
        window_ir, window_vis = (c.window(crop, n, w) for c, n, w in zip(canvases, numerators, whole, strict=True))
        trained, frozen = split(state.params, phase)

        def loss(trained: Params) -> tuple[jax.Array, Metrics]:
            variables = {"params": merge(trained, frozen)}
            windows = (window_ir, window_vis)
            branches: Any = network.apply(variables, *low, size=(crop, crop), windows=windows, method="branches")
            images = [branch.image for branch in branches]
            if not config.fusion_trains_branches:
                branches = jax.lax.stop_gradient(branches)
            output: Any = network.apply(variables, *branches, method="fuse")
            output = FusionOutput(output.fused, *images)
            return objective(output, truth_ir, truth_vis, key)

        # Only the trained sub-tree is differentiated: in phase two nothing goes back through the SR branches.
        gradients, metrics = jax.grad(loss, has_aux=True)(trained)
        if axis_name is not None:
            gradients, metrics = jax.lax.pmean((gradients, metrics), axis_name)
        metrics = metrics | {"gradient_norm": optax.tree.norm(gradients)}
        with_zeros = merge(gradients, jax.tree.map(jnp.zeros_like, frozen))
        updates, opt_state = transform.update(with_zeros, state.opt_state, state.params)
        # Frozen leaves are passed on as they are, bit for bit, not as themselves plus zero.
        updated = optax.apply_updates(trained, split(updates, phase)[0])
        return State(merge(updated, frozen), opt_state, state.step + 1), metrics

    return step
