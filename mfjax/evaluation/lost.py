"""The structure of each source that fused images lost: over all pairs, over those by day and those by night."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax import images

SKY = 32  # gray levels by which a sky at night is at most brighter than the darkest pixels


def is_night(vis: NDArray) -> bool:
    """Returns true if a visible image was taken at night, judged by its sky.

    At night the upper third of a street scene is nearly as dark as its darkest pixels; by day it shows the sky. So an
    image counts as night if the median of its upper third is less than 32 gray levels above its first percentile. Mean
    luma alone is no criterion, since some cameras lift night images to a middle gray. This agrees with the labels of
    MSRS for 331 of 352 images, and with the eye for 127 of 130 images of RoadScene. It fails for scenes under dark
    trees by day, and for brightly lit ones seen from above at night.

    Args:
        vis: the visible image, uint8, uint16 or float in [0, 1], `[h, w]` or `[h, w, 3]`.
    """
    levels = images.luma(vis)
    upper = levels[: max(1, len(levels) // 3)]
    return bool(np.median(upper) - np.percentile(levels, 1) < SKY)


def by_light(night: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Returns the masks of the pairs that means are taken over: "all", "day" and "night".

    Args:
        night: true for each pair that was taken at night, `[pairs]`.
    """
    return {"all": np.ones_like(night), "day": ~night, "night": night}


class LostStructure(NamedTuple):
    """The structure that methods lost of each pair's sources."""

    shares: NDArray[np.float64]  # [methods, pairs, 2], infrared's and visible's; NaN where a source dominates nowhere
    night: NDArray[np.bool_]  # [pairs], true for each pair that was taken at night

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Returns each method's mean share, `[methods]`, by the head of a table's column; NaN if no pair counts."""
        found = {}
        for side, source in enumerate(("infrared", "visible")):
            for light, chosen in by_light(self.night).items():
                found[f"{source}, {light} ({chosen.sum()})"] = mean(self.shares[:, chosen, side])
        return found


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns means over pairs of the values that are not NaN, `[methods, …]`; NaN where all are.

    Args:
        values: `[methods, pairs, …]`.
    """
    defined = ~np.isnan(values)
    sums = np.where(defined, values, 0).sum(axis=1)
    return np.divide(sums, defined.sum(axis=1), out=np.full(sums.shape, np.nan), where=defined.any(axis=1))
