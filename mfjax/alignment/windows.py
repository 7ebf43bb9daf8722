"""Sources that are placed under an output, not resampled: maps with a scale and a shift for each axis only."""

import math
from typing import NamedTuple

import numpy as np

from mfjax.alignment import geometry
from mfjax.alignment.frames import UNMOVED
from mfjax.alignment.geometry import Matrix
from mfjax.size import Size


class Window(NamedTuple):
    """The rectangle of the output that a source covers: all of it and less than a pixel more at each side."""

    corner: tuple[float, float]  # first row and column, as shares of the output's sides; not positive
    sides: tuple[float, float]  # height and width, likewise; with the corner, not less than 1

    def on(self, size: Size) -> tuple[list[float], list[float]]:
        """Returns corner and sides in pixels of an output.

        Args:
            size: the output's (height, width).
        """
        corner, sides = ([share * side for share, side in zip(each, size, strict=True)] for each in self)
        return corner, sides

    def cover(self, size: Size) -> Size:
        """Returns the size of an output of this scale that the source would cover exactly, rounded down.

        Args:
            size: the output's (height, width).
        """
        rows, cols = (max(2, math.floor(side + 1e-6)) for side in self.on(size)[1])
        return rows, cols

    def under(self, source: Size) -> Size:
        """Returns about how many rows and columns of a source lie under the output.

        Args:
            source: the source's (height, width).
        """
        rows, cols = (max(1, math.floor(n / share)) for n, share in zip(source, self.sides, strict=True))
        return rows, cols


class Placed(NamedTuple):
    """A source, cut or continued by whole pixels so that it covers the output, and the place of that."""

    image: np.ndarray  # [h, w] or [h, w, 3]
    window: Window


def placed(image: np.ndarray, to_source: Matrix, size: Size) -> Placed | None:
    """Returns a source placed under a frame; its pixels stay as they are, and its ends are repeated beyond them.

    Args:
        image: the source, `[h, w]` or `[h, w, 3]`.
        to_source: the map from the frame to the source.
        size: the frame's (height, width).

    Returns:
        The placed source; None if what the map has besides a scale and a shift for each axis moves a corner by more
        than `UNMOVED` pixels of the finer one of source and frame, or it mirrors the source.
    """
    source = image.shape[0], image.shape[1]
    finer = min(1.0, *geometry.steps(to_source, source, size))
    straight = geometry.parallel(to_source)
    (width, _, left), (_, height, top), _ = straight
    if min(width, height) <= 0 or not geometry.is_parallel(to_source, source, tolerance=UNMOVED * finer):
        return None
    corner, sides, pads, parts = [], [], [], []
    for length, first, share in zip(source, (top, left), (height, width), strict=True):
        begin, end = (round(x * length, 6) for x in (first, first + share))  # in source pixels
        low, high = math.floor(begin), math.ceil(end)
        corner.append((low - begin) / (end - begin))
        sides.append((high - low) / (end - begin))
        parts.append(slice(min(max(low, 0), length - 1), max(min(high, length), 1)))
        pads.append((min(max(-low, 0), high - low - 1), min(max(high - length, 0), high - low - 1)))
    ends = [*pads, *([(0, 0)] if image.ndim == 3 else [])]
    covering = np.pad(image[parts[0], parts[1]], ends, mode="edge")
    return Placed(covering, Window((corner[0], corner[1]), (sides[0], sides[1])))
