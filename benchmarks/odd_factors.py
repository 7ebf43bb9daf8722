"""Seconds to fuse to an odd size, with exact and with interpolated filters, against the nearest whole factor.

    python benchmarks/odd_factors.py [--models default small] [--engines openvino xla] [--calls 5]

Rendered scenes of 240×320 and 480×640 become 613×817. The nearest whole factor is the same pair at 480×640, and its
time is given for as many output pixels as 613×817 has. All take turns in one process, so that other load slows all
alike, and the shortest call of each counts. Then the error of the interpolated filters against the exact ones: of the
fused image, in which features of nearly equal magnitude may be selected otherwise, and of both super-resolved ones, in
gray levels of 8 bits.
"""

import time
from collections.abc import Callable

import numpy as np
import tyro

import mfjax
from mfjax.data import synthetic
from mfjax.inference.fusion import Fusion
from mfjax.inference.stepping import averaged

SOURCES = (240, 320), (480, 640)
WHOLE, ODD = (480, 640), (613, 817)
SHARE = (613 * 817) / (480 * 640)


def main(
    *, models: tuple[str, ...] = ("default", "small"), engines: tuple[str, ...] = ("openvino", "xla"), calls: int = 5
) -> None:
    """Prints a row for each model and engine.

    Args:
        models: Bundled models or weights files.
        engines: Engines.
        calls: Timed calls of each.
    """
    scene = synthetic.scene(0, *WHOLE, colour=False)
    pair = [averaged(image, size) for image, size in zip((scene.ir, scene.vis), SOURCES, strict=True)]
    print("| model | engine | exact, s | fast, s | whole, s | fast / whole | error: fused | mean | sources | mean |")
    print("|---" * 10 + "|")
    for model in models:
        for engine in engines:
            fuser = mfjax.load(model, engine=engine)
            runners = [_runner(fuser, pair, size, exact) for size, exact in ((ODD, True), (ODD, False), (WHOLE, False))]
            (exact, fast, whole), (reference, made, _) = _shortest(runners, calls)
            whole *= SHARE
            errors = [255 * np.abs(a - b) for a, b in zip(reference, made, strict=True)]
            shown = [f(each) for each in (errors[0], np.stack(errors[1:])) for f in (np.max, np.mean)]
            seconds = " | ".join(f"{each:.2f}" for each in (exact, fast, whole, fast / whole))
            print(f"| {model} | {engine} | {seconds} | {' | '.join(f'{each:.4f}' for each in shown)} |", flush=True)


def _runner(fuser: mfjax.Fuser, pair: list[np.ndarray], size: tuple[int, int], exact: bool) -> Callable[[], Fusion]:
    """Returns a function that fuses the pair."""

    def run() -> Fusion:
        ir, vis = fuser.source(pair[0], "ir", size), fuser.source(pair[1], "vis", size)
        return fuser.compose(ir, vis, size, exact=exact)

    return run


def _shortest(runners: list[Callable[[], Fusion]], calls: int) -> tuple[list[float], list[Fusion]]:
    """Returns the seconds of the shortest call of each function, after one that compiles, and its images."""
    made = [run() for run in runners]
    times: list[list[float]] = [[] for _ in runners]
    for _ in range(calls):
        for run, taken in zip(runners, times, strict=True):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times], made


if __name__ == "__main__":
    tyro.cli(main)
