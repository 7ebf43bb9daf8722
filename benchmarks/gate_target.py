"""The gate: a fused image without learning, which `blind.py` shows beside those of models."""

import cv2
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mfjax.model.base import pivot
from mfjax.model.blend import knee

Image = NDArray[np.float32]
THRESHOLD = 2.0  # ratio of a source's structure to the shown one's from which it is taken
CONTRAST = 1.2  # factor by which contrast is raised
SCALES = (1, 2, 4, 8)  # standard deviations, in pixels, of the Gaussians between which bands lie


def gate(ir: Image, vis: Image) -> Image:
    """Returns the brighter source with the other's structure that it hides, and more contrast; levels in [0, 1].

    Where a band of Gaussians is twice as strong in a source as in the brighter image, it takes that one's place, by the
    smooth gate 1 / (1 + (t·e_shown / e_other)⁴) of local mean magnitudes; the coarsest level is the brighter image's.
    Then contrast is raised by 1.2 about the pivot, with a soft knee at both ends instead of clipping.

    Args:
        ir: the infrared image, `[h, w]` in [0, 1].
        vis: the visible image, of the same size.
    """
    levels = [[x, *(_blurred(x, sigma) for sigma in SCALES)] for x in (np.maximum(ir, vis), ir, vis)]
    result = levels[0][-1].copy()
    for i, sigma in enumerate(SCALES):
        shown, *bands = (of[i] - of[i + 1] for of in levels)
        strength, *strengths = (_blurred(np.abs(band), 2 * sigma) for band in (shown, *bands))
        other = np.where(strengths[0] >= strengths[1], *bands)
        share = 1 / (1 + (THRESHOLD * strength / np.maximum(np.maximum(*strengths), 1e-9)) ** 4)
        result += shown + share * (other - shown)
    level = pivot(jnp.asarray(result.mean()))
    return np.asarray(knee(level + CONTRAST * (result - level)))


def _blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))
