"""Time and peak memory of one large image, made in tiles.

    python benchmarks/large.py [--side 8192] [--engine auto] [--color]

Gray or in colour, `side` pixels a side, from a visible source half as large and an infrared one a quarter.
"""

import resource
import time

import cv2
import numpy as np
import tyro

import mfjax
from mfjax.inference.engines import Engine


def main(*, side: int = 8192, model: str = "default", engine: Engine = "auto", color: bool = False) -> None:
    """Prints seconds, including those of compiling, and the process's peak memory.

    Args:
        side: Side of the output in pixels.
        model: A bundled model or a weights file.
        engine: The engine that runs the model.
        color: Use a visible source in colour, so that the output is in colour.
    """
    rng = np.random.default_rng(0)

    def smooth(pixels: int, *channels: int) -> np.ndarray:
        noise = rng.integers(0, 256, (pixels // 8, pixels // 8, *channels), dtype=np.uint8)
        return np.asarray(cv2.resize(noise, (pixels, pixels), interpolation=cv2.INTER_CUBIC))

    fuser = mfjax.load(model, engine=engine)
    start = time.perf_counter()
    fuser(smooth(side // 4), smooth(side // 2, *[3] * color), size=(side, side))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # kibibytes on Linux
    print(f"{side}×{side}: {time.perf_counter() - start:.0f} s, {peak:.2f} GiB")


if __name__ == "__main__":
    tyro.cli(main)
