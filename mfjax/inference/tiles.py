"""Tiles: the parts in which an output is made, and the parts of both sources that they need.

A tile is worked on in an array of a fixed size, its canvas, so that one compiled program serves images of all sizes. A
canvas shows the tile's own pixels and a halo around them, as wide as these pixels depend on others. Where it reaches
beyond the image's end, extents say so. Lengths are in pixels.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mfjax.model import ModelConfig
from mfjax.model.blend import REACH
from mfjax.model.extent import Extent
from mfjax.model.grids import MOST_EXACT, Axis, Grid
from mfjax.model.placement import Placement
from mfjax.size import Size

ALIGNED = 4  # canvases begin at multiples of this, since position attention pools 4×4 pixels of the output
REACH_OF_FEATURES = 11  # pixels that a fused pixel depends on to each side, by position attention and reconstruction
REACH_OF_IMAGE = 2  # the same by both reconstructions; a blend reaches further
MARGIN = 4  # source pixels around those under a canvas, for predicted filters and cubic convolution
SMALL_PERIODS = 8, MOST_EXACT  # offsets; most pairs of cameras have at most 8, or very many
WHOLE_FACTORS = 1, 2, 4  # factors with programs of their own, several times as fast; all divide `ALIGNED`


class Part(NamedTuple):
    """One axis of a tile."""

    canvas: int  # first pixel of the image that the canvas shows
    start: int  # the tile's first pixel in the image
    stop: int  # the pixel after its last

    @property
    def own(self) -> slice:
        """Returns the tile's own pixels as a slice of the image."""
        return slice(self.start, self.stop)

    @property
    def inner(self) -> slice:
        """Returns the tile's own pixels as a slice of its canvas."""
        return slice(self.start - self.canvas, self.stop - self.canvas)


class Tile(NamedTuple):
    """Both axes of a tile."""

    rows: Part
    cols: Part


class Tiling(NamedTuple):
    """The tiles of an output, and the size of all their canvases."""

    canvas: Size
    tiles: list[Tile]


def parts(length: int, canvas: int, halo: int, aligned: int = 1) -> list[Part]:
    """Returns the parts of an axis, each of which fits into a canvas with a halo at each end that is not the image's.

    Args:
        length: pixels of the axis.
        canvas: pixels of a canvas along it.
        halo: pixels of a halo.
        aligned: canvases begin at multiples of this.

    Raises:
        ValueError: the canvas is too small for two halos.
    """
    if length <= canvas:
        return [Part(0, 0, length)]
    room = canvas - 2 * halo - (aligned - 1)
    if room < 1:
        raise ValueError(f"a canvas of {canvas} pixels has no room for halos of {halo}")
    count = -(-(length - 2 * halo) // room)
    cuts = [0, *(halo + (length - 2 * halo) * i // count for i in range(1, count)), length]
    return [Part(max(0, lo - halo) // aligned * aligned, lo, hi) for lo, hi in itertools.pairwise(cuts)]


def tiling(config: ModelConfig, sources: Sequence[Size], output: Size, canvas: Size) -> Tiling:
    """Returns the tiles of an output, whose halos are wide enough for them to give what the whole image would.

    Args:
        config: the network's architecture, on which the halos depend.
        sources: the sources' sizes, none larger than the output.
        output: the output's size.
        canvas: the size of a canvas.

    Raises:
        ValueError: the canvas is too small for the halos.
    """
    axes = []
    for axis, length in enumerate(output):
        # A residual reads features one source pixel to each side, and these read upscaled ones another to each side.
        ratios = [length / source[axis] for source in sources]
        reach = REACH_OF_IMAGE + (REACH if config.blend else 0)
        reach += config.compensations * (math.ceil(2 * max(ratios)) + 2)
        axes.append(parts(length, canvas[axis], max(REACH_OF_FEATURES, reach), ALIGNED))
    return Tiling(canvas, [Tile(*both) for both in itertools.product(*axes)])


def whole_factor(source: Size, output: Size) -> int | None:
    """Returns the factor by which a source is enlarged if it is one of `WHOLE_FACTORS`, else None.

    Args:
        source: the source's size.
        output: the output's size.
    """
    return next((factor for factor in WHOLE_FACTORS if (factor * source[0], factor * source[1]) == output), None)


def source_canvas(canvas: Size, factor: int | None) -> Size:
    """Returns the size of the array for the part of a source under a canvas, with a margin of `MARGIN` pixels.

    Args:
        canvas: the size of the output's canvas.
        factor: `whole_factor` of the source.
    """
    rows, cols = (-(-side // (factor or 1)) + 2 * MARGIN + 2 for side in canvas)
    return rows, cols


def corner(tile: Tile, source: Size, output: Size) -> Size:
    """Returns the first row and column of the part of a source that a tile needs; they may be negative.

    Args:
        tile: the tile.
        source: the source's size.
        output: the output's size.
    """
    row, col = (part.canvas * source[axis] // output[axis] - MARGIN for axis, part in enumerate(tile))
    return row, col


def cut(image: np.ndarray, start: Size, size: Size) -> np.ndarray:
    """Returns a part of an image, with zeros beyond the image's ends.

    Args:
        image: the image, `[h, w, …]`.
        start: the part's first row and column; they may be negative.
        size: the part's size.
    """
    out = np.zeros((*size, *image.shape[2:]), image.dtype)
    here, there = [], []
    for first, length, available in zip(start, size, image.shape, strict=False):
        low, high = max(first, 0), min(first + length, available)
        here.append(slice(low - first, max(high, low) - first))
        there.append(slice(low, max(high, low)))
    out[*here] = image[*there]
    return out


def whole_grids(canvas: Size, factor: int) -> tuple[Grid, Grid]:
    """Returns the grids that resample the part of a source to a canvas, and back, at a whole factor.

    Args:
        canvas: the size of the canvas.
        factor: one of `WHOLE_FACTORS`.
    """
    begun = source_canvas(canvas, factor)
    up = [Axis.whole(side, factor, 1, MARGIN) for side in canvas]
    down = [Axis.whole(side, 1, factor, -factor * MARGIN) for side in begun]
    return Grid(*up), Grid(*down)


def placement(tile: Tile, source: Size, output: Size, canvas: Size, *, exact: bool = False) -> Placement:
    """Returns the position of the part of a source that a tile needs under the tile's canvas.

    Its arrays have few different shapes, so that few programs are compiled. It has no grids if the factor is one of
    `WHOLE_FACTORS`, for which `whole_grids` makes them inside the program.

    Args:
        tile: the tile.
        source: the source's size.
        output: the output's size.
        canvas: the size of the canvas.
        exact: keep grids in their exact form where the fast one is faster.
    """
    first, begun = corner(tile, source, output), (tile.rows.canvas, tile.cols.canvas)
    factor = whole_factor(source, output)
    up: Any = None
    down: Any = None
    if factor is None:
        there = source_canvas(canvas, factor)
        period = max(source[1], output[1]) // math.gcd(source[1], output[1])
        few = next((few for few in SMALL_PERIODS if period <= few), None)  # matters for columns only
        up = Grid(
            _axis(source[0], output[0], canvas[0], begun[0], first[0], None),
            _axis(source[1], output[1], canvas[1], begun[1], first[1], few),
        )
        down = Grid(
            _axis(output[0], source[0], there[0], first[0], begun[0], None),
            _axis(output[1], source[1], there[1], first[1], begun[1], few),
        )
        if not exact:
            up, down = up.interpolated(), down.interpolated()
    corners = [first[i] * output[i] / source[i] - begun[i] for i in range(2)]
    shown = Extent(*(np.int32(n) for n in (source[0] - first[0], source[1] - first[1], -first[0], -first[1])))
    return Placement(up, down, np.array(corners, np.float32), shown, extent(tile, output))


def extent(tile: Tile, output: Size) -> Extent:
    """Returns the part of a tile's canvas that is image.

    Args:
        tile: the tile.
        output: the output's size.
    """
    return Extent(np.int32(output[0] - tile.rows.canvas), np.int32(output[1] - tile.cols.canvas))


def _axis(size: int, output: int, count: int, first: int, source: int, few: int | None) -> Axis:
    """Returns `count` output pixels of an axis from `first` on, which read an array that begins at a source pixel.

    Beyond the image's ends the last pixel is repeated. With `few`, so many offsets are listed, else one for each pixel.
    """
    i = np.clip(first + np.arange(count, dtype=np.int64), 0, output - 1)
    if few is None:
        number, listed = np.arange(count), i
    else:
        period = output // math.gcd(size, output)
        number, listed = i % period, np.resize(np.arange(period, dtype=np.int64), few)
    offsets = listed * size % output / output
    read = i * size // output - source
    return Axis(read.astype(np.int32), number.astype(np.int32), offsets.astype(np.float32), np.float32(size / output))
