"""Time of a training step in both phases, and their ratio, in one run.

    python benchmarks/train_step.py [--crop 128] [--steps 5]

Random images; the paper's network and batch; both sources at the same scale. Run it on an idle machine.
"""

import time
from dataclasses import replace
from typing import get_args

import jax
import numpy as np
import tyro

from mfjax.data.degradation import canvas_for, canvases, crop_with_margin
from mfjax.data.pipeline import Batch
from mfjax.training import DataConfig, TrainConfig
from mfjax.training.phases import Phase
from mfjax.training.step import begin_phase_two, initial_state, make_step


def main(*, crop: int = 128, steps: int = 5, scales: tuple[int, ...] = (10, 20, 30)) -> None:
    """Prints a row a scale.

    Args:
        crop: Side of the high-resolution crops in pixels.
        steps: Timed steps of each phase; the median counts.
        scales: In tenths.
    """
    config = replace(TrainConfig(), data=DataConfig(crop=crop))
    available = canvases(crop, *config.data.scales)
    side = crop_with_margin(available)
    rng = np.random.default_rng(0)
    ir, vis = rng.integers(0, 256, (2, config.data.batch, side, side, 1), dtype=np.uint8)
    print("| scale | phase 1, s | phase 2, s | ratio |\n|---|---|---|---|")
    for scale in scales:
        batch = Batch(ir, vis, np.full(2, scale, np.int32))
        chosen = (canvas_for(scale, available),) * 2
        state, medians = initial_state(config), []
        for phase in get_args(Phase):
            if phase == 2:
                state = begin_phase_two(config, state)
            step = jax.jit(make_step(config, phase), static_argnums=2)
            times = []
            for _ in range(steps + 1):  # the first one compiles
                start = time.perf_counter()
                state, metrics = step(state, batch, chosen)
                jax.block_until_ready(metrics)
                times.append(time.perf_counter() - start)
            medians.append(float(np.median(times[1:])))
        print(f"| {scale / 10} | {medians[0]:.2f} | {medians[1]:.2f} | {medians[1] / medians[0]:.2f} |", flush=True)


if __name__ == "__main__":
    tyro.cli(main)
