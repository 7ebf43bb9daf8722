"""How far the maps found in many views of one pair agree with each other: a table of docs/align.md.

    python benchmarks/alignment_repeats.py DIR [DIR ...] [--page docs/align.md]

Registered pairs are off by some pixels themselves, which an error against their registration can't be better than. So
each pair is seen through many known warps, each confident map is taken back to the pair's own coordinates, and there it
is compared with the mean of the pair's other confident maps: what the views have in common is the pair's registration
(or an error that the method makes in every view), what differs is the method's. Distances are at the corners of the
infrared view, in pixels at 512 pixels width, as in `benchmarks/alignment.py`, whose views these are.
"""

from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

from mfjax.alignment import ModelChoice, warps
from mfjax.alignment.estimate import estimate
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.random_warps import Views, Warps
from mfjax.evaluation import sections
from mfjax.evaluation.alignment.measuring import Scene, read, scenes, views
from mfjax.evaluation.alignment.tables import CONFIDENT, LIMITS

LEAST = 3  # confident maps of a pair that are compared with each other


class Distances(NamedTuple):
    """Distances of the confident maps of one pair's views."""

    registration: list[float]  # from the pair's own registration
    others: list[float]  # from the mean of the pair's other maps


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    warps: int = 20,
    model: ModelChoice = "auto",
    page: Path | None = None,
    seed: int = 0,
) -> None:
    """Prints a table for each folder.

    Args:
        folders: Folders of registered pairs.
        warps: Random warps of each pair.
        model: The kind of maps to seek.
        page: A page in Markdown, in which the sections are replaced.
        seed: Of the warps.
    """
    for folder in folders:
        pairs = scenes([folder])
        found = [of_pair(scene, number, warps, model, seed) for number, scene in enumerate(tqdm(pairs, disable=None))]
        text = section([each for each in found if each.others], warps)
        print(text, flush=True)
        if page is not None:
            sections.put(page, f"agreement of maps of {folder.name}, {model}", text)


def of_pair(scene: Scene, number: int, count: int, model: ModelChoice, seed: int) -> Distances:
    """Returns the distances of one pair's confident maps; none if there are fewer than `LEAST` of them.

    Args:
        scene: the pair.
        number: its number in the folder, by which warps are drawn.
        count: number of warps.
        model: the kind of maps to seek.
        seed: of the warps.
    """
    limits = Warps() if model == "homography" else Warps(perspective=0)
    sure: list[tuple[Views, Matrix]] = []
    for warp in range(count):
        seen = views(np.random.default_rng([seed, number, warp]), *read(scene.files), limits)
        found = estimate(seen.ir, seen.vis, model=model)
        if found.confidence >= CONFIDENT:
            sure.append((seen, found.matrix))
    registration, others = [], []
    if len(sure) >= LEAST:
        off = np.array([_off(seen, matrix) for seen, matrix in sure])
        for one, (seen, matrix) in enumerate(sure):
            mean = np.delete(off, one, axis=0).mean(axis=0)
            common = np.linalg.inv(seen.frame) @ mean @ seen.frame @ seen.matrix
            size = seen.ir.shape[0], seen.ir.shape[1]
            registration.append(warps.corner_error(matrix, seen.matrix, size))
            others.append(warps.corner_error(matrix, common, size))
    return Distances(registration, others)


def section(found: list[Distances], count: int) -> str:
    """Returns the table.

    Args:
        found: the distances of each pair.
        count: number of warps of each pair.
    """
    heads = [f"confident maps of {len(found)} pairs, {count} warps each", "median", "90 %"]
    lines = [[*heads, *(f"below {limit}" for limit in LIMITS)], ["---"] * (len(heads) + len(LIMITS))]
    for kind, name in (("registration", "from the pair's registration"), ("others", "from the pair's other maps")):
        lines.append([name, *_numbers(np.concatenate([getattr(each, kind) for each in found]))])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _numbers(errors: NDArray) -> list[str]:
    below = (f"{np.mean(errors < limit):.0%}" for limit in LIMITS)
    return [f"{np.median(errors):.1f}", f"{np.percentile(errors, 90):.1f}", *below]


def _off(seen: Views, found: Matrix) -> NDArray:
    """Returns how far a map is from the registration, as a map of the pair's own coordinates."""
    off = seen.frame @ found @ np.linalg.inv(seen.matrix) @ np.linalg.inv(seen.frame)
    return np.asarray(off / off[2, 2])


if __name__ == "__main__":
    tyro.cli(main)
