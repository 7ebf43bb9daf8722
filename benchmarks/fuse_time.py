"""Time to fuse two sources to 450×620 with a model, in one process: the first call, which compiles, and later ones.

    python benchmarks/fuse_time.py [--model default] [--calls 5]

Random images, at half of the output's size and at all of it (the paper's settings 1 and 9). Run it on an idle machine.
"""

import time

import numpy as np
import tyro

import mfjax

SIZE = (450, 620)


def main(*, model: str = "default", calls: int = 5) -> None:
    """Prints a row a source size.

    Args:
        model: A bundled model or a weights file.
        calls: Timed calls after the first one; their median counts.
    """
    fuser = mfjax.load(model)
    rng = np.random.default_rng(0)
    print("| sources | first call, s | later calls, s |\n|---|---|---|")
    for scale in (0.5, 1.0):
        rows, cols = (int(scale * side) for side in SIZE)
        pair = rng.integers(0, 256, (2, rows, cols), dtype=np.uint8)
        times = []
        for _ in range(calls + 1):
            start = time.perf_counter()
            fuser(*pair, size=SIZE)
            times.append(time.perf_counter() - start)
        print(f"| {rows}×{cols} | {times[0]:.1f} | {np.median(times[1:]):.1f} |", flush=True)


if __name__ == "__main__":
    tyro.cli(main)
