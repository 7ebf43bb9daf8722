"""The choice of canvases, in which an output's tiles are made: of little work, within the free memory."""

import contextlib
import itertools
import math
from collections.abc import Sequence
from typing import Literal

from mfjax.errors import MfjaxError
from mfjax.inference import sizes, tiles
from mfjax.inference.tiles import Tiling
from mfjax.model import ModelConfig
from mfjax.size import Size

# Sizes of canvases, few, so that few programs are compiled: of the usual ones, the one in which an output's tiles with
# their halos have the fewest pixels. Networks of many compensations have halos that need larger ones.
USUAL_CANVASES = (288, 384), (512, 640)
LARGE_CANVASES = (1024, 1280), (2048, 2560)

TileSide = int | Literal["auto"]


def choose_tiling(config: ModelConfig, sources: Sequence[Size], size: Size, tile: TileSide) -> Tiling:
    """Returns the tiles of an output.

    Args:
        config: the network's architecture.
        sources: the sources' sizes.
        size: the output's size.
        tile: pixels a side of a canvas, less if the free memory does not suffice; "auto" chooses one of little work.

    Raises:
        MfjaxError: canvases of that side are too small for these factors.
    """
    if tile != "auto":
        return _tiling_of_side(config, sources, size, sizes.affordable_tile(tile, size))
    affordable = [canvas for canvas in USUAL_CANVASES if sizes.tile_bytes(canvas) <= sizes.working_memory()]
    if usual := _tilings(config, sources, size, affordable or USUAL_CANVASES[:1]):
        return min(usual, key=lambda tiled: len(tiled.tiles) * math.prod(tiled.canvas))
    *smaller, largest = USUAL_CANVASES + LARGE_CANVASES
    larger = _tilings(config, sources, size, smaller)
    return larger[0] if larger else tiles.tiling(config, sources, size, largest)


def _tilings(config: ModelConfig, sources: Sequence[Size], size: Size, canvases: Sequence[Size]) -> list[Tiling]:
    """Returns an output's tiles in each of the canvases that have room for halos."""
    found = []
    for canvas in canvases:
        with contextlib.suppress(ValueError):
            found.append(tiles.tiling(config, sources, size, canvas))
    return found


def _tiling_of_side(config: ModelConfig, sources: Sequence[Size], size: Size, tile: int) -> Tiling:
    """Returns an output's tiles in canvases of `tile` pixels a side, rounded up to a multiple of `tiles.ALIGNED`."""
    largest = max(itertools.chain(size, *sources)) + tiles.ALIGNED  # a canvas that holds the whole output
    first = -(-min(max(tile, 1), largest) // tiles.ALIGNED) * tiles.ALIGNED
    for side in itertools.count(first, tiles.ALIGNED):
        try:
            tiled = tiles.tiling(config, sources, size, (side, side))
        except ValueError:
            continue
        if side > first or tile < 1:
            raise MfjaxError(f"tile is {tile}; for these sizes it must be at least {side}")
        return tiled
    raise AssertionError("there is always one")
