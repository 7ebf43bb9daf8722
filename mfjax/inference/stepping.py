"""Reaching any factor with a network that is trained for some, by averaging and by enlarging in steps.

A network is good up to the factor that it was trained at; at factor 1 it returns its source, except for single gray
levels. So along each axis a source that is larger than the output is first averaged to the output's length, and a
source that is much smaller is first enlarged by the network itself, in steps of the largest factor. A source that is
averaged along both axes is its own super-resolved image.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from mfjax.size import Size
from mfjax.weights import recipe

LARGEST_FACTOR = 3.0  # largest factor of a model whose file does not tell its own: the paper's, and training's default
SMALLEST_STEP = 1.5  # smallest step, also for a model that was trained at less, since smaller ones would be very many
# The last step may be so many times the largest factor: it loses at most 0.1 dB against two steps, in half of the time.
LAST_STEP_EXCESS = 1.1
MAX_FACTOR_RATIO = 1.5  # largest ratio of both axes' factors, which are equal in training


def largest_factor(metadata: Mapping[str, str]) -> float:
    """Returns the largest factor by which a model enlarges in one pass: that of its training.

    Args:
        metadata: the metadata of its weights file; `LARGEST_FACTOR` counts if they don't tell it.
    """
    return max(recipe.largest_factor(metadata) or LARGEST_FACTOR, SMALLEST_STEP)


def plan_sizes(source: Size, output: Size, largest: float = LARGEST_FACTOR) -> list[Size]:
    """Returns the sizes that a source goes through before the network enlarges it to the output's size.

    Args:
        source: the source's size.
        output: the output's size.
        largest: the factor that the network was trained at.

    Returns:
        First the size that the source is averaged to, which is its own if it is not larger than the output; then the
        sizes that the network enlarges it to. Each step is as large as possible and the last one the smallest, since
        two equal steps lose more. Where one axis needs a much larger factor than the other, both are enlarged alike,
        and the axis that gets longer than the output's is averaged.
    """
    rows, cols = (min(sides) for sides in zip(source, output, strict=True))
    sizes = [(rows, cols)]
    while True:
        (less, *_), (most, end, side) = sorted((o / s, o, s) for o, s in zip(output, (rows, cols), strict=True))
        near, even = most <= LAST_STEP_EXCESS * largest, most <= MAX_FACTOR_RATIO * less
        if near and even:
            return sizes
        if near:  # the last step, at the larger factor
            step = -(-rows * end // side), -(-cols * end // side)
        else:
            step = max(int(largest * rows), rows + 1), max(int(largest * cols), cols + 1)
        rows, cols = min(step[0], output[0]), min(step[1], output[1])
        sizes.append((rows, cols) if even else step)


def is_average(source: Size, output: Size) -> bool:
    """Returns true if a source is averaged to the output's size along one axis or both, and enlarged along none.

    Args:
        source: the source's size.
        output: the output's size.
    """
    return source != output and source[0] >= output[0] and source[1] >= output[1]


def averaged(image: np.ndarray, size: Size) -> np.ndarray:
    """Returns an image averaged along each axis that is longer than a size's.

    Args:
        image: the image, `[h, w, …]`.
        size: the (height, width) to average to; a side that is not shorter leaves its axis unchanged.
    """
    rows, cols = (min(sides) for sides in zip(image.shape, size, strict=False))
    if (rows, cols) == image.shape[:2]:
        return image
    return np.asarray(cv2.resize(image, (cols, rows), interpolation=cv2.INTER_AREA), image.dtype)


def averaging_matrix(length: int, output: int) -> np.ndarray:
    """Returns the matrix `[output, length]` that averages an axis as `averaged` does; its rows sum to 1.

    Args:
        length: pixels of the axis.
        output: pixels that it is averaged to, fewer than `length`.
    """
    # Where pixels begin, in units of 1 / (output · length) of the axis, so that all are whole numbers.
    i, j = np.arange(output)[:, None] * length, np.arange(length) * output
    overlap = np.minimum(i + length, j + output) - np.maximum(i, j)
    return (np.maximum(overlap, 0) / length).astype(np.float32)
