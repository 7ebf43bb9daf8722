"""Colour for a fused image: its luma is new, its chroma the visible image's."""

from typing import Literal

import cv2
import numpy as np

from mfjax.images import to_luma

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


def colourise(luma: np.ndarray, vis: np.ndarray) -> np.ndarray:
    """A luma image with the chroma of another, as RGB in [0, 1] whose luma is exactly the given one.

    The chroma is each channel's difference from the luma (Cb, Cr and what follows from them), resized
    linearly, which can't overshoot into fringes. Where a colour so bright or dark does not exist, the pixel
    keeps its luma and hue and loses saturation.

    Args:
        luma: [H, W] float32 in [0, 1].
        vis: [h, w, 3] float32 RGB in [0, 1], the same view at any size.

    Returns:
        [H, W, 3] float32.
    """
    height, width = luma.shape
    shrinks = height <= vis.shape[0] and width <= vis.shape[1]
    chroma = cv2.resize(
        vis - to_luma(vis)[..., None],
        (width, height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    # The room from the luma to white where a channel lies above it, to black where it lies below.
    room = np.where(chroma > 0, 1 - luma[..., None], luma[..., None])
    saturation = np.min(room / np.maximum(np.abs(chroma), 1e-6), axis=-1, keepdims=True)
    return np.clip(luma[..., None] + np.minimum(saturation, 1) * chroma, 0, 1)
