"""Time of a training step in both phases, their ratio, and the process's peak memory, in one run.

    python benchmarks/train_step.py [--scales 20 10] [--steps 5] [--torch]

Random images; the paper's network and batch; both sources at the same scale. With `--torch`, which needs PyTorch, also
the same step of phase one of the same layers in plain PyTorch (`torch_network.py`), in a process of its own, and the
ratio to it. Run it on an idle machine.
"""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
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


def main(*, crop: int = 128, steps: int = 5, scales: tuple[int, ...] = (20, 10, 30), torch: bool = False) -> None:
    """Prints a row for each scale.

    Args:
        crop: Side of the high-resolution crops in pixels.
        steps: Timed steps of each kind; the median counts.
        scales: Scales in tenths.
        torch: Also time plain PyTorch.
    """
    kinds = [jax_steps, *[torch_steps] * torch]
    print("| scale | phase 1, s | phase 2, s | ratio | GB |" + " PyTorch, s | ratio | GB |" * torch)
    print("|---" * (5 + 3 * torch) + "|")
    for scale in scales:
        cells = []
        for kind in kinds:  # each in a process of its own, since peak memory is a process's
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                cells.append(process.submit(kind, crop, steps, scale).result())
        one, two, memory = cells[0]
        row = f"| {scale / 10} | {one:.2f} | {two:.2f} | {two / one:.2f} | {memory:.1f} |"
        if torch:
            plain, memory = cells[1]
            row += f" {plain:.2f} | {one / plain:.2f} | {memory:.1f} |"
        print(row, flush=True)


def jax_steps(crop: int, steps: int, scale: int) -> tuple[float, ...]:
    """Returns the median seconds of a step of both phases, and the peak memory in GB after phase one.

    Args:
        crop: side of the high-resolution crops in pixels.
        steps: timed steps of each phase.
        scale: scale in tenths.
    """
    config = replace(TrainConfig(), data=DataConfig(crop=crop))
    available = canvases(crop, *config.data.scales)
    side = crop_with_margin(available)
    ir, vis = np.random.default_rng(0).integers(0, 256, (2, config.data.batch, side, side, 1), dtype=np.uint8)
    batch = Batch(ir, vis, np.full(2, scale, np.int32))
    chosen = (canvas_for(scale, available),) * 2
    state, medians, memory = initial_state(config), [], 0.0
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
        memory = memory or peak_memory()
    return *medians, memory


def torch_steps(crop: int, steps: int, scale: int) -> tuple[float, ...]:
    """Returns the median seconds of a step of phase one in PyTorch, and the peak memory in GB.

    Args:
        crop: side of the high-resolution crops in pixels.
        steps: timed steps.
        scale: scale in tenths.
    """
    import torch
    from torch_network import TorchFusionNetwork, pixel_step

    network = TorchFusionNetwork()
    adam = torch.optim.Adam(network.parameters(), 1e-4)
    high = [torch.rand(4, 1, crop, crop) for _ in range(2)]
    low = [torch.rand(4, 1, crop * 10 // scale, crop * 10 // scale) for _ in range(2)]
    times = []
    for _ in range(steps + 1):  # the first one is slower
        start = time.perf_counter()
        pixel_step(network, adam, low, high)
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:])), peak_memory()


def peak_memory() -> float:
    """Returns the peak memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    tyro.cli(main)
