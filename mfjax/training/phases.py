"""Selects the parameters that each phase trains (Section III.E), by one labelling of the parameter tree.

Phase one trains everything. Phase two freezes everything that the super-resolution branches use and trains the fusion
branch: dual attention, fusion convolutions, the fused image's reconstruction. A phase one of super-resolution only
freezes that branch instead.
"""

from typing import Any, Literal

import jax
import optax

from mfjax.training.config import PhaseOne, TrainConfig

Phase = Literal[1, 2]
Params = dict[str, Any]


def trainable(params: Params, phase: Phase, phase_one: PhaseOne = "paper") -> Params:
    """Returns a tree of booleans like `params`: true for each parameter that the phase trains.

    Args:
        params: nested parameters of the network.
        phase: 1 or 2.
        phase_one: losses of phase one (`TrainConfig.phase_one`).
    """

    def label(branch: str, tree: Params) -> Params:
        trained = phase_one != "super-resolution" or branch != "fusion" if phase == 1 else branch == "fusion"
        return jax.tree.map(lambda _: trained, tree)

    return {branch: label(branch, tree) for branch, tree in params.items()}


def split(params: Params, phase: Phase, phase_one: PhaseOne = "paper") -> tuple[Params, Params]:
    """Returns trained and frozen parameters, each a tree like `params` with None in place of the others.

    Args:
        params: all parameters of the network.
        phase: 1 or 2.
        phase_one: losses of phase one (`TrainConfig.phase_one`).
    """
    mask = trainable(params, phase, phase_one)
    return (
        jax.tree.map(lambda train, p: p if train else None, mask, params),
        jax.tree.map(lambda train, p: None if train else p, mask, params),
    )


def merge(trained: Params, frozen: Params) -> Params:
    """Returns the tree that `split` took apart.

    Args:
        trained: a tree with None in place of frozen parameters.
        frozen: a tree with None in place of trained parameters.
    """
    return jax.tree.map(lambda a, b: b if a is None else a, trained, frozen, is_leaf=lambda x: x is None)


def optimizer(config: TrainConfig, phase: Phase) -> optax.GradientTransformation:
    """Returns Adam for the parameters that the phase trains; frozen ones have no moments and get zero updates.

    In phase one it keeps moments for all parameters, whatever the losses train, so that a run can change these midway.

    Args:
        config: the recipe.
        phase: 1 or 2.
    """
    rate = config.learning_rate
    if phase == 2 and config.phase_two_learning_rate is not None:
        rate = config.phase_two_learning_rate
    steps = (config.phase_one_steps if phase == 1 else config.phase_two_steps) // config.accumulate
    warmup = config.warmup_steps // config.accumulate if phase == 1 else 0
    schedules = [
        optax.linear_schedule(0.0, rate, warmup),
        optax.cosine_decay_schedule(rate, max(1, steps - warmup), alpha=0.01)
        if config.schedule == "cosine"
        else optax.constant_schedule(rate),
    ]
    adam = optax.adam(optax.join_schedules(schedules, [warmup]) if warmup else schedules[1])
    clip = optax.identity() if config.clip_norm is None else optax.clip_by_global_norm(config.clip_norm)
    labels = {True: optax.chain(clip, adam), False: optax.set_to_zero()}
    partition = optax.partition(labels, lambda params: trainable(params, phase))
    return (
        partition
        if config.accumulate == 1
        else optax.MultiSteps(partition, config.accumulate).gradient_transformation()
    )
