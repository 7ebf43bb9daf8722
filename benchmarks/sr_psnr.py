"""PSNR of the super-resolved sources against bicubic, by the protocol of the README's model table.

    python benchmarks/sr_psnr.py DIR [DIR ...] [--model default] [--scale 2]
    python benchmarks/sr_psnr.py DIR --finer-visible

DIR holds ir/ and vis/ (or such folders) of equal sizes, which are the truth. Inputs are the truth resized by OpenCV's
INTER_LINEAR to floor(size / scale). With --finer-visible the truth is a visible image of a finer camera than the
infrared one's; its input is its average at infrared's size, and infrared is not scored. PSNR in dB of 8-bit values over
the whole image, averaged over pairs.
"""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro
from tqdm import tqdm

import mfjax
from mfjax import images
from mfjax.data.pairs import find_sources


def main(
    folders: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    model: str = "default",
    scale: float = 2.0,
    stride: int = 1,
    finer_visible: bool = False,
) -> None:
    """Prints a Markdown row for each folder.

    Args:
        folders: Folders of pairs.
        model: A bundled model or a weights file.
        scale: How much smaller the inputs are.
        stride: Only every so many pairs, for a quick look.
        finer_visible: Score the visible image only, against its own larger size.
    """
    fuser = mfjax.load(model)
    scores: dict[str, list[list[float]]] = {}
    for source in find_sources(folders):
        for pair in tqdm(source.files[::stride], desc=source.name, leave=False):
            truths = [images.luma(images.read(file)) for file in pair]
            if finer_visible:
                rows, cols = truths[0].shape
                (h, w), truths = truths[1].shape, truths[1:] * 2
                small = [cv2.resize(t, (cols, rows), interpolation=cv2.INTER_AREA) for t in truths]
            else:
                h, w = truths[0].shape
                low = int(w / scale), int(h / scale)
                small = [cv2.resize(t, low, interpolation=cv2.INTER_LINEAR) for t in truths]
            cubic = [cv2.resize(s, (w, h), interpolation=cv2.INTER_CUBIC) for s in small]
            ours = fuser(*small, size=(h, w))
            columns = zip(truths, cubic, ours[1:], strict=True)
            scores.setdefault(source.name, []).append(
                [mfjax.metrics.psnr(t, image) for t, *both in columns for image in both]
            )
    if finer_visible:
        scores = {name: [[np.nan, np.nan, *row[2:]] for row in rows] for name, rows in scores.items()}
    scores["all"] = [row for rows in scores.values() for row in rows]
    print("| folder | pairs | infrared: bicubic | ours | gain | visible: bicubic | ours | gain |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rows in scores.items():
        a, b, c, d = np.mean(rows, axis=0)
        print(f"| {name} | {len(rows)} | {a:.2f} | {b:.2f} | {b - a:+.2f} | {c:.2f} | {d:.2f} | {d - c:+.2f} |")


if __name__ == "__main__":
    tyro.cli(main)
