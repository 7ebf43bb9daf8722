"""Errors and jitter of alignments in a rendered sequence with parallax: a table of docs/align.md.

    python benchmarks/tracking.py [--page docs/align.md]

Two cameras 15 cm beside each other move along a street and turn; at frame 20 of 32 the infrared one is bumped: turned
by 1.5°, and shifted by 4 % of the width. An error is the mean over all pixels that both cameras see, at their own
depth, in pixels at 512 pixels width; no map of the whole image has none. Jitter is how far the corners move from one
frame to the next. It takes some 2 minutes a scene on an idle machine with two cores.
"""

import sys
from pathlib import Path

import numpy as np
import tyro
from tqdm import tqdm

from mfjax.data.synthetic.rig import sequence
from mfjax.evaluation import sections
from mfjax.evaluation.alignment.sequences import Course, courses, section


def main(
    *,
    seeds: tuple[int, ...] = (3, 8),
    frames: int = 32,
    bumped: int = 20,
    baseline: float = 0.15,
    page: Path | None = None,
) -> None:
    """Prints a table for each scene.

    Args:
        seeds: Scenes.
        frames: Number of frames.
        bumped: The frame from which on the infrared camera lies otherwise.
        baseline: Metres between the cameras.
        page: A page in Markdown, in which the section is replaced.
    """
    for seed in seeds:
        rendered = list(tqdm(sequence(seed, frames, bumped=bumped, baseline=baseline), total=frames, disable=None))
        found = courses(rendered, learned=bumped, progress=lambda items: tqdm(items, disable=None))
        text = f"Scene {seed}:\n\n{section(found, bumped=bumped)}"
        print(text, flush=True)
        print_frames(found)
        if page is not None:
            sections.put(page, f"tracking of scene {seed}", text)


def print_frames(found: dict[str, Course]) -> None:
    """Prints errors frame by frame on the standard error stream.

    Args:
        found: the courses by their names.
    """
    with np.printoptions(precision=1, suppress=True, linewidth=200):
        for name, course in found.items():
            print(f"{name}: {course.errors}", file=sys.stderr)


if __name__ == "__main__":
    tyro.cli(main)
