"""Colour for a fused image: its luma is new, its chroma the visible image's."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import DTypeLike

from mfjax.errors import MfjaxError
from mfjax.images import from_float, to_luma
from mfjax.inference.stepping import averaged

STRIP = 256  # rows

Color = Literal["auto", "gray", "color"]


def wants_colour(color: Color, vis: np.ndarray) -> bool:
    """Whether the output has colour: what `color` asks for and a visible image [h, w] or [h, w, 3] can give.

    Raises:
        MfjaxError: colour is asked for and there is none, or `color` is another word.
    """
    if color not in ("auto", "gray", "color"):
        raise MfjaxError(f'color is {color!r}; it is "auto", "gray" or "color"')
    if color == "color" and vis.ndim == 2:
        raise MfjaxError('the visible image has no colour; pass color="auto" or "gray"')
    return color != "gray" and vis.ndim == 3


def colourise(lumas: Sequence[np.ndarray], vis: np.ndarray, dtype: DTypeLike = np.float32) -> list[np.ndarray]:
    """Luma images with the chroma of another, as RGB whose luma is the given one.

    The chroma is each channel's difference from the luma (Cb, Cr and what follows from them), resized
    linearly, which can't overshoot into fringes. Where a colour so bright or dark does not exist, the pixel
    keeps its luma and hue and loses saturation. Made some rows at a time: floats of all would be most of the memory.

    Args:
        lumas: of one size, each [H, W] float32 in [0, 1].
        vis: [h, w, 3] float32 RGB in [0, 1], the same view at any size.
        dtype: of the results.

    Returns:
        For each luma [H, W, 3] in the range of its type.
    """
    height, width = lumas[0].shape
    vis = averaged(vis, (height, width))  # linear, so the chroma of that is wanted
    out = [np.empty((height, width, 3), dtype) for _ in lumas]
    for first in range(0, height, STRIP):
        rows = slice(first, first + STRIP)
        planes = cv2.split(_chroma_of_rows(vis, np.arange(height)[rows], height, width))
        highest, lowest = np.maximum(np.maximum.reduce(planes), 1e-6), np.maximum(-np.minimum.reduce(planes), 1e-6)
        for image, luma in zip(out, lumas, strict=True):
            some = luma[rows]
            # The room from the luma to white for the highest channel, to black for the lowest.
            saturation = np.minimum(np.minimum((1 - some) / highest, some / lowest), 1)
            coloured = cv2.merge([some + saturation * plane for plane in planes])
            image[rows] = from_float(np.clip(coloured, 0, 1), dtype)
    return out


def _chroma_of_rows(vis: np.ndarray, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    """Some rows of the chroma of an image as it is when resized linearly to a size, as by OpenCV's `INTER_LINEAR`."""
    if (h := vis.shape[0]) == height and vis.shape[1] == width:
        some = vis[rows[0] : rows[-1] + 1]
        return some - to_luma(some)[..., None]
    at = np.clip((rows + 0.5) * (h / height) - 0.5, 0, h - 1)
    above = np.minimum(at.astype(int), max(h - 2, 0))
    some = vis[above[0] : above[-1] + 2]
    chroma = cv2.resize(some - to_luma(some)[..., None], (width, len(some)), interpolation=cv2.INTER_LINEAR)
    weight = (at - above).astype(np.float32)[:, None, None]
    above = above - above[0]
    return (1 - weight) * chroma[above] + weight * chroma[np.minimum(above + 1, len(chroma) - 1)]
