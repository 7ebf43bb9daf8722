"""Between the average of both sources and the brighter one."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.training.targets.base import Metrics, Target, register


@register("brighter")
@dataclass(frozen=True)
class Brighter(Target):
    """The brighter source at each pixel, mixed with the average of both."""

    mix: float = 1.0
    """Weight of the brighter source, from 0 to 1; the average of both has the rest."""

    def __post_init__(self) -> None:
        if not 0 <= self.mix <= 1:
            raise MfjaxError(f"the brighter source's weight must lie in [0, 1], not {self.mix:g}")

    def loss(
        self, key: jax.Array, output: FusionOutput, ir: jax.Array, vis: jax.Array, **others: Any
    ) -> tuple[jax.Array, Metrics]:
        """Returns the mean distance of the fused image from the mixture. See `Target.loss`."""
        mixture = self.mix * jnp.maximum(ir, vis) + (1 - self.mix) * (ir + vis) / 2
        distance = losses.mean_absolute_error(output.fused, mixture)
        return distance, {"fusion": distance}

    def describe(self) -> str:
        """Returns the target in a few words, with the weight."""
        return f"the brighter source, {self.mix:g}, with the average of both"
