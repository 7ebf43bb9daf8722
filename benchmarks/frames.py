"""Frames a second of video: infrared 240×320 and visible 480×640 to 480×640.

    python benchmarks/frames.py [--models small default] [--seconds 5]

Random frames go through a `Fuser`'s call, as in a program that reads two cameras, by the default engine: gray and in
colour, in float32 and in bfloat16, where the processor computes in it. Run it on an idle machine.
"""

import time

import numpy as np
import tyro

import mfjax
from mfjax.inference.engines import Engine, Precision

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def main(*, models: tuple[str, ...] = ("small", "default"), engine: Engine = "auto", seconds: float = 5) -> None:
    """Prints a row for each model and precision.

    Args:
        models: Bundled models or weights files.
        engine: The engine that runs the model.
        seconds: Time to run each for.
    """
    rng = np.random.default_rng(0)
    irs, viss = (rng.integers(0, 256, (8, *size), dtype=np.uint8) for size in ((240, 320), (480, 640, 3)))
    print("| model | precision | gray, frames/s | colour, frames/s |\n|---|---|---|---|")
    for model in models:
        for precision in PRECISIONS:
            fuser = mfjax.load(model, engine=engine, precision=precision)
            rates = [_rate(fuser, irs, visible, seconds) for visible in (viss[..., 0], viss)]
            print(f"| {model} | {precision} | {rates[0]:.1f} | {rates[1]:.1f} |")


def _rate(fuser: mfjax.Fuser, irs: np.ndarray, viss: np.ndarray, seconds: float) -> float:
    for ir, vis in zip(irs, viss, strict=True):  # compiles, and once more when the sizes make a stream
        fuser(ir, vis)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        fuser(irs[count % len(irs)], viss[count % len(viss)])
        count += 1
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    tyro.cli(main)
