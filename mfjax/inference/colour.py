"""Colour for a fused image: its luma is new, its chroma the visible image's."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import DTypeLike

from mfjax.images import from_float, to_luma

STRIP = 256  # rows

Color = Literal["auto", "gray", "color"]


def wants_colour(color: Color, vis: np.ndarray) -> bool:
    """Whether the output has colour: what `color` asks for and a visible image [h, w] or [h, w, 3] can give.

    Raises:
        ValueError: colour is asked for and there is none, or `color` is another word.
    """
    if color not in ("auto", "gray", "color"):
        raise ValueError(f'color is {color!r}; it is "auto", "gray" or "color"')
    if color == "color" and vis.ndim == 2:
        raise ValueError('the visible image has no colour; pass color="auto" or "gray"')
    return color != "gray" and vis.ndim == 3


def colourise(luma: np.ndarray, vis: np.ndarray, dtype: DTypeLike = np.float32) -> np.ndarray:
    """A luma image with the chroma of another, as RGB whose luma is the given one.

    The chroma is each channel's difference from the luma (Cb, Cr and what follows from them), resized
    linearly, which can't overshoot into fringes. Where a colour so bright or dark does not exist, the pixel
    keeps its luma and hue and loses saturation. Made some rows at a time: floats of all would be most of the memory.

    Args:
        luma: [H, W] float32 in [0, 1].
        vis: [h, w, 3] float32 RGB in [0, 1], the same view at any size.
        dtype: of the result.

    Returns:
        [H, W, 3] in the range of its type.
    """
    height, width = luma.shape
    shrinks = height <= vis.shape[0] and width <= vis.shape[1]
    if shrinks and luma.shape != vis.shape[:2]:
        vis = cv2.resize(vis, (width, height), interpolation=cv2.INTER_AREA)  # linear, so the chroma of that is wanted
    out = np.empty((height, width, 3), dtype)
    for first in range(0, height, STRIP):
        rows = slice(first, first + STRIP)
        some = luma[rows]
        planes = cv2.split(_chroma_of_rows(vis, np.arange(height)[rows], height, width))
        # The room from the luma to white for the channel highest above it, to black for the one lowest below it.
        above, below = np.maximum.reduce(planes), -np.minimum.reduce(planes)
        room = np.minimum((1 - some) / np.maximum(above, 1e-6), some / np.maximum(below, 1e-6))
        saturation = np.minimum(room, 1, out=room)
        out[rows] = from_float(np.clip(cv2.merge([some + saturation * plane for plane in planes]), 0, 1), dtype)
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
