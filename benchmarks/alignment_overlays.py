"""Pictures to judge alignments by: infrared edges on visible images and checkerboards, before and after.

    python benchmarks/alignment_overlays.py DIR --out OUT

The views are those of `mfjax evaluate --experiment alignment`, the first warp of every third pair. What was seen on
them is in docs/align.md.
"""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro

from mfjax import images
from mfjax.alignment import ModelChoice, warps
from mfjax.alignment.estimate import estimate
from mfjax.alignment.preview import preview
from mfjax.alignment.random_warps import Warps
from mfjax.evaluation.alignment import scenes
from mfjax.evaluation.alignment.measuring import read, views


def main(
    folder: Annotated[Path, tyro.conf.Positional],
    *,
    out: Path,
    model: ModelChoice = "auto",
    stride: int = 3,
    seed: int = 0,
) -> None:
    """Writes a picture for each pair, above before and below after it was aligned, and prints its error.

    Args:
        folder: Folder of registered pairs, or of such folders.
        out: Folder for the pictures.
        model: The kind of maps to seek.
        stride: Only every so many pairs.
        seed: Of the warps.
    """
    out.mkdir(parents=True, exist_ok=True)
    limits = Warps() if model == "homography" else Warps(perspective=0)
    for number, scene in list(enumerate(scenes([folder])))[::stride]:
        seen = views(np.random.default_rng([seed, number, 0]), *read(scene.files), limits)
        found = estimate(seen.ir, seen.vis, model=model)
        error = warps.corner_error(found.matrix, seen.matrix, (seen.ir.shape[0], seen.ir.shape[1]))
        panels = np.vstack([preview(seen.ir, seen.vis, matrix) for matrix in (np.eye(3), found.matrix)])
        small = cv2.resize(panels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        file = out / f"{scene.source}_{scene.name}.png"
        images.write(file, small.astype(np.uint8))
        print(f"{file}: error {error:.1f} px, confidence {found.confidence:.2f}", flush=True)


if __name__ == "__main__":
    tyro.cli(main)
