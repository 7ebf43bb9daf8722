"""PSNR of the super-resolved sources at any factor, against bicubic enlarging and against averaging.

    python benchmarks/any_factor.py DIR [DIR ...] [--model default] [--stride 1]

DIR holds ir/ and vis/ (or such folders) of equal sizes, which are the truth. Where a factor f is below 1, the output is
f/2 times as large as they are, and the truth their average. Sources of floor(size / f) pixels are made by OpenCV's
INTER_LINEAR: of the truth, or for f < 1 of the full image, so that averaging them does not give the truth. Reference is
OpenCV's INTER_CUBIC or INTER_AREA of the same source. PSNR in dB of 8-bit values over the whole image, at most 50
(beyond it, how halves are rounded decides), averaged over pairs whose sources have 8 pixels a side or more. Fails if a
mean is more than 0.1 dB below its reference, and says which.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import cv2
import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

import mfjax
from mfjax.data.pairs import find_sources, read_pair

EQUAL = tuple((f, f) for f in (0.1, 0.3, 0.5, 1.0, 1.3, 2.0, 3.0, 4.0, 5.0, 8.0, 12.0, 16.0, 32.0))
MIXED = ((8.0, 1.0), (1.0, 8.0), (0.3, 2.0), (2.0, 0.3), (0.1, 2.0), (12.0, 1.3), (3.0, 16.0))
NAMES = ("infrared", "visible")
SMALLEST = 8  # fewest pixels a side of a source
WORST = -0.1  # worst allowed gain of a mean over its reference, dB
HIGHEST_PSNR = 50.0  # PSNR, in dB, that higher ones count as; at it two of three pixels differ by one level

Factors = tuple[float, float]


class Scores(NamedTuple):
    """PSNR in dB of one source."""

    reference: float
    ours: float


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    model: str = "default",
    stride: int = 1,
    factors: tuple[Factors, ...] = EQUAL + MIXED,
) -> int:
    """Prints a Markdown row for each pair of factors: means over the pairs, and the worst gain of one pair.

    Returns 1 if a mean is too far below its reference, or nothing could be measured; otherwise 0.

    Args:
        folders: Folders of pairs.
        model: A bundled model or a weights file.
        stride: Only every so many pairs, for a quick look.
        factors: Output over source, of infrared and visible.
    """
    fuser = mfjax.load(model)
    files = [pair for source in find_sources(folders) for pair in source.files][::stride]
    heads = "".join(f" | {name}: reference | ours | gain | worst" for name in NAMES)
    print(f"| infrared × | visible × | pairs{heads} |")
    print("|---" * 11 + "|", flush=True)
    short, measured = [], 0
    for each in factors:
        found = [measure(fuser, read_pair(pair), each) for pair in tqdm(files, desc=f"{each}", leave=False)]
        rows = np.array([row for row in found if row is not None])  # [pairs, 2 sources, reference and ours]
        if not len(rows):
            print(f"factors {each}: no pair is large enough, so they are left out", file=sys.stderr)
            continue
        measured += 1
        cells = []
        for name, source in zip(NAMES, rows.swapaxes(0, 1), strict=True):
            (reference, ours), gains = source.mean(axis=0), source[:, 1] - source[:, 0]
            cells.append(f"{reference:.2f} | {ours:.2f} | {gains.mean():+.2f} | {gains.min():+.2f}")
            if gains.mean() < WORST:
                short.append(f"{name} at factors {each}: {gains.mean():+.2f} dB")
        print(f"| {each[0]:g} | {each[1]:g} | {len(rows)} | {' | '.join(cells)} |", flush=True)
    for line in short:
        print(f"below {WORST} dB: {line}", file=sys.stderr)
    return int(bool(short) or not measured)


def measure(fuser: mfjax.Fuser, pair: Sequence[NDArray[np.uint8]], factors: Factors) -> list[Scores] | None:
    """Returns the scores of infrared and visible; None if a source would be too small."""
    h, w = pair[0].shape
    smallest = min(factors)
    size = (h, w) if smallest >= 1 else (int(smallest * (h // 2)), int(smallest * (w // 2)))
    if min(size) < SMALLEST * max(1, *factors):
        return None
    truths = [_resized(image, size, cv2.INTER_AREA) for image in pair]
    sources = [
        _resized(truth if factor >= 1 else image, (int(size[0] / factor), int(size[1] / factor)), cv2.INTER_LINEAR)
        for image, truth, factor in zip(pair, truths, factors, strict=True)
    ]
    made = fuser(*sources, size=size, stretch=True)[1:]  # aspects differ by rounding
    scores = []
    for source, truth, ours, factor in zip(sources, truths, made, factors, strict=True):
        reference = _resized(source, size, cv2.INTER_CUBIC if factor >= 1 else cv2.INTER_AREA)
        scores.append(Scores(*(min(mfjax.metrics.psnr(truth, image), HIGHEST_PSNR) for image in (reference, ours))))
    return scores


def _resized(image: NDArray[np.uint8], size: tuple[int, int], how: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, size[::-1], interpolation=how), np.uint8)


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
