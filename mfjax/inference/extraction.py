"""Extracting the features of a large image in parts."""

import itertools
from collections.abc import Callable

import numpy as np

from mfjax.inference import watching
from mfjax.inference.tiles import parts
from mfjax.size import Size

# Pixels of halo around the parts of an image. A feature depends on 103 pixels to each side, but those more than 24 away
# change the bundled models' features by less than a millionth of the largest value (`benchmarks/halo.py`). With a
# stride, these are blocks.
HALO = 24

BYTES_PER_VALUE = 32  # memory that extraction takes for each pixel and each channel between blocks


def by_parts(image: np.ndarray, canvas: Size, stride: int, extract: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Returns the features of an image, extracted in parts that are no larger than a canvas.

    Args:
        image: luma in [0, 1], `[h, w]`.
        canvas: the largest (height, width) of a part.
        stride: that of the network, for the parts to begin where its blocks do.
        extract: a function that returns features `[h, w, c]` of luma `[h, w]`.
    """
    cuts = [parts(length, side, HALO * stride, stride) for length, side in zip(image.shape, canvas, strict=True)]
    if [len(axis) for axis in cuts] == [1, 1]:
        features = extract(image)
        watching.extracted(image.size)
        return features
    found = None
    for rows, cols in itertools.product(*cuts):
        part = extract(image[rows.canvas : rows.canvas + canvas[0], cols.canvas : cols.canvas + canvas[1]])
        if found is None:
            found = np.empty((*image.shape, part.shape[-1]), part.dtype)
        found[rows.own, cols.own] = part[rows.inner, cols.inner]
        watching.extracted(image[rows.own, cols.own].size)
    assert found is not None
    return found
