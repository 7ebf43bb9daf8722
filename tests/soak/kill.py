"""Kills commands at random moments, and looks at what they leave.

    python tests/soak/kill.py --kills 50 --seed 0

Commands are killed by SIGKILL in `--kills` random moments each. Outputs must be whole or absent after each kill, and
the next run must complete and leave no temporary file. With `--signal SIGTERM` (or SIGHUP, SIGINT) a command must also
end with that signal's exit code, and say so in one line. A kill takes about 15 seconds on two cores.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mfjax import images, weights
from mfjax.data.sets.built import BuiltPairs, find_built
from mfjax.data.synthetic import write_folder

ROOT = Path(__file__).parents[2]
TEMPORARY = ".*.tmp", ".*.part.*", "incomplete.*", "*.orbax-checkpoint-tmp*"
SMALL = "--model.blocks 1 --model.compensations 0 --model.width 8 --model.growth 4 --model.features 4 --model.hidden 8"
STEPS = "--phase-one-steps 40 --phase-two-steps 0 --checkpoint-every 5 --validation.every 0"
CROPS = "--data.batch 1 --data.crop 16 --data.scales 10 10 --data.threads 1"
FRAMES = 60
SAID = {"SIGTERM": "ended by SIGTERM", "SIGHUP": "ended by SIGHUP", "SIGINT": "interrupted"}


class Command(NamedTuple):
    """A command to kill."""

    arguments: list[str]
    out: Path
    whole: Callable[[Path], object]
    """Raises an error if what the command left is not whole."""
    complete: Callable[[Path], None] = lambda out: None
    """Raises an error if what the next run left lacks something."""


def commands(place: Path) -> dict[str, Command]:
    """Returns the commands, whose sources and outputs are in a folder."""
    write_folder(place / "pairs", 6, 0, ir_size=(48, 64))
    pairs, small = str(place / "pairs"), ["--model", "small"]
    one = [str(place / "pairs" / kind / "00000.png") for kind in ("ir", "vis")]
    outs = {name: place / f"out_{name}" for name in ("fuse", "folder", "video", "export", "evaluate", "build", "train")}
    for kind in ("ir", "vis"):  # of a video
        (place / "frames" / kind).mkdir(parents=True)
        for number in range(FRAMES):
            shutil.copy(
                place / "pairs" / kind / f"{number // 5 % 6:05d}.png", place / "frames" / kind / f"{number:05d}.png"
            )
    frames = [str(place / "frames" / kind) for kind in ("ir", "vis")]
    video = ["video", *frames, "--out", str(outs["video"] / "a.mp4"), "--scale", "2", "--resume", *small]
    build = ["data", "build", "pair_folder", "--from", pairs, "--to", str(outs["build"])]
    export = ["export", str(outs["export"] / "a.onnx"), "--factors", "1", "1", *small]
    train = ["train", "--data.roots", pairs, "--workdir", str(outs["train"]), *f"{SMALL} {STEPS} {CROPS}".split()]
    return {
        "fuse": Command(["fuse", *one, "--out", str(outs["fuse"] / "a.png"), "--sr", *small], outs["fuse"], pictures),
        "folder": Command(["fuse", pairs, "--out", str(outs["folder"]), *small], outs["folder"], pictures),
        "video": Command(video, outs["video"], playable, all_frames),
        "export": Command(export, outs["export"], graph),
        "evaluate": Command(["evaluate", pairs, "--out", str(outs["evaluate"]), *small], outs["evaluate"], reports),
        "build": Command(build, outs["build"], data_set),
        "train": Command(train, outs["train"], run_folder),
    }


def pictures(out: Path) -> None:
    """Reads all pictures; of one pair, all three are there or none."""
    found = [images.read(path) for path in out.glob("*.png")]
    assert len(found) != 2 or out.name != "out_fuse"


def playable(out: Path) -> int:
    """Decodes the video, if it is there, and returns the number of its frames."""
    import av

    path = out / "a.mp4"
    if not path.exists():
        return 0
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def all_frames(out: Path) -> None:
    """Checks that the video has all frames."""
    assert playable(out) == FRAMES, f"{playable(out)} of {FRAMES} frames"


def graph(out: Path) -> None:
    """Reads the ONNX file."""
    import onnx

    for path in out.glob("*.onnx"):
        onnx.checker.check_model(str(path))


def reports(out: Path) -> None:
    """Checks that each report ends as it should."""
    ends = {"scores.csv": "\n", "table.md": "\n", "table.tex": "\n", "report.html": "</html>\n"}
    for name, end in ends.items():
        if (out / name).exists():
            assert (out / name).read_text(encoding="utf-8").rstrip().endswith(end.rstrip()), f"{name} is cut"


def data_set(out: Path) -> None:
    """Reads all pairs of the data set, if it is there."""
    if find_built(out / "pair_folder") is not None:
        assert len([*BuiltPairs(out / "pair_folder")]) == 6


def run_folder(out: Path) -> None:
    """Reads the weights files."""
    for path in out.glob("*.safetensors"):
        weights.load(path)


def start(command: Command) -> "subprocess.Popen[str]":
    """Starts a command."""
    command.out.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-m", "mfjax", *command.arguments]
    return subprocess.Popen(call, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def temporary(out: Path) -> Iterator[Path]:
    """Yields what is in a folder of temporary files."""
    for pattern in TEMPORARY:
        yield from out.rglob(pattern)


def trial(command: Command, moment: float, number: signal.Signals) -> str:
    """Kills a command after some seconds, runs it again, and returns what was wrong; empty if nothing was."""
    process = start(command)
    time.sleep(moment)
    process.send_signal(number)
    try:
        _, said = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        return "it went on for a minute"
    lines = said.splitlines()
    if number != signal.SIGKILL and process.returncode not in (0, -number):  # it was over, or had hardly begun
        expected = [f"error: {SAID[number.name]}"]
        stopped = process.returncode == 128 + number and lines[-1:] and "stopped after step" in lines[-1]
        if (process.returncode, lines) != (128 + number, expected) and not stopped:
            return f"exit code {process.returncode}, {lines[-3:]}"
        if left := [*temporary(command.out)]:
            return f"temporary files: {left}"
    try:
        command.whole(command.out)
    except Exception as error:  # whatever reading half a file raises
        return f"not whole: {error!r}"
    shutil.rmtree(command.out / "pair_folder" / "1.0.0", ignore_errors=True)  # a data set is not built over another
    again = start(command)
    _, said = again.communicate(timeout=300)
    if again.returncode != 0:
        return f"the next run: exit code {again.returncode}, {said[-300:]}"
    try:
        command.whole(command.out)
        command.complete(command.out)
    except Exception as error:
        return f"after the next run: {error!r}"
    if left := [*temporary(command.out)]:
        return f"temporary files after the next run: {left}"
    return ""


def main() -> int:
    """Kills each command at random moments, prints the counts, and returns 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5, help="number of kills of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signal", default="SIGKILL", choices=["SIGKILL", *SAID])
    parser.add_argument("--commands", nargs="*", help="by default all")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        for name, command in commands(Path(place)).items():
            if options.commands and name not in options.commands:
                continue
            begun = time.monotonic()
            assert start(command).wait() == 0
            whole = time.monotonic() - begun
            shutil.rmtree(command.out)
            rng, troubles = random.Random(f"{options.seed} {name}"), []
            for _ in range(options.kills):
                moment = rng.triangular(0.1, whole, whole)  # most of the work is done late, after imports
                if trouble := trial(command, moment, signal.Signals[options.signal]):
                    troubles.append(f"at {moment:.2f} s: {trouble}")
                shutil.rmtree(command.out)
            wrong += len(troubles)
            print(
                f"{name}: {options.kills} times {options.signal} within {whole:.1f} s, {len(troubles)} wrong",
                flush=True,
            )
            print(*(f"  {trouble}\n" for trouble in troubles), sep="", end="", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
