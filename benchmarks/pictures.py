"""Measures of fused images: the README's table of lost structure, contrast, detail, grain and clipping.

    python benchmarks/pictures.py DIR [DIR ...] [--model default] [--detail 1]

DIR holds ir/ and vis/ of equal sizes. Grain is the mean standard deviation of the flattest twentieth of 8×8 blocks,
over that of the noisier source in them. Clipped is the percentage of pixels at 0 or 255, less that of the more clipped
source.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tqdm import tqdm

import mfjax
from mfjax.data.pairs import find_sources, read_pair
from mfjax.evaluation.lost import by_light, is_night, mean
from mfjax.metrics import STRUCTURE_LOST, score

METRICS = (*STRUCTURE_LOST, "Q_STD", "Q_AG", "VIF")
BLOCK = 8


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional], *, model: str = "default", detail: float = 1
) -> None:
    """Prints Markdown rows of means over all pairs, those by day and those by night; undefined values are left out.

    Args:
        folders: Folders of pairs.
        model: A bundled model or a weights file.
        detail: The detail that fused images show.
    """
    fuser = mfjax.load(model, detail=detail)
    rows, night = [], []
    for source in find_sources(folders):
        for pair in tqdm(source.files, desc=source.name, leave=False):
            ir, vis = read_pair(pair)
            fused = fuser(ir, vis).fused
            night.append(is_night(vis))
            scores = score(ir, vis, fused, names=METRICS)
            rows.append([*(scores[metric] for metric in METRICS), grain(ir, vis, fused), clipped(ir, vis, fused)])
    print(f"| | {' | '.join(METRICS)} | grain | clipped, % |")
    print("|---" * (len(METRICS) + 3) + "|")
    for light, chosen in by_light(np.array(night)).items():
        if chosen.any():
            means = mean(np.array(rows)[None, chosen])[0]
            name = f"`{Path(model).name}`, detail {detail:g}, {light} ({chosen.sum()})"
            print(f"| {name} | {' | '.join(f'{m:.3f}' for m in means)} |")


def grain(ir: np.ndarray, vis: np.ndarray, fused: np.ndarray) -> float:
    """Returns the ratio of the fused image's noise to the noisier source's, in the flattest blocks.

    Args:
        ir: the infrared image, `[h, w]`, uint8.
        vis: the visible image, of the same size.
        fused: the fused image, of the same size.
    """
    noise = np.maximum(_deviations(ir), _deviations(vis))
    flattest = np.argsort(noise)[: max(1, len(noise) // 20)]
    return float(_deviations(fused)[flattest].mean() / max(noise[flattest].mean(), 1e-3))


def clipped(ir: np.ndarray, vis: np.ndarray, fused: np.ndarray) -> float:
    """Returns the percentage of pixels at 0 or 255, less that of the more clipped source.

    Args:
        ir: the infrared image, `[h, w]`, uint8.
        vis: the visible image, of the same size.
        fused: the fused image, of the same size.
    """
    *sources, result = (100 * np.mean((image == 0) | (image == 255)) for image in (ir, vis, fused))
    return float(result - max(sources))


def _deviations(image: np.ndarray) -> np.ndarray:
    """Returns the standard deviation of every block."""
    rows, cols = (side // BLOCK for side in image.shape)
    blocks = image[: rows * BLOCK, : cols * BLOCK].astype(np.float32).reshape(rows, BLOCK, cols, BLOCK)
    return blocks.transpose(0, 2, 1, 3).reshape(-1, BLOCK * BLOCK).std(axis=1)


if __name__ == "__main__":
    tyro.cli(main)
