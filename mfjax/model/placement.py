"""How a source lies under the output: which of their pixels belong together, and what of their arrays is image."""

from typing import Any, NamedTuple, Self

import numpy as np

from mfjax.model.extent import EVERYWHERE, AnyExtent, Extent
from mfjax.model.resampling import Axis, Grid, Integer

Size = tuple[int, int]  # height, width


class Placement(NamedTuple):
    """One source and the output: how either is resampled to the other, and what of their arrays is image."""

    up: Grid  # what the output's pixels read of the source
    down: Grid  # what the source's pixels read of the output
    corner: Any  # [2] where the source's array begins, in rows and columns of the output's
    source: AnyExtent
    output: AnyExtent

    @classmethod
    def between(cls, inputs: Size, outputs: Size) -> Self:
        """All of a source under all of an output, sizes in pixels known when compiling."""
        corner = np.zeros(2, np.float32)
        return cls(Grid.between(inputs, outputs), Grid.between(outputs, inputs), corner, EVERYWHERE, EVERYWHERE)

    @classmethod
    def whole(cls, inputs: tuple[Any, Any], factor: int) -> Self:
        """All of a source under all of an output that many times as large; sides may be symbols of `jax.export`."""
        up = Grid(*(Axis.whole(factor * side, factor, 1, 0) for side in inputs))
        down = Grid(*(Axis.whole(side, 1, factor, 0) for side in inputs))
        return cls(up, down, np.zeros(2, np.float32), EVERYWHERE, EVERYWHERE)

    @classmethod
    def traced(
        cls, inputs: Size, outputs: Size, numerator: Integer, denominator: int, limit: int, source: Extent
    ) -> Self:
        """At r = numerator / denominator, the numerator traced and at most `limit`, from the top left corner of both.

        The source's array may reach beyond the output.
        """
        up = Grid.traced(outputs, numerator, denominator, limit)
        down = Grid.traced(inputs, denominator, numerator, denominator)
        return cls(up, down, np.zeros(2, np.float32), source, EVERYWHERE)
