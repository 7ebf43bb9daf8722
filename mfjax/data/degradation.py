"""Wald's protocol: low-resolution inputs made from crops that serve as the truth (Section III.D).

Scales are whole tenths, 1.0 to 3.0. A program compiled for each of the 441 pairs of them would take hours, so the
scale is a traced number, and a low-resolution input is cut to one of a few canvas sizes. A canvas may have room for
more of the scene than the crop that is the truth. It is filled with real image, for which crops are read with a
margin, and the network looks either at all of it, or at no more than the crop, to learn what the ends of an image are.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from mfjax.model.network import Window
from mfjax.model.resampling import Scale

TENTHS = 10  # a scale is numerator / TENTHS


@dataclass(frozen=True)
class Canvas:
    """A size of low-resolution input and the scales it serves, all of them known when compiling."""

    size: int  # pixels a side
    largest: int  # numerator of the largest scale

    def window(self, crop: int, numerator: jax.Array, whole: jax.Array) -> Window:
        """The scale `numerator / 10`, with all of the canvas in view if `whole`, or only what shows the crop.

        Numerator and `whole` may be traced.
        """
        seen = jnp.where(whole, self.size, _pixels(crop, numerator))
        return Window(Scale.traced(numerator, TENTHS, self.largest), seen, seen)


@functools.lru_cache(maxsize=32)
def canvases(crop: int, smallest: int, largest: int, *, count: int = 3) -> tuple[Canvas, ...]:
    """The `count` canvases that serve all scales from `smallest` to `largest` tenths at the least mean area."""
    numerators = range(smallest, largest + 1)
    count = min(count, len(numerators))

    def group(starts: Sequence[int]) -> list[tuple[int, int]]:
        return list(zip(starts, [*(s - 1 for s in starts[1:]), largest], strict=True))

    def area(starts: Sequence[int]) -> int:
        return sum((last - first + 1) * _pixels(crop, first) ** 2 for first, last in group(starts))

    choices = ((smallest, *cuts) for cuts in itertools.combinations(numerators[1:], count - 1))
    return tuple(Canvas(_pixels(crop, first), last) for first, last in group(min(choices, key=area)))


def canvas_for(numerator: int, available: Sequence[Canvas]) -> Canvas:
    """The canvas that serves a scale."""
    return next(canvas for canvas in available if numerator <= canvas.largest)


def crop_with_margin(available: Sequence[Canvas]) -> int:
    """Pixels a side of high-resolution image that fill every canvas at every scale it serves."""
    return math.ceil(max(canvas.size * canvas.largest for canvas in available) / TENTHS)


def degrade(image: jax.Array, canvas: Canvas, numerator: jax.Array) -> jax.Array:
    """A canvas of the image at 10/numerator of its resolution, `[n, s, s, 1]` to `[n, size, size, 1]`, in [0, 1].

    Bilinear between pixel centres without antialiasing, as OpenCV's `INTER_LINEAR`, from the top left corner; values
    are rounded to 8 bits, as those of real inputs.
    """
    n, *_, c = image.shape
    factors = jnp.full(2, TENTHS / numerator)
    small = jax.image.scale_and_translate(
        image,
        (n, canvas.size, canvas.size, c),
        (1, 2),
        factors,
        jnp.zeros(2),
        method="linear",
        antialias=False,
    )
    return jnp.round(jnp.clip(small, 0, 1) * 255) / 255


def _pixels(crop: int, numerator: Any) -> Any:
    """Low-resolution pixels that cover a crop."""
    return -(-crop * TENTHS // numerator)
