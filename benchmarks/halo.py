"""Differences between the features of an image and those of its parts, by the width of the parts' halo.

    python benchmarks/halo.py DIR [--model default] [--images 4]

DIR has images of any format. The features of each image's last quarter, from its centre on, are extracted alone, with
halos of some widths, and compared with those of the whole image: the largest difference of a feature, divided by the
largest feature, and the largest difference of the image super-resolved to twice the size, in [0, 1].
"""

from pathlib import Path

import numpy as np
import tyro

import mfjax
from mfjax import images
from mfjax.inference.composition import Source

HALOS = 8, 16, 24, 32, 48, 103


def main(folder: tyro.conf.Positional[Path], *, model: str = "default", images: int = 4) -> None:
    """Prints a row for each width.

    Args:
        folder: Folder of images; the first ones in the order of names are used.
        model: A bundled model or a weights file.
        images: Number of images.
    """
    fuser = mfjax.load(model, engine="xla", precision="float32")
    worst = np.zeros((len(HALOS), 2))
    for path in sorted(path for path in folder.iterdir() if path.is_file())[:images]:
        worst = np.maximum(worst, _differences(fuser, path))
    print("| halo | features | image |\n|---|---|---|")
    for halo, (features, image) in zip(HALOS, worst, strict=True):
        print(f"| {halo} | {features:.1e} | {image:.1e} |")


def _differences(fuser: mfjax.Fuser, path: Path) -> np.ndarray:
    luma = images.to_luma(images.to_float(images.read(path)))
    row, col = luma.shape[0] // 2, luma.shape[1] // 2

    def extract(image: np.ndarray) -> np.ndarray:
        return fuser.backend.extract(image, "vis").features

    whole = extract(luma)

    def enlarged(features: np.ndarray) -> np.ndarray:
        size = 2 * luma.shape[0], 2 * luma.shape[1]
        return fuser.backend.enlarge(Source(luma, features), "vis", size)

    rows = []
    for halo in HALOS:
        start = max(0, row - halo), max(0, col - halo)
        alone = extract(luma[start[0] :, start[1] :])[row - start[0] :, col - start[1] :]
        mixed = whole.copy()
        mixed[row:, col:] = alone
        off = np.abs(mixed - whole).max() / np.abs(whole).max()
        rows.append((off, np.abs(enlarged(mixed) - enlarged(whole)).max()))
    return np.array(rows)


if __name__ == "__main__":
    tyro.cli(main)
