"""The result of fusing, which Jupyter shows as a picture."""

from typing import NamedTuple

import numpy as np

from mfjax import representation
from mfjax.images.picture import png


class Fusion(NamedTuple):
    """The three images that are made of a pair, all of the output's size."""

    fused: np.ndarray  # [H, W], or [H, W, 3] in colour
    ir: np.ndarray  # [H, W], the super-resolved infrared source
    vis: np.ndarray  # [H, W], or [H, W, 3] in colour, the super-resolved visible source

    def __repr__(self) -> str:
        return representation.arrays(self)

    def _repr_png_(self) -> bytes:
        return png(np.asarray(self.fused))
