"""Pairs a second of `fuser.batch` against the number of devices, here virtual ones of one processor.

    python benchmarks/devices.py [--model small] [--counts 1 2 4 8]

Random pairs, 120×160 and 240×320 to 240×320, are fused with each number of devices in a process of its own. Virtual
devices share the cores, so this measures the cost of spreading, not its gain. It also counts the collectives in the
compiled program, of which there must be none. Run it on an idle machine.
"""

import multiprocessing
import os
import re
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import tyro

COLLECTIVE = r"(?:all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter)(?:-start)?\("


def main(*, model: str = "small", counts: tuple[int, ...] = (1, 2, 4, 8), pairs: int = 64) -> None:
    """Prints a row for each number of devices.

    Args:
        model: A bundled model or a weights file.
        counts: Numbers of devices.
        pairs: Number of pairs to fuse.
    """
    print("| devices | pairs/s | collectives |\n|---|---|---|")
    for count in counts:
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={count}"
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            rate, collectives = pool.submit(_measure, model, count, pairs).result()
        print(f"| {count} | {rate:.1f} | {collectives} |")


def _measure(model: str, count: int, pairs: int) -> tuple[float, int]:
    import jax

    import mfjax
    from mfjax.inference.batches import Batches, fuse_spread

    rng = np.random.default_rng(0)
    fuser = mfjax.load(model, engine="xla")
    batches = Batches(fuser.config, fuser.params, "float32", fuser.largest_factor)
    assert jax.local_device_count() == count
    size = 240, 320
    ir, vis = (list(rng.random((pairs, *shape), np.float32)) for shape in ((120, 160), size))
    list(batches(ir[:count], vis[:count], size))
    start = time.perf_counter()
    list(batches(ir, vis, size))
    rate = pairs / (time.perf_counter() - start)
    arrays = [np.stack(images[:count]) for images in (ir, vis)]
    static = fuser.config, np.dtype("float32"), batches.mesh, size, fuser.largest_factor, (None, None)
    lowered = fuse_spread.lower(*static, fuser.params, *arrays)
    return rate, len(re.findall(COLLECTIVE, lowered.compile().as_text() or ""))


if __name__ == "__main__":
    tyro.cli(main)
