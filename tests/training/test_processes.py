"""Runs as processes of their own: killed at random moments, and two of them together."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest

from mfjax import weights

KILLS = max(1, int(os.environ.get("MFJAX_KILLS", "1")))  # of the run; the more, the longer the run
STEPS = 16 * (KILLS + 1)  # so that a full disk is met by a checkpoint, long before the log is written
EVERY = 4  # steps between checkpoints

RECIPE = """
from mfjax.training import DataConfig, ModelConfig, Sources, TrainConfig

config = TrainConfig(
    model={model!r},
    data=DataConfig(roots=({root!r},), crop=8, batch=8, scales=(20, 20)),
    phase_one_steps=0,  # its program takes twice as long to compile; `test_loop` stops runs in both phases
    phase_two_steps={steps},
    target=Sources(contrast_pairs=16),
    ema_decay=0.9,
    checkpoint_every={every},
)
"""


# `mfjax train`, on a disk that is full once there is a checkpoint.
FULL_DISK = """
import resource
import sys
from pathlib import Path

from mfjax.cli import main
from mfjax.training import loop

checkpoints = Path(sys.argv[-1], "checkpoints")
show = loop.Watch.show


def fill(self, step, metrics, state):
    show(self, step, metrics, state)
    if any(path.name.isdigit() for path in checkpoints.iterdir()):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can grow


loop.Watch.show = fill
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def recipe(smallest_config, tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for modality in ("ir", "vis"):
        (root / modality).mkdir()
        for i in range(2):
            cv2.imwrite(str(root / modality / f"{i}.png"), rng.integers(0, 256, (32, 40), dtype=np.uint8))
    path = root / "recipe.py"
    path.write_text(RECIPE.format(model=smallest_config, root=str(root), steps=STEPS, every=EVERY))
    return path


def start(recipe, workdir, *flags, devices, program=("-m", "mfjax"), stderr=None):
    """Starts `mfjax train` in a process of its own."""
    command = [sys.executable, *program, "train", "--config", str(recipe), "--workdir", str(workdir), *flags]
    count = f"--xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} {count}"}  # of two counts the last holds
    with (recipe.parent / "errors").open("a") as errors:  # not a pipe, which would have to be read
        return subprocess.Popen(command, env=environment, stderr=stderr or errors, text=True)


def finish(recipe, *processes, code=0):
    for process in processes:
        assert process.wait(timeout=240) == code, (recipe.parent / "errors").read_text()[-2000:]


@pytest.fixture(scope="module")
def expected(recipe, tmp_path_factory):
    """The parameters with which an unbroken run ends."""
    workdir = tmp_path_factory.mktemp("unbroken")
    finish(recipe, start(recipe, workdir, devices=2))
    return weights.load(workdir / "model.safetensors").params


def newest(workdir: Path) -> int:
    folder = workdir / "checkpoints"
    return max((int(path.name) for path in folder.glob("*") if path.name.isdigit()), default=0)


def test_killed_run_with_a_damaged_checkpoint_and_a_full_disk_ends_bit_identical_to_an_unbroken_one(
    recipe, expected, tmp_path
):
    # One run meets every trouble in turn, because a start costs more than its steps.
    kill_at_random_moments(recipe, tmp_path)
    damaged, folder = damage_newest_checkpoint(tmp_path), tmp_path / "checkpoints"
    said = stop_on_a_full_disk(recipe, tmp_path)
    aside = f"warning: the checkpoint of step {damaged} can't be read and is now {folder}/{damaged}.damaged"
    assert f"{aside}: going on from step {damaged - EVERY}" in said
    step = newest(tmp_path)
    assert 0 < step < STEPS
    assert f"no checkpoint could be written to {folder}, the newest whole one is of step {step}" in said
    finish(recipe, start(recipe, tmp_path, devices=2))
    assert not (folder / f"{step}.damaged").exists()
    jax.tree.map(np.testing.assert_array_equal, weights.load(tmp_path / "model.safetensors").params, expected)


def kill_at_random_moments(recipe, workdir):
    """Kills a run KILLS times, each time after it has written two checkpoints more."""
    moments = random.Random(0)
    for _ in range(KILLS):
        before, process = newest(workdir), start(recipe, workdir, devices=2)
        while newest(workdir) < before + 2 * EVERY and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.2))  # about as long as a checkpoint takes
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, (recipe.parent / "errors").read_text()[-2000:]


def damage_newest_checkpoint(workdir) -> int:
    """Empties the files of the newest checkpoint, and returns its step."""
    step = newest(workdir)
    files = [path for path in (workdir / "checkpoints" / f"{step}").rglob("d/*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(b"")
    return step


def stop_on_a_full_disk(recipe, workdir) -> str:
    """Goes on with a run until the disk is full, and returns what it said."""
    # Errors do not go to a file, which would be full.
    process = start(recipe, workdir, devices=2, program=("-c", FULL_DISK), stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 2, said[-2000:]
    return said


def test_two_processes_stop_together_go_on_and_give_what_one_gives_with_as_many_devices(recipe, expected, tmp_path):
    processes = start_two(recipe, tmp_path)
    while newest(tmp_path) == 0 and all(process.poll() is None for process in processes):
        time.sleep(0.01)
    processes[1].send_signal(signal.SIGINT)  # to one of them only, which passes it on as SIGTERM
    finish(recipe, *processes, code=128 + signal.SIGTERM)
    assert 0 < newest(tmp_path) < STEPS
    finish(recipe, *start_two(recipe, tmp_path))
    together = weights.load(tmp_path / "model.safetensors").params
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), together, expected)


def start_two(recipe, workdir):
    """Starts two processes of one job that meet on the loopback address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [start(recipe, workdir, "--distributed", f"{address},2,{i}", devices=1) for i in range(2)]
