"""Scoring a fused image by registered metrics."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.metrics.common import UndefinedError
from mfjax.metrics.registry import METRICS, default_names


class Scores(dict[str, float]):
    """Values by metric. A metric that is undefined for the images is NaN, and `reasons` has the reason by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: dict[str, str] = {}


def score(ir: NDArray, vis: NDArray, fused: NDArray, *, names: Sequence[str] | None = None) -> Scores:
    """Returns the metrics of a fused image by name.

    Args:
        ir: the infrared image, uint8, uint16 or float in [0, 1], gray `[h, w]` or RGB `[h, w, 3]`.
        vis: the visible image, of the same size.
        fused: the fused image, of the same size.
        names: names of `METRICS`; by default all except variants.

    Returns:
        The values by name. A metric that is undefined for these images, as many are for a constant one, is NaN, and
        `.reasons[name]` says why.

    Raises:
        MfjaxError: the images are not of one size, a float lies outside [0, 1], or a name is unknown.
    """
    names = default_names() if names is None else names
    if unknown := [name for name in names if name not in METRICS]:
        raise MfjaxError(f"there is no metric {', '.join(unknown)}; available: {', '.join(METRICS)}")
    levels = [images.luma(image).astype(np.float64) for image in (ir, vis, fused)]
    if len({x.shape for x in levels}) > 1:
        sizes = [f"{x.shape[0]}x{x.shape[1]}" for x in levels]
        raise MfjaxError(f"infrared is {sizes[0]}, visible {sizes[1]} and fused {sizes[2]}; resize them to one size")
    scores = Scores()
    for name in names:
        try:
            scores[name] = METRICS[name].function(*levels)
        except UndefinedError as reason:
            scores[name] = float("nan")
            scores.reasons[name] = str(reason)
    return scores
