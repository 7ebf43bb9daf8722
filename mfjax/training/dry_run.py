"""Describes a run before it starts, without data and training: parameters, phases, programs, memory."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from mfjax.data.degradation import canvases, crop_with_margin
from mfjax.data.pipeline import Batch
from mfjax.training.config import TrainConfig
from mfjax.training.devices import AXIS, batch_mesh, parallel_step
from mfjax.training.phases import Phase, split
from mfjax.training.step import State, begin_phase_two, initial_state

DEPTH = 3  # of the module names in the table of parameters


def describe(config: TrainConfig) -> str:
    """Returns tables of parameters and phases, the number of programs to compile, and the memory needed, as text.

    It compiles the largest training step to learn what XLA plans to use, and allocates nothing for it.

    Args:
        config: the recipe.
    """
    state = _state(config, 1)
    parts = [_parameters(state), _phases(config, state), _programs(config), _memory(config)]
    return "\n\n".join(parts)


def _state(config: TrainConfig, phase: Phase) -> State:
    """Returns the shapes and types of a phase's state."""
    plain = replace(config, start_from=None, ema_decay=None)
    state = jax.eval_shape(partial(initial_state, plain))
    if phase == 2:
        state = jax.eval_shape(partial(begin_phase_two, plain), state)
    return state if config.ema_decay is None else state._replace(average=state.params)


def _parameters(state: State) -> str:
    arrays, numbers = Counter[str](), Counter[str]()
    for path, leaf in jax.tree_util.tree_leaves_with_path(state.params):
        module = "/".join(key.key for key in path[:-1][:DEPTH])
        arrays[module] += 1
        numbers[module] += leaf.size
    rows = [(module, f"{arrays[module]}", f"{numbers[module]:,}") for module in arrays]
    total = ("total", f"{arrays.total()}", f"{numbers.total():,}")
    return _table([("module", "arrays", "parameters"), *rows, total])


def _phases(config: TrainConfig, state: State) -> str:
    rows = [("phase", "steps", "trained", "frozen", "programs")]
    for phase, steps in _steps(config).items():
        parts = split(state.params, phase, config.phase_one)
        trained, frozen = (sum(leaf.size for leaf in jax.tree.leaves(part)) for part in parts)
        rows.append((f"{phase}", f"{steps:,}", f"{trained:,}", f"{frozen:,}", f"{_step_programs(config, phase)}"))
    return _table(rows)


def _programs(config: TrainConfig) -> str:
    """Returns one line with the number of programs: training steps, validation and initial parameters."""
    steps = _steps(config)
    counts = {
        "training steps": sum(_step_programs(config, phase) for phase in steps),
        "validation": int(config.validation.every > 0),
        "initial parameters": int(config.start_from is None),
    }
    listed = ", ".join(f"{n} of {name}" for name, n in counts.items() if n)
    return f"programs to compile: {sum(counts.values())} ({listed})"


def _memory(config: TrainConfig) -> str:
    """Returns the bytes of the state, and of the largest step while it runs on each device, as text."""
    phases = [phase for phase, steps in _steps(config).items() if steps]
    phase = phases[0] if phases else 1
    state = _state(config, phase)
    held = {
        "parameters": _bytes(state.params),
        "their average": _bytes(state.average),
        "optimiser": _bytes(state.opt_state),
    }
    listed = ", ".join(f"{name} {_mebibytes(n)}" for name, n in held.items() if n)
    mesh = batch_mesh(config.data.batch)
    largest = canvases(config.data.crop, *config.data.scales)[0]  # the canvas of the smallest scale
    return (
        f"memory: state {_mebibytes(sum(held.values()))} ({listed})\n"
        f"memory: a step of phase {phase} at its largest, {config.data.batch // mesh.size} pairs of "
        f"{largest.size}x{largest.size}: {_mebibytes(_peak(config, phase, state, mesh))} on each device "
        f"({mesh.size} {mesh.devices.flat[0].platform}), as XLA plans it"
    )


def _peak(config: TrainConfig, phase: Phase, state: State, mesh: Mesh) -> int:
    """Returns the bytes that a device holds during the largest step: arguments, results and everything between."""
    available = canvases(config.data.crop, *config.data.scales)
    side = crop_with_margin(available)

    def on_mesh(leaf: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=NamedSharding(mesh, P()))

    image: Any = jax.ShapeDtypeStruct(
        (config.data.batch, side, side, 1), jnp.uint8, sharding=NamedSharding(mesh, P(AXIS))
    )
    numerators: Any = on_mesh(jax.ShapeDtypeStruct((2,), jnp.int32))
    step: Any = parallel_step(config, phase, mesh)
    compiled = step.lower(
        jax.tree.map(on_mesh, state), Batch(image, image, numerators), (available[0], available[0])
    ).compile()
    plan = compiled.memory_analysis()
    return (
        plan.argument_size_in_bytes
        + plan.output_size_in_bytes
        + plan.temp_size_in_bytes
        - plan.alias_size_in_bytes  # results that take the place of arguments
    )


def _steps(config: TrainConfig) -> dict[Phase, int]:
    return {1: config.phase_one_steps, 2: config.phase_two_steps}


def _step_programs(config: TrainConfig, phase: Phase) -> int:
    """Returns the number of programs of a phase's steps: one for each pair of canvases, and at most one a step."""
    pairs = len(canvases(config.data.crop, *config.data.scales)) ** 2
    return min(pairs, _steps(config)[phase])


def _bytes(tree: Any) -> int:
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Returns rows as text, in columns two spaces apart: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )
