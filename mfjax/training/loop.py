"""A whole run: both phases, progress, checkpoints, and the trained model as a weights file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import jax
import tqdm

from mfjax.data.degradation import canvas_for, canvases
from mfjax.data.pipeline import batches
from mfjax.training import history
from mfjax.training.checkpoints import Checkpoints
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Phase
from mfjax.training.step import Metrics, State, begin_phase_two, initial_state, make_step

LOG_EVERY = 20  # steps: fetching and writing metrics costs a little


def train(config: TrainConfig, workdir: Path) -> Path:
    """Trains a model and returns the path of its weights, `workdir/model.safetensors`.

    Goes on from the newest checkpoint in `workdir`, if there is one. Losses go to `workdir/log.jsonl`, a line each
    `LOG_EVERY` steps; the weights after phase one are kept as `workdir/phase_1.safetensors`.

    Raises:
        ValueError: there is no training data, or the checkpoints in `workdir` don't fit the configuration.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    checkpoints = Checkpoints(workdir / "checkpoints")
    # How a run resumes: 1. the phase follows from the step; 2. its optimiser gives the state's structure;
    # 3. batches and random numbers are functions of seed and step.
    start = checkpoints.newest() or 0
    history.check(workdir, config, start)
    state = initial_state(config if start == 0 else replace(config, start_from=None))
    if start > config.phase_one_steps:
        state = begin_phase_two(config, state)
    if start:
        print(f"going on from step {start} in {workdir}")
        state = checkpoints.restore(start, state)
    data = batches(config.data, config.seed, start=start)
    try:
        with (workdir / "log.jsonl").open("a") as log:
            for phase, first, last in _phases(config):
                if phase == 2 and start <= first:
                    if first:
                        _export(config, state, workdir, "phase_1.safetensors")
                    state = begin_phase_two(config, state)
                if max(start, first) >= last:
                    continue
                progress = _Progress(config, phase, max(start, first), last, log)
                update = jax.jit(make_step(config, phase), static_argnums=2, donate_argnums=0)
                available = canvases(config.data.crop, *config.data.scales)
                for step in range(max(start, first) + 1, last + 1):
                    batch = next(data)
                    if step == start + 1:  # there is data, so there will be checkpoints
                        history.append(workdir, config, start)
                    chosen = tuple(canvas_for(int(n), available) for n in batch.numerators)
                    state, metrics = update(state, batch, chosen)
                    progress.show(step, metrics)
                    if step % config.checkpoint_every == 0 or step == last:
                        checkpoints.save(step, state)
                progress.close()
    finally:
        checkpoints.close()
    return _export(config, state, workdir, "model.safetensors")


def _phases(config: TrainConfig) -> list[tuple[Phase, int, int]]:
    """Each phase with the steps at which it starts and ends."""
    return [(1, 0, config.phase_one_steps), (2, config.phase_one_steps, config.steps)]


def _export(config: TrainConfig, state: State, workdir: Path, name: str) -> Path:
    """Writes the parameters, with the architecture and how they were trained, as a weights file."""
    return history.export(workdir / name, config, jax.device_get(state.params), int(state.step))


class _Progress:
    """The progress bar and the log of one phase."""

    def __init__(self, config: TrainConfig, phase: Phase, start: int, last: int, log: TextIO):
        self.images, self.phase, self.log = config.data.batch, phase, log
        self.bar = tqdm.tqdm(total=last, initial=start, desc=f"phase {phase}", unit="step", dynamic_ncols=True)
        self.before: Metrics = {}

    def show(self, step: int, metrics: Metrics) -> None:
        """Counts a step, and now and then logs its metrics."""
        # Steps are handed to the device ahead of time. Waiting for the one before makes the times shown true and
        # leaves the device something to do.
        jax.block_until_ready(self.before)
        self.before = metrics
        self.bar.update()
        if step % LOG_EVERY and step != self.bar.total:
            return
        values = {name: float(value) for name, value in jax.device_get(metrics).items()}
        rate = (self.bar.format_dict["rate"] or 0) * self.images
        self.bar.set_postfix_str(f"loss {values['loss']:.4f}, {rate:.1f} images/s")
        self.log.write(json.dumps({"step": step, "phase": self.phase} | values) + "\n")
        self.log.flush()

    def close(self) -> None:
        """Leaves the finished bar on screen."""
        self.bar.close()
