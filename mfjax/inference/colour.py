"""Colour for a fused image, which keeps its luma and gets the visible image's hue, and chroma that suits its luma."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import DTypeLike

from mfjax.errors import MfjaxError
from mfjax.images import from_float, to_luma
from mfjax.inference.stepping import averaged

STRIP = 32  # rows that are coloured at a time; their planes fit a processor's cache, twice as fast as 256 rows
KEPT = 0.6  # share of the visible chroma that even the brightest luma keeps: a warm tail light is red, not pink
DARK = 0.25  # visible luma below which chroma is noise rather than colour
TINY = 1e-6  # smallest denominator

Color = Literal["auto", "gray", "color"]


def wants_colour(color: Color, vis: np.ndarray) -> bool:
    """Returns true if the output is in colour.

    Args:
        color: "auto", in colour if the visible image is; "gray"; or "color".
        vis: the visible image, `[h, w]` or `[h, w, 3]`.

    Raises:
        MfjaxError: colour is asked for and there is none, or `color` is another word.
    """
    if color not in ("auto", "gray", "color"):
        raise MfjaxError(f'color is {color!r}; it is "auto", "gray" or "color"')
    if color == "color" and vis.ndim == 2:
        raise MfjaxError('the visible image has no colour; pass color="auto" or "gray"')
    return color != "gray" and vis.ndim == 3


def colourise(lumas: Sequence[np.ndarray], vis: np.ndarray, dtype: DTypeLike = np.float32) -> list[np.ndarray]:
    """Returns luma images in the colours of a visible one, as RGB.

    Every pixel keeps its hue: the visible chroma, each channel's difference from the luma, is multiplied by one gain.
    Where the new luma is lower than the visible one, the gain is their ratio, so saturation stays. Where it is higher,
    the gain is smaller than the ratio, and the more so the darker the visible image is, since dark chroma is mostly
    noise: at most 1 + luma / (2 `DARK`). With its own luma, the visible image comes back.

    Luma is exact where the multiplied chroma stays below white. Brighter luma, at which the colour would wash out,
    rises only 1 - `KEPT` as fast as the given one, so that even at 1 a share of `KEPT` of the visible chroma is left.
    So brighter pixels stay brighter, gray stays exact, and luma falls by at most `KEPT` times the largest channel of
    the visible chroma: by some hundredths for a pale sky, by a third for a red lamp.

    The visible image is resized linearly, which makes no fringes. Rows are worked on a few at a time, since all of them
    as floats would be most of the memory.

    Args:
        lumas: luma images of one size, each `[H, W]`, float32 in [0, 1].
        vis: the visible image, `[h, w, 3]`, float32 RGB in [0, 1]; the same view at any size.
        dtype: type of the results.

    Returns:
        An image `[H, W, 3]` in the range of its type for each luma.
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
        rise = before / (before * before + DARK * DARK)  # increase of the gain for a luma brighter by 1
        before = np.maximum(before, TINY)
        for image, luma in zip(out, lumas, strict=True):
            some = luma[rows]
            some = some - KEPT * np.maximum(some - (1 - highest), 0)
            # The gain is the ratio, less than it where the luma is brighter, and small enough for the channels to stay
            # below white. Black needs no bound: a gain of at most the ratio makes no channel negative.
            gain = np.minimum(some / before, 1 + (some - before) * rise)
            gain = np.minimum(gain, (1 - some) / highest)
            coloured = cv2.merge([some + gain * plane for plane in chroma])
            image[rows] = from_float(np.clip(coloured, 0, 1), dtype)
    return out


def _resized_rows(vis: np.ndarray, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns some rows of an image that is resized linearly to a size, as by OpenCV's `cv2.INTER_LINEAR`."""
    if (h := vis.shape[0]) == height and vis.shape[1] == width:
        return vis[rows[0] : rows[-1] + 1]
    at = np.clip((rows + 0.5) * (h / height) - 0.5, 0, h - 1)
    above = np.minimum(at.astype(int), max(h - 2, 0))
    some = vis[above[0] : above[-1] + 2]
    some = cv2.resize(some, (width, len(some)), interpolation=cv2.INTER_LINEAR)
    weight = (at - above).astype(np.float32)[:, None, None]
    above = above - above[0]
    return (1 - weight) * some[above] + weight * some[np.minimum(above + 1, len(some) - 1)]
