"""Any factor from those that the network is good at: averaging and steps, before it makes the output.

A network is good up to the factor that it was trained at, and at factor 1 gives its source back, but for gray levels
here and there. So along each axis a source that is larger than the output is first averaged to the output's length, and
one that is much smaller is first enlarged by the network itself, as far as it can, then what came of that. Where both
axes are averaged, that is the super-resolved source, too. Sizes are (height, width).
"""

from collections.abc import Mapping

import cv2
import numpy as np

from mfjax.weights import recipe

Size = tuple[int, int]

LARGEST_FACTOR = 3.0  # of a model whose file does not say what it was trained at: the default of training, the paper's
SMALLEST_STEP = 1.5  # for a model that was trained at less: of smaller steps it would take very many
BEYOND = 1.1  # times the largest factor, where one step still gives 0.1 dB less than two at most, in half of the time
UNEVEN = 1.5  # how far the factors of both axes may be apart: they are equal in training


def largest_factor(metadata: Mapping[str, str]) -> float:
    """The factor up to which a model enlarges at once, by what its weights file tells of its training."""
    return max(recipe.largest_factor(metadata) or LARGEST_FACTOR, SMALLEST_STEP)


def plan(source: Size, output: Size, largest: float = LARGEST_FACTOR) -> list[Size]:
    """The sizes that a source goes through before the network enlarges it to the output's.

    Args:
        source: its own size.
        output: the output's.
        largest: the factor that the network was trained at.

    Returns:
        The size that it is averaged to, its own where it is not larger than the output, and then those that the network
        enlarges it to. Steps are as large as can be, the smallest last: of two equal ones, more is lost. Where one axis
        has much more to go than the other, both are enlarged alike, and what gets larger than the output is averaged.
    """
    rows, cols = (min(sides) for sides in zip(source, output, strict=True))
    sizes = [(rows, cols)]
    while True:
        (less, *_), (most, end, side) = sorted((o / s, o, s) for o, s in zip(output, (rows, cols), strict=True))
        near, even = most <= BEYOND * largest, most <= UNEVEN * less
        if near and even:
            return sizes
        if near:  # the last step, at the larger factor
            step = -(-rows * end // side), -(-cols * end // side)
        else:
            step = max(int(largest * rows), rows + 1), max(int(largest * cols), cols + 1)
        rows, cols = min(step[0], output[0]), min(step[1], output[1])
        sizes.append((rows, cols) if even else step)


def is_average(source: Size, output: Size) -> bool:
    """Whether a source is larger than the output and averaged to it, along one axis or both, and nowhere enlarged."""
    return source != output and source[0] >= output[0] and source[1] >= output[1]


def averaged(image: np.ndarray, size: Size) -> np.ndarray:
    """An image `[h, w, …]`, along each axis averaged to a size where it is larger, else as it is."""
    rows, cols = (min(sides) for sides in zip(image.shape, size, strict=False))
    if (rows, cols) == image.shape[:2]:
        return image
    return np.asarray(cv2.resize(image, (cols, rows), interpolation=cv2.INTER_AREA), image.dtype)


def averages(length: int, output: int) -> np.ndarray:
    """What each of `output` pixels takes of each of `length` ones, of which there are more: `averaged` as a matrix."""
    i, j = np.arange(output)[:, None] * length, np.arange(length) * output  # in units that both are whole numbers of
    overlap = np.minimum(i + length, j + output) - np.maximum(i, j)
    return (np.maximum(overlap, 0) / length).astype(np.float32)
