"""Differences of fused images, in 8-bit gray levels, between precisions of the extractor and between engines.

    python benchmarks/precision.py DIR [--model default] [--pairs 3]

DIR has ir/ and vis/ with equally named images. Infrared is halved, so that one source is coarse and one fine.
"""

from pathlib import Path

import cv2
import numpy as np
import tyro

import mfjax
from mfjax import images
from mfjax.pairing import find_pairs


def main(folder: tyro.conf.Positional[Path], *, model: str = "default", pairs: int = 3) -> None:
    """Prints the differences of OpenVINO in bfloat16 and XLA in float32 from OpenVINO in float32.

    Args:
        folder: Folder with ir/ and vis/.
        model: A bundled model or a weights file.
        pairs: Number of pairs, the first ones in the order of names.
    """
    exact = mfjax.load(model, engine="openvino", precision="float32")
    others = {
        "OpenVINO, bfloat16": mfjax.load(model, engine="openvino", precision="bfloat16"),
        "XLA, float32": mfjax.load(model, engine="xla", precision="float32"),
    }
    off: dict[str, list[np.ndarray]] = {name: [] for name in others}
    for pair in find_pairs(folder / "ir", folder / "vis").pairs[:pairs]:
        ir, vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        ir = np.asarray(cv2.resize(ir, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        fused = exact(ir, vis).fused.astype(int)
        for name, fuser in others.items():
            off[name].append(np.abs(fuser(ir, vis).fused - fused).ravel())
    print("| engine | mean | largest | share of pixels that differ |\n|---|---|---|---|")
    for name, differences in off.items():
        every = np.concatenate(differences)
        print(f"| {name} | {every.mean():.3f} | {every.max()} | {(every > 0).mean():.1e} |")


if __name__ == "__main__":
    tyro.cli(main)
