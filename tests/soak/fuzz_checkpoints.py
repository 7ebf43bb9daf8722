"""Damages files of a run's newest checkpoint at random, and looks at what the next run goes on from.

    python tests/soak/fuzz_checkpoints.py --cases 1000 --seed 0

A run must go on from the damaged state as it was saved, or set it aside in one line and go on from the one before: with
no other values, no other exception, in no more than ten seconds. A case takes a tenth of a second.
"""

import argparse
import logging
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.training.checkpoints import Checkpoints
from mfjax.training.step import State

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_files import SECONDS, damaged_bytes

STEPS = 3, 5


def state(step: int) -> State:
    """Returns a small state whose values tell its step."""
    params = {name: np.random.default_rng(step).normal(step, 1, (40, 30)).astype(np.float32) for name in "abc"}
    moments = {"m": np.full(1000, step, np.float32)}
    return jax.tree.map(jnp.asarray, State(params, None, moments, np.array(step, np.int32)))


def damage(folder: Path, rng: random.Random) -> str:
    """Damages a file of a checkpoint, and returns its name and how."""
    path = rng.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    how = rng.choice(["bytes", "bytes", "flip", "flip", "zeros", "gone", "empty"])
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
        return f"{path.name}: gone"
    if how == "bytes":
        data = bytearray(damaged_bytes(bytes(data), rng))
    elif how == "empty":
        data.clear()
    elif data:
        at = rng.randrange(len(data))
        if how == "flip":
            data[at] ^= 1 << rng.randrange(8)
        else:
            data[at : at + 64] = bytes(len(data[at : at + 64]))
    path.write_bytes(data)
    return f"{path.relative_to(folder)}: {how}"


def outcome(folder: Path) -> str:
    """Returns from which state a run goes on, or what was wrong with it."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        with closing(Checkpoints(folder)) as checkpoints:
            while step := checkpoints.newest():  # as training.loop does
                try:
                    found = checkpoints.restore(step, state(0))
                except TimeoutError:
                    raise
                except Exception as error:
                    checkpoints.set_aside(step, error)
                    continue
                same = jax.tree.map(np.array_equal, found, state(step))
                return f"from step {step}" if all(jax.tree.leaves(same)) else f"other values at step {step}"
        return "no state"
    except Exception as error:  # what this looks for
        return f"{type(error).__name__}: {error!s:.200}"
    finally:
        signal.alarm(0)


def main() -> int:
    """Damages checkpoints, prints the counts, and returns 1 if a case failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.getLogger("mfjax").setLevel(logging.ERROR)
    logging.getLogger("absl").disabled = True  # as the command line does
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        whole, folder = Path(place) / "whole", Path(place) / "damaged"
        with closing(Checkpoints(whole)) as checkpoints:
            for step in STEPS:
                checkpoints.save(step, state(step))
            checkpoints.wait()
        for number in range(options.cases):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(whole, folder)
            rng = random.Random(f"{options.seed} {number}")
            what = damage(folder if rng.random() < 0.05 else folder / str(STEPS[-1]), rng)
            met = outcome(folder)
            counts[met] += 1
            if not met.startswith("from step"):
                print(f"case {number}: {what}: {met}", flush=True)
    print(f"{options.cases:,} cases, {dict(counts)}")
    return 0 if all(met.startswith("from step") for met in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
