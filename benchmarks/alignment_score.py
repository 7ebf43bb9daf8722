"""Telling aligned from misaligned pairs: by the score of `mfjax data` and by the estimate of `mfjax align`.

    python benchmarks/alignment_score.py [--page docs/align.md]

Rendered streets, half of them with trees near the cameras, as they are and with the visible image moved in a random
direction, turned or enlarged. Each cell is the area under the ROC curve, with trees and without: the chance that an
aligned pair is called better than a misaligned one, over all such pairs of two (0.5: by chance, 1: always). The
estimate begins where both images lie as they are; its confidence counts as far as the map found leaves the corners
there.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

from mfjax import images
from mfjax.alignment import edges, warps
from mfjax.alignment.estimate import COARSE, estimate
from mfjax.data.sets.alignment import alignment
from mfjax.data.synthetic import scene
from mfjax.data.synthetic.layout import draw
from mfjax.evaluation import sections

SIZE = 240, 320
# Shift in widths, rotation in degrees, and scale of what is misaligned.
CASES = {
    "moved by 1 %": (0.01, 0.0, 1.0),
    "by 4 %": (0.04, 0.0, 1.0),
    "turned by 1°": (0.0, 1.0, 1.0),
    "by 3°": (0.0, 3.0, 1.0),
    "3 % larger": (0.0, 0.0, 1.03),
    "6 % larger": (0.0, 0.0, 1.06),
}
ALIGNED = "aligned"
REACH = 16.0  # pixels at 512 pixels width that corners may be moved until nothing is left of a confidence
NEAR = 40.0  # metres within which trees are near


def score(ir: NDArray, vis: NDArray) -> dict[str, float]:
    """Returns today's score, and the negative length of the displacement that it finds.

    Args:
        ir: infrared luma in [0, 1].
        vis: visible luma in [0, 1].
    """
    found = alignment(*(images.from_float(each) for each in (ir, vis)))
    return {"score of mfjax data": found.score, "its displacement": -float(np.hypot(found.rows, found.cols))}


def estimated(ir: NDArray, vis: NDArray) -> dict[str, float]:
    """Returns the confidence of the estimate where the images lie as they are, and how far it moves corners, negative.

    Args:
        ir: infrared luma in [0, 1].
        vis: visible luma in [0, 1].
    """
    found = estimate(ir, vis, start=np.eye(3))
    moved = warps.corner_error(found.matrix, np.eye(3), SIZE)
    placed = found.confidence * max(0.0, 1 - moved / REACH)
    return {"confidence where they lie": placed, "displacement by the estimate": -moved}


def correlated(ir: NDArray, vis: NDArray) -> dict[str, float]:
    """Returns how far the first refinement alone moves the image, negative.

    Args:
        ir: infrared luma in [0, 1].
        vis: visible luma in [0, 1].
    """
    length, smooth, _ = COARSE
    found = edges.refine(ir, vis, np.eye(3), {}, "similarity", length=length, smooth=smooth)
    return {"displacement by edges alone": -max(map(abs, found.parameters.values()))}


METHODS: tuple[Callable[[NDArray, NDArray], dict[str, float]], ...] = (score, correlated, estimated)


def main(*, scenes: int = 8, first: int = 100, page: Path | None = None) -> None:
    """Prints a table.

    Args:
        scenes: Number of scenes of each kind, with trees near the cameras and without.
        first: The first seed.
        page: A page in Markdown, in which the section is replaced.
    """
    kinds = {"with trees": True, "without": False}
    seeds: dict[str, list[int]] = {name: [] for name in kinds}
    seed = first
    while any(len(some) < scenes for some in seeds.values()):
        trees = sum(tree.z < NEAR for tree in draw(np.random.default_rng(seed)).trees) > 3
        name = "with trees" if trees else "without"
        if len(seeds[name]) < scenes:
            seeds[name].append(seed)
        seed += 1
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    for kind, some in seeds.items():
        for each in tqdm(some, desc=kind, disable=None):
            ir, registered = scene(each, *SIZE, colour=False)
            for case, how in {ALIGNED: (0.0, 0.0, 1.0), **CASES}.items():
                vis = moved(registered, *how, each)
                for method in METHODS:
                    start = time.perf_counter()
                    for name, value in method(ir, vis).items():
                        values[name, kind, case].append(value)
                        seconds[name].append(time.perf_counter() - start)
    heads = ("", *CASES, "seconds")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, taken in seconds.items():
        areas = ((area(values[name, kind, ALIGNED], values[name, kind, case]) for kind in kinds) for case in CASES)
        cells = [" / ".join(f"{x:.2f}" for x in both) for both in areas]
        lines.append(f"| {name} | {' | '.join(cells)} | {np.median(taken):.3f} |")
    text = f"{scenes} scenes of each kind:\n\n" + "\n".join(lines)
    print(text)
    if page is not None:
        sections.put(page, "telling aligned from misaligned", text)


def moved(vis: NDArray, shift: float, degrees: float, scale: float, seed: int) -> NDArray:
    """Returns an image that is moved in a random direction, turned one way or the other, and enlarged.

    Args:
        vis: the image.
        shift: share of the width by which it is moved.
        degrees: rotation.
        scale: how many times as large it becomes.
        seed: of the direction.
    """
    rng = np.random.default_rng(seed)
    direction, angle = rng.uniform(0, 2 * np.pi), math.radians(degrees) * rng.choice([-1, 1])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    right, down = shift * np.cos(direction), shift * np.sin(direction)
    square = warps.to_square(SIZE)
    matrix = np.array([[cos, -sin, right], [sin, cos, down], [0, 0, 1.0]])
    return warps.moved(vis, np.linalg.inv(square) @ matrix @ square, SIZE)


def area(aligned: list[float], misaligned: list[float]) -> float:
    """Returns the area under the ROC curve.

    Args:
        aligned: values of aligned pairs.
        misaligned: those of misaligned ones.
    """
    a, b = np.array(aligned)[:, None], np.array(misaligned)[None]
    return float(np.mean((a > b) + 0.5 * (a == b)))


if __name__ == "__main__":
    tyro.cli(main)
