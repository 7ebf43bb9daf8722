"""The simplest target: the average of both sources."""

from dataclasses import dataclass
from typing import Any

import jax

from mfjax import losses
from mfjax.model import FusionOutput
from mfjax.training.targets.base import Metrics, Target, register


@register("average")
@dataclass(frozen=True)
class Average(Target):
    """The weighted average of both sources."""

    share: float = 0.5
    """Weight of infrared, from 0 to 1; visible has the rest."""

    def loss(
        self, key: jax.Array, output: FusionOutput, ir: jax.Array, vis: jax.Array, **others: Any
    ) -> tuple[jax.Array, Metrics]:
        """Returns the mean distance of the fused image from the average. See `Target.loss`."""
        distance = losses.mean_absolute_error(output.fused, self.share * ir + (1 - self.share) * vis)
        return distance, {"fusion": distance}

    def describe(self) -> str:
        """Returns the target in a few words, with the weight."""
        return f"the average of both sources, infrared {self.share:g}"
