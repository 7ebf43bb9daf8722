"""Describes a run before it starts: parameters, phases, programs, memory, and by its first batch data and time."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from mfjax.data.degradation import canvases, crop_with_margin
from mfjax.data.pipeline import Batch, batches, training_pairs, validation_pairs
from mfjax.data.selection import open_sources
from mfjax.training.config import TrainConfig
from mfjax.training.devices import AXIS, batch_mesh, parallel_step, replicate, spread
from mfjax.training.phases import Phase, split
from mfjax.training.step import State, begin_phase_two, initial_state

DEPTH = 3  # of the module names in the table of parameters


def describe(config: TrainConfig) -> str:
    """Returns tables of parameters and phases, the programs to compile, memory, training data and time, as text.

    It compiles the largest training step to learn what XLA plans to use. Where training data are named, it reads a
    batch and takes two steps of each phase, of which the second is timed.

    Args:
        config: the recipe.

    Raises:
        MfjaxError: training data are named and there are none, or they don't suit the recipe.
    """
    state = _state(config, 1)
    parts = [_parameters(state), _phases(config, state), _programs(config), _memory(config)]
    if config.data.roots:
        parts.append(f"{_data(config)}\n{_time(config)}")
    else:
        parts.append("data: no folders are named (--data.roots DIR), so there is nothing to look at and to time")
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


def _data(config: TrainConfig) -> str:
    """Returns a line with the numbers of pairs to train on, by their folders, and to validate on."""
    sources = training_pairs(config.data)
    listed = ", ".join(f"{len(source):,} of {source.name}" for source in sources)
    text = f"data: {sum(map(len, sources)):,} pairs to train on ({listed})"
    if config.validation.every:
        held_out = open_sources(config.validation.roots) if config.validation.roots else validation_pairs(config.data)
        text += f", {sum(map(len, held_out)):,} to validate on"
    return text


def _time(config: TrainConfig) -> str:
    """Returns a line with the time of a step of each phase at its largest, and of all steps on this machine."""
    mesh = batch_mesh(config.data.batch)
    with closing(batches(config.data, config.seed)) as data:
        batch = next(data)
    largest = canvases(config.data.crop, *config.data.scales)[0]
    batch = batch._replace(numerators=np.full(2, config.data.scales[0], np.int32))
    state, told, total = initial_state(config), [], 0.0
    for phase, steps in _steps(config).items():
        if not steps:
            continue
        state = begin_phase_two(config, state) if phase == 2 else state
        update, state = parallel_step(config, phase, mesh), replicate(state, mesh)
        seconds = 0.0
        for _ in range(2):  # the first one compiles
            begin = time.monotonic()
            state, metrics = update(state, spread(batch, mesh), (largest, largest))
            jax.block_until_ready(metrics)
            seconds = time.monotonic() - begin
        state = jax.device_get(state)
        told.append(f"{seconds:.2g} s a step of phase {phase}")
        total += seconds * steps
    return f"time: {' and '.join(told)} at the smallest scales, so at most {_duration(total)} on this machine"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


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
