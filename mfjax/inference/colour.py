"""Colour for a fused image: its luma is new, its hue the visible image's, its chroma what suits that luma."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import DTypeLike

from mfjax.errors import MfjaxError
from mfjax.images import from_float, to_luma
from mfjax.inference.stepping import averaged

STRIP = 32  # rows, a dozen planes of which fit a processor's cache: twice as fast as 256
KEPT = 0.6  # of the visible chroma, however bright the fused luma is: a warm tail light is red, not pink
DARK = 0.25  # visible luma below which chroma is noise rather than colour
TINY = 1e-6  # instead of 0 below a fraction

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
    """Returns luma images in the colours of another one, as RGB.

    Every pixel keeps its hue: its chroma, which is each channel's difference from the luma (Cb, Cr and what follows
    from them), is multiplied by one gain. That is the ratio of new to visible luma where the new one is lower, so a
    darker thing is as saturated as before. Where it is higher the gain is smaller than the ratio, and the more so the
    darker the visible image is, where chroma is mostly noise: at most 1 + luma / (2 `DARK`). The visible image's own
    luma gives it back.

    Luma is exact where the visible chroma fits below white. Beyond, where the colour would wash out, luma rises only
    1 - `KEPT` as fast as the given one, so that even at 1 a share of `KEPT` of the visible chroma is left. So what is
    brighter stays brighter, gray stays exact, and nothing falls by more than `KEPT` times the largest of the visible
    chroma's channels: some hundredths for a pale sky, a third for a red lamp.

    The visible image is resized linearly, which can't overshoot into fringes. Made some rows at a time: floats of all
    would be most of the memory.

    Args:
        lumas: of one size, each [H, W] float32 in [0, 1].
        vis: [h, w, 3] float32 RGB in [0, 1], the same view at any size.
        dtype: of the results.

    Returns:
        For each luma [H, W, 3] in the range of its type.
    """
    height, width = lumas[0].shape
    vis = averaged(vis, (height, width))
    out = [np.empty((height, width, 3), dtype) for _ in lumas]
    for first in range(0, height, STRIP):
        rows = slice(first, first + STRIP)
        visible = _resized_rows(vis, np.arange(height)[rows], height, width)
        before = to_luma(visible)
        chroma = [plane - before for plane in cv2.split(visible)]
        highest = np.maximum(np.maximum.reduce(chroma), TINY)
        rise = before / (before * before + DARK * DARK)  # of the gain, for a luma brighter by 1
        before = np.maximum(before, TINY)
        for image, luma in zip(out, lumas, strict=True):
            some = luma[rows]
            some = some - KEPT * np.maximum(some - (1 - highest), 0)
            # In proportion; less where brighter than in the dark; and what fits below white. Black needs no bound: in
            # proportion, no channel gets negative.
            gain = np.minimum(some / before, 1 + (some - before) * rise)
            gain = np.minimum(gain, (1 - some) / highest)
            coloured = cv2.merge([some + gain * plane for plane in chroma])
            image[rows] = from_float(np.clip(coloured, 0, 1), dtype)
    return out


def _resized_rows(vis: np.ndarray, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns some rows of an image as it is when resized linearly to a size, as by OpenCV's `INTER_LINEAR`."""
    if (h := vis.shape[0]) == height and vis.shape[1] == width:
        return vis[rows[0] : rows[-1] + 1]
    at = np.clip((rows + 0.5) * (h / height) - 0.5, 0, h - 1)
    above = np.minimum(at.astype(int), max(h - 2, 0))
    some = vis[above[0] : above[-1] + 2]
    some = cv2.resize(some, (width, len(some)), interpolation=cv2.INTER_LINEAR)
    weight = (at - above).astype(np.float32)[:, None, None]
    above = above - above[0]
    return (1 - weight) * some[above] + weight * some[np.minimum(above + 1, len(some) - 1)]
