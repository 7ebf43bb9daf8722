"""Seconds to fuse to 480×640 in ONNX Runtime, OpenVINO and XLA.

    python benchmarks/engines.py [--models small default] [--calls 9]

Random luma of 240×320 and 480×640, and of 480×640 twice. ONNX Runtime runs the file that `mfjax export NAME.onnx
--factors` writes, the others are a `Fuser`'s engines. All take turns in one process, so that other load slows all
alike; the median of the calls counts. Run it on an idle machine.
"""

import time
from collections.abc import Callable

import numpy as np
import onnxruntime
import tyro

import mfjax
from mfjax.interop.onnx_file import export_factors

SIZE = 480, 640
FACTORS = (2, 1), (1, 1)
WARM = 8  # calls before timing, since OpenVINO compiles again when the eighth pair of one size makes a stream


def main(*, models: tuple[str, ...] = ("small", "default"), calls: int = 9) -> None:
    """Prints a row for each model and pair of sources.

    Args:
        models: Bundled models or weights files.
        calls: Timed calls of each engine.
    """
    print("| model | infrared | visible | ONNX Runtime | OpenVINO | XLA |\n|---|---|---|---|---|---|")
    for model in models:
        for factors in FACTORS:
            sizes = [(SIZE[0] // factor, SIZE[1] // factor) for factor in factors]
            rng = np.random.default_rng(0)
            pair = [rng.random(size, np.float32) for size in sizes]
            seconds = _medians(_runners(model, factors, pair), calls)
            cells = [model, *(f"{rows}×{cols}" for rows, cols in sizes), *(f"{each:.3f}" for each in seconds)]
            print(f"| {' | '.join(cells)} |")


def _runners(model: str, factors: tuple[int, int], pair: list[np.ndarray]) -> list[Callable[[], object]]:
    """Returns a function for each engine that fuses the pair."""
    fusers = [mfjax.load(model, engine=engine) for engine in ("openvino", "xla")]
    graph = export_factors(fusers[0].config, fusers[0].params, factors)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    inputs = {name: image[None] for name, image in zip(("ir", "vis"), pair, strict=True)}
    return [lambda: session.run(None, inputs), *(lambda fuser=fuser: fuser(*pair) for fuser in fusers)]


def _medians(runners: list[Callable[[], object]], calls: int) -> list[float]:
    times: list[list[float]] = [[] for _ in runners]
    for _ in range(WARM + calls):
        for run, taken in zip(runners, times, strict=True):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    return [float(np.median(taken[WARM:])) for taken in times]


if __name__ == "__main__":
    tyro.cli(main)
