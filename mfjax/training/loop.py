"""A whole run: both phases, progress, checkpoints, and the trained model as a weights file."""

import dataclasses
import json
import logging
from pathlib import Path
from typing import TextIO

import jax
import tqdm

import mfjax
from mfjax import weights
from mfjax.data.degradation import canvas_for, canvases
from mfjax.data.pipeline import batches
from mfjax.training.checkpoints import Checkpoints
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Phase
from mfjax.training.step import Metrics, State, begin_phase_two, initial_state, make_step

LOG_EVERY = 20  # steps; fetching metrics waits for the device, so not every step

_log = logging.getLogger("mfjax")


def train(config: TrainConfig, workdir: Path) -> Path:
    """Trains a model and returns the path of its weights, `workdir/model.safetensors`.

    Goes on from the newest checkpoint in `workdir`, if there is one. Losses go to `workdir/log.jsonl`, a line each
    `LOG_EVERY` steps; weights are exported at the end of each phase.

    Raises:
        ValueError: no training data, or the checkpoint in `workdir` is of another model.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    _claim(workdir, config)
    checkpoints = Checkpoints(workdir / "checkpoints")
    # How a run resumes: 1. the phase follows from the step; 2. its optimiser gives the state's structure;
    # 3. batches and random numbers are functions of seed and step.
    start = checkpoints.newest() or 0
    state = initial_state(config)
    if start > config.phase_one_steps:
        state = begin_phase_two(config, state)
    if start:
        _log.info("going on from step %d in %s", start, workdir)
        state = checkpoints.restore(start, state)
    data = batches(config.data, config.seed, start=start)
    try:
        with (workdir / "log.jsonl").open("a") as log:
            for phase, first, last in _phases(config):
                if start >= last:
                    continue
                if phase == 2 and start <= first:
                    state = begin_phase_two(config, state)
                progress = _Progress(config, phase, max(start, first), last, log)
                update = jax.jit(make_step(config, phase), static_argnums=2, donate_argnums=0)
                available = canvases(config.data.crop, *config.data.scales)
                for step in range(max(start, first) + 1, last + 1):
                    batch = next(data)
                    chosen = tuple(canvas_for(int(n), available) for n in batch.numerators)
                    state, metrics = update(state, batch, chosen)
                    progress.show(step, metrics)
                    if step % config.checkpoint_every == 0 or step == last:
                        checkpoints.save(step, state)
                progress.close()
                export(config, state, workdir / f"phase_{phase}.safetensors")
    finally:
        checkpoints.close()
    path = workdir / "model.safetensors"
    export(config, state, path)
    return path


def _phases(config: TrainConfig) -> list[tuple[Phase, int, int]]:
    """Each phase with the steps at which it starts and ends."""
    return [(1, 0, config.phase_one_steps), (2, config.phase_one_steps, config.steps)]


def _claim(workdir: Path, config: TrainConfig) -> None:
    """Notes in the folder which model its checkpoints are of, or refuses one that holds another's."""
    note, model = workdir / "model.json", dataclasses.asdict(config.model)
    if not note.exists():
        note.write_text(json.dumps(model))
    there = json.loads(note.read_text())
    if different := [
        f"{name} {there.get(name)} there, {model[name]} here" for name in model if there.get(name) != model[name]
    ]:
        raise ValueError(f"{workdir} has checkpoints of another model: {'; '.join(different)}; choose another workdir")


def export(config: TrainConfig, state: State, path: Path) -> None:
    """Writes the parameters with the model's configuration and how it was trained as a weights file."""
    trained = {
        "mfjax": mfjax.__version__,
        "steps": str(int(state.step)),
        "recipe": json.dumps(dataclasses.asdict(config) | {"data": _without_paths(config)}),
    }
    weights.save(path, config.model, jax.device_get(state.params), trained)


def _without_paths(config: TrainConfig) -> dict:
    data = dataclasses.asdict(config.data)
    return data | {"roots": [Path(root).name for root in config.data.roots]}


class _Progress:
    """The progress bar and the log of one phase."""

    def __init__(self, config: TrainConfig, phase: Phase, start: int, last: int, log: TextIO):
        self.images, self.phase, self.log = config.data.batch, phase, log
        self.bar = tqdm.tqdm(total=last, initial=start, desc=f"phase {phase}", unit="step", dynamic_ncols=True)

    def show(self, step: int, metrics: Metrics) -> None:
        self.bar.update()
        if step % LOG_EVERY and step != self.bar.total:
            return
        values = {name: float(value) for name, value in jax.device_get(metrics).items()}
        rate = (self.bar.format_dict["rate"] or 0) * self.images
        self.bar.set_postfix_str(f"loss {values['loss']:.4f}, {rate:.1f} images/s")
        self.log.write(json.dumps({"step": step, "phase": self.phase} | values) + "\n")
        self.log.flush()

    def close(self) -> None:
        self.bar.close()
