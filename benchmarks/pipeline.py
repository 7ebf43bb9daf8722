"""The speed of the input pipeline, and the time that a training step waits for its batch.

    python benchmarks/pipeline.py DIR [DIR ...] [--steps 10]

DIR is a root as `--data.roots` takes it. Crops and batches are the paper's. Prints batches a second of the pipeline
alone, by the number of threads or worker processes that read; the time of a step of phase one at scales 2 and 2, and
the time that it waits for its batch; and the time to degrade a batch by OpenCV and by the jitted function in the step.
"""

import time
from contextlib import closing
from dataclasses import replace
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from mfjax.data.config import DataConfig
from mfjax.data.degradation import canvas_for, canvases, degrade, degrade_with_opencv
from mfjax.data.pipeline import Batch, batches
from mfjax.training import TrainConfig
from mfjax.training.step import initial_state, make_step

WARM_UP = 20  # batches before timing, more than are read ahead
SCALE = 20  # scale in tenths


def main(roots: Annotated[tuple[str, ...], tyro.conf.Positional], *, steps: int = 10, count: int = 200) -> None:
    """Prints Markdown tables.

    Args:
        roots: Training data.
        steps: Timed training steps; 0 for none.
        count: Timed batches.
    """
    config = DataConfig(roots=roots)
    print("| read by | batches/s |\n|---|---|")
    for name, readers in (
        ("1 thread", replace(config, threads=1)),
        ("a thread a core", config),
        ("2 processes", replace(config, threads=1, workers=2)),
    ):
        print(f"| {name} | {rate(readers, count):.0f} |", flush=True)
    with closing(batches(config, 0)) as data:
        first = next(data)
    print("\n| degrade a batch by | ms |\n|---|---|")
    for name, milliseconds in degradation(first).items():
        print(f"| {name} | {milliseconds:.2f} |")
    if steps:
        step, waited = training(config, steps)
        print(f"\nstep of phase one {step:.3f} s, of which waiting for its batch {1e3 * waited:.2f} ms", flush=True)


def rate(config: DataConfig, count: int) -> float:
    """Returns the batches a second of the pipeline alone.

    Args:
        config: the pipeline's configuration.
        count: timed batches.
    """
    with closing(batches(config, 0)) as data:
        for _ in range(WARM_UP):
            next(data)
        start = time.perf_counter()
        for _ in range(count):
            next(data)
        return count / (time.perf_counter() - start)


def degradation(batch: Batch) -> dict[str, float]:
    """Returns the median milliseconds to degrade both sources of a batch, by OpenCV and by the jitted function.

    Args:
        batch: the batch.
    """
    canvas = canvas_for(SCALE, canvases(DataConfig().crop, *DataConfig().scales))
    jitted = jax.jit(lambda *sources: [degrade(each, canvas, jnp.int32(SCALE)) for each in sources])

    def on_device() -> Any:
        return jax.block_until_ready(jitted(batch.ir, batch.vis))

    def by_opencv() -> Any:
        return [degrade_with_opencv(image, SCALE) for source in batch[:2] for image in source[..., 0]]

    return {
        name: 1e3 * float(np.median([seconds(what) for _ in range(100)][10:]))
        for name, what in (("OpenCV", by_opencv), (f"the jitted function ({jax.default_backend()})", on_device))
    }


def seconds(what: Any) -> float:
    """Returns the seconds of one call.

    Args:
        what: the function to call.
    """
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def training(config: DataConfig, steps: int) -> tuple[float, float]:
    """Returns the mean seconds of a step, including its batch, and those of waiting for the batch.

    Args:
        config: the pipeline's configuration.
        steps: timed steps.
    """
    recipe = TrainConfig(data=replace(config, scales=(SCALE, SCALE)))
    canvas = canvas_for(SCALE, canvases(config.crop, SCALE, SCALE))
    step = jax.jit(make_step(recipe, 1), static_argnums=2, donate_argnums=0)
    state, waited, begin = initial_state(recipe), 0.0, 0.0
    with closing(batches(recipe.data, 0)) as data:
        for number in range(steps + 2):
            if number == 2:  # the first one compiles
                begin, waited = time.perf_counter(), 0.0
            start = time.perf_counter()
            batch = next(data)
            waited += time.perf_counter() - start
            state, metrics = step(state, batch, (canvas, canvas))
            jax.block_until_ready(metrics)
    return (time.perf_counter() - begin) / steps, waited / steps


if __name__ == "__main__":
    tyro.cli(main)
