"""Draws docs/align.jpg: a rendered street that two cameras see differently, fused as it is and aligned.

Run it after the default model or the views changed: python docs/align.py
"""

from pathlib import Path

import cv2
import numpy as np

import mfjax
from mfjax import images
from mfjax.alignment import Alignment
from mfjax.alignment.warping import resampled
from mfjax.data.synthetic import scene

# Infrared sees three quarters of the width of visible, turned by 3°.
COS, SIN = 1.35 * np.cos(np.radians(3)), 1.35 * np.sin(np.radians(3))
TO_IR = (
    np.array([[1, 0, 0.53], [0, 1, 0.48], [0, 0, 1]])
    @ np.array([[COS, -SIN * 3 / 4, 0], [SIN * 4 / 3, COS, 0], [0, 0, 1]])
    @ np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
)


def draw() -> np.ndarray:
    """Returns four panels: fused without alignment, and aligned in the three views."""
    seen = scene(7, 480, 640)
    ir = resampled(scene(7, 960, 1280).ir, np.linalg.inv(TO_IR), (240, 320))
    alignment = Alignment(TO_IR, (240, 320), (480, 640))
    fuser = mfjax.load("default")
    made = [fuser(ir, seen.vis).fused]
    made += [fuser(ir, seen.vis, align=alignment, view=view).fused for view in ("visible", "infrared", "overlap")]
    panels = [_in_frame(image) for image in made]
    picture = np.concatenate([np.concatenate(panels[:2], axis=1), np.concatenate(panels[2:], axis=1)])
    return images.from_float(picture, np.uint8)


def _in_frame(image: np.ndarray) -> np.ndarray:
    """Returns an image fitted into 360×480 on white."""
    scale = min(360 / image.shape[0], 480 / image.shape[1])
    rows, cols = (round(side * scale) for side in image.shape[:2])
    out = np.ones((366, 486, 3), np.float32)
    top, left = (366 - rows) // 2, (486 - cols) // 2
    out[top : top + rows, left : left + cols] = cv2.resize(image, (cols, rows), interpolation=cv2.INTER_AREA)
    return out


if __name__ == "__main__":
    images.write(Path(__file__).with_suffix(".jpg"), draw(), quality=88)
