"""Time and memory of fusing, by each engine and by the same layers in plain PyTorch, against the machine's limit.

    python benchmarks/fuse_time.py [--model default] [--engines openvino xla torch] [--calls 5]

Random images at the paper's settings 1 (both sources half of the output's size) and 9 (both of the output's size).
Every engine and size has a process of its own, which measures the first call, the median of later calls (with OpenVINO,
once it has a program for their sizes), and the process's peak memory. The limit is the time of the extractor's
multiply-adds at the speed of a large float32 matrix product. `torch` is the paper's network, written as the paper
describes it (`torch_network.py`). Run it on an idle machine.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro

import mfjax
from mfjax.inference.pure import branches_of
from mfjax.size import Size

Engine = Literal["openvino", "xla", "torch"]
SIZES = ((270, 360), (450, 620))
SETTINGS = {1: 0.5, 9: 1.0}


class Times(NamedTuple):
    """The measurements of one process."""

    first: float  # seconds of the first call
    later: float  # median seconds of later calls
    gigabytes: float  # the process's peak memory


def main(*, model: str = "default", engines: tuple[Engine, ...] = ("openvino", "xla", "torch"), calls: int = 5) -> None:
    """Prints a row for each output, setting and engine.

    Args:
        model: A bundled model or a weights file, for the engines of mfjax.
        engines: The engines to compare; speed and memory are given as multiples of the last one's.
        calls: Timed calls; their median counts.
    """
    limits = _alone(_limits, model)
    print("| output | setting | engine | first call, s | later, s | of the limit | speed | peak memory, GB | memory |")
    print("|---" * 9 + "|")
    for size in SIZES:
        for setting, scale in SETTINGS.items():
            sources = int(scale * size[0]), int(scale * size[1])
            rows = {engine: _alone(_measure, engine, model, sources, size, calls) for engine in engines}
            for engine, times in rows.items():
                limit = times.later / limits[size, setting]
                last = rows[engines[-1]]
                speed, memory = last.later / times.later, times.gigabytes / last.gigabytes
                numbers = times.first, times.later, limit, speed, times.gigabytes, memory
                print(f"| {size[0]}×{size[1]} | {setting} | {engine} | {' | '.join(map('{:.2f}'.format, numbers))} |")


def _alone(function: Callable[..., Any], *args: Any) -> Any:
    """Returns the result of a function that runs in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def _limits(model: str) -> dict[tuple[Size, int], float]:
    """Returns the seconds, by output and setting, of the extractor's multiply-adds in a large matrix product."""
    fuser = mfjax.load(model)
    kernels = jax.tree_util.tree_leaves_with_path(branches_of(fuser.config, fuser.params)[0]["extractor"])
    products = sum(leaf.size for path, leaf in kernels if path[-1].key == "kernel")  # for each pixel
    matrix = jnp.ones((4096, 4096))
    multiply = jax.jit(jnp.matmul)
    times = _timed(lambda: jax.block_until_ready(multiply(matrix, matrix)), 5)
    speed = 4096**3 / times.later
    print(
        f"A matrix product runs at {2 * speed / 1e9:.0f} GFLOP/s, the extractor takes {products:,} products a pixel.\n"
    )
    return {
        (size, setting): 2 * products * int(scale * size[0]) * int(scale * size[1]) / speed
        for size in SIZES
        for setting, scale in SETTINGS.items()
    }


def _measure(engine: Engine, model: str, sources: Size, size: Size, calls: int) -> Times:
    rng = np.random.default_rng(0)
    pair = rng.integers(0, 256, (2, *sources), dtype=np.uint8)
    if engine != "torch":
        fuser = mfjax.load(model, engine=engine)
        return _timed(lambda: fuser(*pair, size=size), calls, warm=_calls_that_compile(engine))
    import torch
    from torch_network import TorchFusionNetwork

    network = TorchFusionNetwork()
    tensors = [torch.from_numpy(image[None, None] / np.float32(255)) for image in pair]
    with torch.no_grad():
        return _timed(lambda: network(*tensors, size), min(calls, 3))


def _calls_that_compile(engine: Engine) -> int:
    if engine != "openvino":
        return 1
    from mfjax.inference.backends.openvino import STREAM_LENGTH

    return STREAM_LENGTH


def _timed(call: Callable[[], object], calls: int, warm: int = 1) -> Times:
    """Returns the times of some calls, after `warm` calls that compile programs."""
    times = []
    for _ in range(warm + calls):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # kibibytes on Linux
    return Times(times[0], float(np.median(times[warm:])), peak)


if __name__ == "__main__":
    tyro.cli(main)
