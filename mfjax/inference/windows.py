"""Tiles of an output under which a source is placed by a window, at any scale and between pixels."""

import math

import numpy as np

from mfjax.alignment.windows import Window
from mfjax.inference.tiles import MARGIN, SMALL_PERIODS, Tile, extent, source_canvas
from mfjax.model.extent import Extent
from mfjax.model.grids import Grid
from mfjax.model.placement import Placement
from mfjax.size import Size

SAME_OFFSETS = 2**16  # parts of a pixel; offsets that are the same in them differ by rounding only


def corner(tile: Tile, source: Size, output: Size, window: Window) -> Size:
    """Returns the first row and column of the part of a source that a tile needs; they may be negative.

    Args:
        tile: the tile.
        source: the source's size.
        output: the output's size.
        window: the place of the source.
    """
    begin, sides = window.on(output)
    row, col = (math.floor((part.canvas - begin[i]) * source[i] / sides[i]) - MARGIN for i, part in enumerate(tile))
    return row, col


def placement(
    tile: Tile, source: Size, output: Size, canvas: Size, window: Window, *, exact: bool = False
) -> Placement:
    """Returns the position of the part of a source that a tile needs under the tile's canvas.

    Args:
        tile: the tile.
        source: the source's size.
        output: the output's size.
        canvas: the size of the canvas.
        window: the place of the source.
        exact: keep grids in their exact form where the fast one is faster.
    """
    begin, sides = window.on(output)
    first, begun = corner(tile, source, output, window), (tile.rows.canvas, tile.cols.canvas)
    steps = [source[i] / sides[i] for i in range(2)]  # source pixels to a pixel of the output
    up = Grid.affine(canvas, [(begun[i] - begin[i]) * steps[i] - first[i] for i in range(2)], steps)
    corners = [begin[i] + first[i] / steps[i] - begun[i] for i in range(2)]
    down = Grid.affine(source_canvas(canvas, None), corners, [1 / step for step in steps])
    # Source pixels that lie beyond the output read beyond the canvas, too, by which the network knows them.
    beyond = [axis.source >= output[i] - begun[i] for i, axis in enumerate(down)]
    down = Grid(*(down[i]._replace(source=np.where(beyond[i], canvas[i] + 1, down[i].source)) for i in range(2)))
    if not exact:
        up, down = fast(up), fast(down)
    shown = Extent(*(np.int32(n) for n in (source[0] - first[0], source[1] - first[1], -first[0], -first[1])))
    return Placement(up, down, np.array(corners, np.float32), shown, extent(tile, output))


def covering(source: Size, output: Size, window: Window) -> Placement:
    """Returns the position of a whole source under a whole output, with grids in their fast form.

    Args:
        source: the source's size.
        output: the output's size.
        window: the place of the source.
    """
    found = Placement.covering(source, output, *window.on(output))
    return found._replace(up=fast(found.up), down=fast(found.down))


def fast(grid: Grid) -> Grid:
    """Returns a grid with columns in their fast form: offsets that repeat are listed once, and many are interpolated.

    At a scale such as 5/3 few offsets repeat. Interpolated filters would be imprecise there: a block may hold two
    offsets that lie far apart.

    Args:
        grid: the grid, with an offset for each column.
    """
    axis = grid.cols
    distinct, number = np.unique(np.round(axis.offsets * SAME_OFFSETS) / SAME_OFFSETS, return_inverse=True)
    few = next((few for few in SMALL_PERIODS if len(distinct) <= few), None)
    if few is None:
        return grid.interpolated()
    return grid._replace(cols=axis._replace(number=number.astype(np.int32), offsets=np.resize(distinct, few)))
