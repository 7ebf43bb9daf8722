"""A target for small models: the fused images that another model makes of the same sources."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.training.targets.base import Metrics, Target, register


@register("teacher")
@dataclass(frozen=True)
class Teacher(Target):
    """The fused image that another model makes of the same sources."""

    model: str = "default"
    """Name of a bundled model, or a weights file."""

    def __post_init__(self) -> None:
        if not self.model:
            raise MfjaxError("model is ''; it must be a bundled model, such as 'default', or a weights file")

    def loss(
        self,
        key: jax.Array,
        output: FusionOutput,
        ir: jax.Array,
        vis: jax.Array,
        *,
        taught: jax.Array | None = None,
        axis_name: str | None = None,
        detail: jax.Array | float = 1.0,
    ) -> tuple[jax.Array, Metrics]:
        """Returns the pixel loss, with the distance from the taught image in place of that from both sources.

        See `Target.loss`.

        Raises:
            ValueError: there is no taught image.
        """
        if taught is None:
            raise ValueError(f"the target is what {self.model} makes, so its loss needs that image as `taught`")
        distance = losses.mean_absolute_error(output.fused, taught)
        return losses.sr_loss(output, ir, vis) + distance, {"fusion": distance}

    def describe(self) -> str:
        """Returns the target in a few words, with the model's file name."""
        return f"what {Path(self.model).name} makes"

    def taught_by(self) -> str | None:
        """Returns the other model."""
        return self.model

    def to_json(self) -> dict[str, Any]:
        """Returns the target with the name of the model's file, not its place on one's own machine."""
        return super().to_json() | {"model": Path(self.model).name}
