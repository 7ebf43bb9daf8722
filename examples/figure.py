"""Draws the README's figure: the example pair and its fused image by the bundled model.

    python examples/figure.py

It writes docs/street.jpg.
"""

from pathlib import Path

import cv2
import numpy as np

import mfjax
from mfjax import images

HERE = Path(__file__).parent


def main(out: Path = HERE.parent / "docs" / "street.jpg") -> None:
    """Writes the infrared image, the visible one and the fused one side by side, at the visible one's size."""
    ir, vis = (images.read(HERE / f"street_{name}.png") for name in ("ir", "vis"))
    fused = mfjax.fuse(ir, vis)
    height, width = vis.shape[:2]
    enlarged = cv2.resize(ir, (width, height), interpolation=cv2.INTER_NEAREST)  # as coarse as it is
    gap = np.full((height, 8, 3), 255, np.uint8)
    out.parent.mkdir(exist_ok=True)
    images.write(out, np.hstack([np.dstack([enlarged] * 3), gap, vis, gap, fused]))


if __name__ == "__main__":
    main()
