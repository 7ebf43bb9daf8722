"""Features of large images from those of their parts."""

import itertools
from collections.abc import Callable

import numpy as np

from mfjax.inference.tiles import parts
from mfjax.model.placement import Size

# Pixels of halo around the parts of an image. A feature depends on 103 to each side, but what is more than 24 away
# changes those of the bundled models by less than a millionth of their largest value (`benchmarks/halo.py`).
HALO = 24


def by_parts(image: np.ndarray, canvas: Size, extract: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Returns the features of an image from those of parts of it that are no larger than a canvas.

    Args:
        image: luma in [0, 1], `[h, w]`.
        canvas: the largest (height, width) of a part.
        extract: gives features `[h, w, c]` of luma `[h, w]`.
    """
    cuts = [parts(length, side, HALO) for length, side in zip(image.shape, canvas, strict=True)]
    if [len(axis) for axis in cuts] == [1, 1]:
        return extract(image)
    found = None
    for rows, cols in itertools.product(*cuts):
        part = extract(image[rows.canvas : rows.canvas + canvas[0], cols.canvas : cols.canvas + canvas[1]])
        if found is None:
            found = np.empty((*image.shape, part.shape[-1]), part.dtype)
        found[rows.own, cols.own] = part[rows.inner, cols.inner]
    assert found is not None
    return found
