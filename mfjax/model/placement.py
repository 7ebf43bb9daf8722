"""Placements: the position of a source under the output, pixel by pixel, and the extents of both."""

from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.model.extent import EVERYWHERE, AnyExtent, Extent
from mfjax.model.grids import Axis, Grid, Integer
from mfjax.size import Size


class Placement(NamedTuple):
    """The position of a source under the output: the grids that resample each to the other, and their extents."""

    up: Grid  # positions in the source that the output's pixels read
    down: Grid  # positions in the output that the source's pixels read
    corner: Any  # [2], row and column of the output at which the source's array begins; may lie between pixels
    source: AnyExtent  # the part of the source's array that is image
    output: AnyExtent  # the part of the output's array that is image

    def interpolated(self) -> Self:
        """Returns the placement with grids in their fast form, for inference; see `Grid.interpolated`."""
        return self._replace(up=self.up.interpolated(), down=self.down.interpolated())

    @classmethod
    def between(cls, inputs: Size, outputs: Size) -> Self:
        """Returns the placement of a source that covers the output exactly, for sizes known at compile time.

        Args:
            inputs: the source's size.
            outputs: the output's size.
        """
        corner = np.zeros(2, np.float32)
        return cls(Grid.between(inputs, outputs), Grid.between(outputs, inputs), corner, EVERYWHERE, EVERYWHERE)

    @classmethod
    def covering(cls, inputs: Size, outputs: Size, corner: Any, sides: Any) -> Self:
        """Returns the placement of a source that covers an axis-parallel rectangle of the output.

        The rectangle may reach beyond the output, or cover a part of it only; where the output lies outside the source,
        its upscaled features, residuals and image are zero. Lengths are between edges, not centres, of pixels.

        Args:
            inputs: the source's size.
            outputs: the output's size.
            corner: row and column of the output at which the source begins, `[2]`, real. Both this and `sides` may be
                traced, and the network's output is differentiable by them.
            sides: height and width of the source in pixels of the output, `[2]`, real and positive.
        """
        steps = [inputs[i] / sides[i] for i in range(2)]
        up = Grid.affine(outputs, [-corner[i] * steps[i] for i in range(2)], steps)
        down = Grid.affine(inputs, corner, [1 / step for step in steps])
        xp: Any = jnp if isinstance(corner, jax.Array) else np
        return cls(up, down, xp.asarray(corner, np.float32), EVERYWHERE, EVERYWHERE)

    @classmethod
    def whole(cls, inputs: tuple[Any, Any], factor: int) -> Self:
        """Returns the placement of a source that covers an output of a whole multiple of its size.

        Args:
            inputs: the source's (height, width); the sides may be symbols of `jax.export`.
            factor: how many times as large the output is.
        """
        up = Grid(*(Axis.whole(factor * side, factor, 1, 0) for side in inputs))
        down = Grid(*(Axis.whole(side, 1, factor, 0) for side in inputs))
        return cls(up, down, np.zeros(2, np.float32), EVERYWHERE, EVERYWHERE)

    @classmethod
    def traced(
        cls, inputs: Size, outputs: Size, numerator: Integer, denominator: int, limit: int, source: Extent
    ) -> Self:
        """Returns the placement for r = numerator / denominator, with a traced numerator and equal top left corners.

        Args:
            inputs: size of the source's array, which may reach beyond the output.
            outputs: size of the output's array.
            numerator: the factor r times the denominator; may be traced.
            denominator: the factor's denominator.
            limit: the largest numerator.
            source: the part of the source's array that is image.
        """
        up = Grid.traced(outputs, numerator, denominator, limit)
        down = Grid.traced(inputs, denominator, numerator, denominator)
        return cls(up, down, np.zeros(2, np.float32), source, EVERYWHERE)
