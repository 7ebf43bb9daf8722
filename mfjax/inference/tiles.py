"""Which part of a picture a tile is, and which parts of both sources it needs.

A tile is worked on in an array of a fixed size, its canvas, so that one compiled program serves pictures of all sizes.
A canvas has more of the picture than the tile's own pixels, as far as anything reaches that these depend on. Where it
reaches beyond the picture's end, extents say so. Lengths are in pixels, sizes (height, width).
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mfjax.model import ModelConfig
from mfjax.model.blend import REACH
from mfjax.model.extent import Extent
from mfjax.model.placement import Placement, Size
from mfjax.model.resampling import FEW_OFFSETS, Axis, Grid

ALIGNED = 4  # canvases of the output begin at its multiples: position attention pools so many pixels
REACH_OF_FEATURES = 11  # how far a fused pixel looks: position attention, and the reconstruction after it
REACH_OF_IMAGE = 2  # both reconstructions; a blend looks further
MARGIN = 4  # source pixels around those under a canvas: the filters, and cubic convolution
SMALL = 8  # offsets; most pairs of cameras have no more, or very many
WHOLE = 1, 2, 4  # factors that have programs of their own, several times as fast; they divide `ALIGNED`


class Part(NamedTuple):
    """One axis of a tile: where its canvas begins, and which pixels of the picture are the tile's own."""

    canvas: int
    start: int
    stop: int

    @property
    def own(self) -> slice:
        """The tile's own pixels in the picture."""
        return slice(self.start, self.stop)

    @property
    def inner(self) -> slice:
        """The tile's own pixels in its canvas."""
        return slice(self.start - self.canvas, self.stop - self.canvas)


class Tile(NamedTuple):
    """Both axes of a tile."""

    rows: Part
    cols: Part


class Tiling(NamedTuple):
    """How an output is made of tiles in canvases of one size."""

    canvas: Size
    tiles: list[Tile]


def parts(length: int, canvas: int, halo: int, aligned: int = 1) -> list[Part]:
    """An axis cut into parts as long as a canvas has room for, besides a halo at each end that is not the picture's.

    Raises:
        ValueError: there is no room.
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
    """The output in tiles that give what the whole would, of sources that are no larger.

    Raises:
        ValueError: the canvas is too small for any.
    """
    axes = []
    for axis, length in enumerate(output):
        # A residual reads features a source pixel around, which read upscaled ones another around.
        ratios = [length / source[axis] for source in sources]
        reach = REACH_OF_IMAGE + (REACH if config.blend else 0)
        reach += config.compensations * (math.ceil(2 * max(ratios)) + 2)
        axes.append(parts(length, canvas[axis], max(REACH_OF_FEATURES, reach), ALIGNED))
    return Tiling(canvas, [Tile(*both) for both in itertools.product(*axes)])


def whole_factor(source: Size, output: Size) -> int | None:
    """The one of `WHOLE` by which a source is enlarged, if it is one."""
    return next((factor for factor in WHOLE if (factor * source[0], factor * source[1]) == output), None)


def source_canvas(canvas: Size, factor: int | None) -> Size:
    """The size of the arrays that hold what a tile needs of a source; they begin `MARGIN` before it."""
    rows, cols = (-(-side // (factor or 1)) + 2 * MARGIN + 2 for side in canvas)
    return rows, cols


def corner(tile: Tile, source: Size, output: Size) -> Size:
    """Where the part of a source that a tile needs begins, in its rows and columns; it may be before the source."""
    row, col = (part.canvas * source[axis] // output[axis] - MARGIN for axis, part in enumerate(tile))
    return row, col


def cut(image: np.ndarray, start: Size, size: Size) -> np.ndarray:
    """A part of an image `[h, w, …]`, with zeros where it is beyond its ends."""
    out = np.zeros((*size, *image.shape[2:]), image.dtype)
    here, there = [], []
    for first, length, available in zip(start, size, image.shape, strict=False):
        low, high = max(first, 0), min(first + length, available)
        here.append(slice(low - first, max(high, low) - first))
        there.append(slice(low, max(high, low)))
    out[*here] = image[*there]
    return out


def whole_grids(canvas: Size, factor: int) -> tuple[Grid, Grid]:
    """How a canvas is resampled from the array of a source that it is so many times as large as, and back."""
    begun = source_canvas(canvas, factor)
    up = [Axis.whole(side, factor, 1, MARGIN) for side in canvas]
    down = [Axis.whole(side, 1, factor, -factor * MARGIN) for side in begun]
    return Grid(*up), Grid(*down)


def placement(tile: Tile, source: Size, output: Size, canvas: Size) -> Placement:
    """How the part of a source that a tile needs lies under the tile's canvas, as arrays of few shapes.

    Without grids if the factor is one of `WHOLE`.
    """
    first, begun = corner(tile, source, output), (tile.rows.canvas, tile.cols.canvas)
    factor = whole_factor(source, output)
    up: Any = None
    down: Any = None
    if factor is None:
        there = source_canvas(canvas, factor)
        period = max(source[1], output[1]) // math.gcd(source[1], output[1])
        few = next((few for few in (SMALL, FEW_OFFSETS) if period <= few), None)  # of rows it does not matter
        up = Grid(
            _axis(source[0], output[0], canvas[0], begun[0], first[0], None),
            _axis(source[1], output[1], canvas[1], begun[1], first[1], few),
        )
        down = Grid(
            _axis(output[0], source[0], there[0], first[0], begun[0], None),
            _axis(output[1], source[1], there[1], first[1], begun[1], few),
        )
    corners = [first[i] * output[i] / source[i] - begun[i] for i in range(2)]
    shown = Extent(*(np.int32(n) for n in (source[0] - first[0], source[1] - first[1], -first[0], -first[1])))
    return Placement(up, down, np.array(corners, np.float32), shown, extent(tile, output))


def extent(tile: Tile, output: Size) -> Extent:
    """What of a tile's canvas is picture."""
    return Extent(np.int32(output[0] - tile.rows.canvas), np.int32(output[1] - tile.cols.canvas))


def _axis(size: int, output: int, count: int, first: int, source: int, few: int | None) -> Axis:
    """An axis from its output pixel `first` on, to be read from an array that begins at the source pixel `source`.

    Beyond the picture's ends its last pixel is repeated. With `few`, so many offsets are listed, else one a pixel.
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
