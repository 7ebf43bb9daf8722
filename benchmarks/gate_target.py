"""The gate: what can be kept of both sources without learning, for `blind.py` to show beside fused images."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.model.base import pivot
from mfjax.model.blend import knee

Image = NDArray[np.float32]
THRESHOLD = 2.0  # how much stronger a source's structure must be than what is shown
CONTRAST = 1.2
SCALES = (1, 2, 4, 8)  # pixels, of the Gaussians between which bands lie


def gate(ir: Image, vis: Image) -> Image:
    """Returns the brighter source with the structure that it hides of the other, and more contrast; levels in [0, 1].

    Wherever a band of Gaussians is twice as strong in a source as in what is shown, it takes the shown one's place, by
    the smooth gate 1 / (1 + (t·e_shown / e_other)⁴) of local mean magnitudes; the coarsest level stays as shown. Then
    contrast of 1.2 about the pivot, with a soft knee at both ends in place of clipping.
    """
    levels = [[x, *(_blurred(x, sigma) for sigma in SCALES)] for x in (np.maximum(ir, vis), ir, vis)]
    result = levels[0][-1].copy()
    for i, sigma in enumerate(SCALES):
        shown, *bands = (of[i] - of[i + 1] for of in levels)
        strength, *strengths = (_blurred(np.abs(band), 2 * sigma) for band in (shown, *bands))
        other = np.where(strengths[0] >= strengths[1], *bands)
        share = 1 / (1 + (THRESHOLD * strength / np.maximum(np.maximum(*strengths), 1e-9)) ** 4)
        result += shown + share * (other - shown)
    level = pivot(result.mean())
    return np.asarray(knee(level + CONTRAST * (result - level)))


def _blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))
