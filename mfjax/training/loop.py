"""A complete run: both phases, progress, checkpoints, and the trained model as a weights file."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import filelock
import jax
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from mfjax import jaxlib_releases, weights
from mfjax.data.degradation import canvas_for, canvases
from mfjax.data.pipeline import batches, training_pairs
from mfjax.errors import MfjaxError
from mfjax.training import devices, history
from mfjax.training.checkpoints import Checkpoints
from mfjax.training.config import TrainConfig
from mfjax.training.phases import Phase
from mfjax.training.step import State, begin_phase_two, best_params, initial_state
from mfjax.training.stopping import StopRequest, StopRequestedError
from mfjax.training.watch import Watch


def train(config: TrainConfig, workdir: Path, *, accept_changes: bool = False) -> Path:
    """Trains a model and returns the path of its weights, `workdir/model.safetensors`.

    A run continues from the newest checkpoint in `workdir`, if there is one, and ends with the parameters of a run that
    was never interrupted, bit for bit. Losses go to `workdir/log.jsonl` and, for TensorBoard, to `workdir/tensorboard`;
    the weights after phase one are kept as `workdir/phase_1.safetensors`.

    It uses all devices of the process, or of all processes if `jax.distributed.initialize` was called; these share
    `workdir`, and the first of them writes everything but the checkpoints.

    Args:
        config: the recipe.
        workdir: folder of the run, made if it is missing.
        accept_changes: continue from a checkpoint of another recipe, and record the change; an error by default.

    Raises:
        MfjaxError: there is no training data, the devices can't share a batch, the checkpoints in `workdir` don't fit
            the recipe, another run uses the folder, or jaxlib is a release that computes wrong results on CPUs.
        FloatingPointError: the loss or its gradient is not a finite number.
        OSError: the disk is full, or a model that the target needs is not there.
        StopRequestedError: SIGTERM or Ctrl-C came; the state is saved.
    """
    if (model := config.target.taught_by()) is not None and config.phase_two_steps:
        weights.find(model)  # reports now, not after phase one, that it is not there
    jaxlib_releases.check()
    training_pairs(config.data)  # reports now that there is nothing to train on
    mesh = devices.batch_mesh(config.data.batch)
    with _made(workdir), _locked(workdir), closing(Checkpoints(workdir / "checkpoints")) as checkpoints:
        history.check(workdir, config, checkpoints.newest() or 0, accept_changes=accept_changes)
        start, state = _newest_state(config, checkpoints, mesh)
        data = batches(config.data, config.seed, start=start, part=jax.process_index(), parts=jax.process_count())
        available = canvases(config.data.crop, *config.data.scales)
        with closing(data), Watch(config, workdir, start) as watch, StopRequest() as stop:
            for phase, first, last in _phases(config):
                if phase == 2 and start <= first:
                    if first:
                        _export(config, state, workdir, "phase_1.safetensors")
                    state = devices.replicate(begin_phase_two(config, state), mesh)
                if max(start, first) >= last:
                    continue
                watch.begin(phase, max(start, first), last)
                update = devices.parallel_step(config, phase, mesh)
                for step in range(max(start, first) + 1, last + 1):
                    batch = next(data)
                    if step == start + 1 and jax.process_index() == 0:  # there is data, so there will be checkpoints
                        history.append(workdir, config, start)
                    chosen = tuple(canvas_for(int(n), available) for n in batch.numerators)
                    state, metrics = update(state, devices.spread(batch, mesh), chosen)
                    watch.show(step, metrics, state)
                    stopping = stop.requested(step)
                    if step % config.checkpoint_every == 0 or step == last or stopping:
                        watch.settle()  # only a state that is known to be finite is saved
                        checkpoints.save(step, state)
                    if stopping:
                        checkpoints.wait()
                        raise StopRequestedError(f"stopped after step {step}; the same command goes on", stop.number)
        checkpoints.wait()
        return _export(config, state, workdir, "model.safetensors")


@contextmanager
def _made(workdir: Path) -> Iterator[None]:
    """Makes a run's folder, and removes it again if the run ends before it has data to train on."""
    is_new = not workdir.exists() and jax.process_index() == 0
    workdir.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if is_new and not (workdir / history.FILE).exists():
            shutil.rmtree(workdir, ignore_errors=True)
        raise


@contextmanager
def _locked(workdir: Path) -> Iterator[None]:
    """Keeps a second run out of a folder.

    Raises:
        MfjaxError: another run uses it.
    """
    if jax.process_index() > 0:  # the first process of a run stands for all
        yield
        return
    try:
        with filelock.FileLock(workdir / ".lock", timeout=0):
            yield
    except filelock.Timeout:
        raise MfjaxError(f"another run works in {workdir}; wait for it, or choose another workdir") from None


def _newest_state(config: TrainConfig, checkpoints: Checkpoints, mesh: Mesh) -> tuple[int, State]:
    """Returns the step to continue from and its state: those of the newest complete checkpoint, or the start."""
    # How a run resumes: 1. the phase follows from the step; 2. its optimiser gives the state's structure;
    # 3. batches and random numbers are functions of seed and step.
    while step := checkpoints.newest():
        like = initial_state(replace(config, start_from=None))
        if step > config.phase_one_steps:
            like = begin_phase_two(config, like)
        try:
            return step, checkpoints.restore(step, devices.replicate(like, mesh))
        except Exception as error:  # of many kinds, and some are nothing but Exception
            checkpoints.set_aside(step, error)
    return 0, devices.replicate(initial_state(config), mesh)


def _phases(config: TrainConfig) -> list[tuple[Phase, int, int]]:
    """Returns each phase with the steps at which it starts and ends."""
    return [(1, 0, config.phase_one_steps), (2, config.phase_one_steps, config.steps)]


def _export(config: TrainConfig, state: State, workdir: Path, name: str) -> Path:
    """Writes the parameters, the architecture and the training history to a weights file, and returns its path."""
    if jax.process_index() == 0:
        history.export(workdir / name, config, jax.device_get(best_params(state)), int(state.step))
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)  # nobody looks for a file that isn't there yet
    return workdir / name
