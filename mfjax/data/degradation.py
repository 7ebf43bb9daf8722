"""Wald's protocol: low-resolution inputs made from crops that serve as the truth (Section III.D).

Scales are whole tenths from 1.0 to 3.0. Compiling a program for each of their 441 pairs would take hours, so the scale
is a traced number, and a low-resolution input is cut to one of a few canvas sizes. A canvas may have room for more of
the scene than the crop that is the truth. It is filled with real image, for which crops are read with a margin. The
network sees either all of it, or no more than the crop, so that it learns what the edges of an image are.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mfjax.model.extent import Extent
from mfjax.model.placement import Placement

TENTHS = 10  # a scale is numerator / TENTHS
_ONE = 2**11  # OpenCV's weights between two pixels add up to it


@dataclass(frozen=True)
class Canvas:
    """A size of low-resolution input and the scales that it serves, all of them known when compiling."""

    size: int  # pixels a side
    largest: int  # numerator of the largest scale

    def placement(self, crop: int, numerator: jax.Array, whole: jax.Array) -> Placement:
        """Returns how a canvas lies under a crop at scale `numerator / 10`.

        Args:
            crop: side of the crop in pixels.
            numerator: of the scale, in tenths; may be traced.
            whole: if true the network sees all of the canvas, otherwise only what shows the crop; may be traced.
        """
        seen = jnp.where(whole, self.size, _pixels(crop, numerator))
        inputs, outputs = (self.size, self.size), (crop, crop)
        return Placement.traced(inputs, outputs, numerator, TENTHS, self.largest, Extent(seen, seen))


@functools.lru_cache(maxsize=32)
def canvases(crop: int, smallest: int, largest: int, *, count: int = 3) -> tuple[Canvas, ...]:
    """Returns the canvases that serve a range of scales at the least mean area.

    Args:
        crop: side of the crops in pixels.
        smallest: the smallest scale in tenths.
        largest: the largest scale in tenths.
        count: number of canvases; fewer if there are fewer scales.
    """
    numerators = range(smallest, largest + 1)
    count = min(count, len(numerators))

    def group(starts: Sequence[int]) -> list[tuple[int, int]]:
        return list(zip(starts, [*(s - 1 for s in starts[1:]), largest], strict=True))

    def area(starts: Sequence[int]) -> int:
        return sum((last - first + 1) * _pixels(crop, first) ** 2 for first, last in group(starts))

    choices = ((smallest, *cuts) for cuts in itertools.combinations(numerators[1:], count - 1))
    return tuple(Canvas(_pixels(crop, first), last) for first, last in group(min(choices, key=area)))


def canvas_for(numerator: int, available: Sequence[Canvas]) -> Canvas:
    """Returns the canvas that serves a scale.

    Args:
        numerator: the scale in tenths.
        available: the canvases, as `canvases` returns them.
    """
    return next(canvas for canvas in available if numerator <= canvas.largest)


def crop_with_margin(available: Sequence[Canvas]) -> int:
    """Returns the side in pixels of a high-resolution image that fills every canvas at every scale it serves.

    Args:
        available: the canvases, as `canvases` returns them.
    """
    return math.ceil(max(canvas.size * canvas.largest for canvas in available) / TENTHS)


def degrade(image: jax.Array, canvas: Canvas, numerator: jax.Array) -> jax.Array:
    """Returns the image at 10/numerator of its resolution, cut to a canvas from the top left corner.

    It equals `cv2.INTER_LINEAR` bit for bit: bilinear between pixel centres without antialiasing, in fixed point.

    Args:
        image: uint8 `[n, s, s, 1]`, large enough to fill the canvas (`crop_with_margin`).
        canvas: the canvas, which gives the result's size, uint8 `[n, size, size, 1]`.
        numerator: of the scale, in tenths; may be traced.
    """
    # Output pixel i lies at (i + 1/2) numerator/10 − 1/2, a whole number of 20ths, of the image.
    position = (2 * jnp.arange(canvas.size) + 1) * numerator - TENTHS
    before = position // (2 * TENTHS)
    weight = (position % (2 * TENTHS) * _ONE + TENTHS) // (2 * TENTHS)  # weight of the pixel after, rounded

    def between(x: jax.Array, axis: int, multiply: Callable[[jax.Array, jax.Array], jax.Array]) -> jax.Array:
        first, second = (jnp.take(x, before + i, axis=axis, mode="clip") for i in range(2))
        weights = weight.reshape(-1, *(1,) * (x.ndim - 1 - axis))
        return multiply(first, _ONE - weights) + multiply(second, weights)

    across = between(image.astype(jnp.int32), 2, lambda x, w: x * w)  # 8 + 11 bits
    down = between(across >> 4, 1, lambda x, w: x * w >> 16)  # 10 bits
    return (down + 2 >> 2).astype(jnp.uint8)


def degrade_with_opencv(image: NDArray[np.uint8], numerator: int) -> NDArray[np.uint8]:
    """Returns the image at 10/numerator of its resolution, by OpenCV.

    Args:
        image: uint8 `[h, w]`.
        numerator: of the scale, in tenths.
    """
    factor = TENTHS / numerator
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR), np.uint8)


def _pixels(crop: int, numerator: Any) -> Any:
    """Returns the number of low-resolution pixels that cover a crop."""
    return -(-crop * TENTHS // numerator)
