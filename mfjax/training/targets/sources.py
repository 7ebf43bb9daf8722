"""The paper's target: both sources, with the contrast that the contrast loss asks for (Section III.D)."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.training.targets.base import Metrics, Target, images_before, register


@register("sources")
@dataclass(frozen=True)
class Sources(Target):
    """Both sources at once, by the paper's total loss (Eq. 22)."""

    contrast_weight: float = 0.005
    """λ of Eq. (22), the weight of the contrast loss."""
    contrast_pairs: int = 4096
    """Number of pixel pairs in each image from which the contrast loss is estimated."""

    def __post_init__(self) -> None:
        if self.contrast_weight < 0:
            raise MfjaxError(f"contrast_weight is {self.contrast_weight}; it must be 0 or more")
        if self.contrast_pairs < 1:
            raise MfjaxError(f"contrast_pairs is {self.contrast_pairs}; it must be at least 1")

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
        """Returns L_total (Eq. 22), and its terms that concern the fused image. See `Target.loss`."""
        pixel = losses.pixel_loss(output, ir, vis)
        contrast = self._contrast_loss(key, output.fused, ir, vis, axis_name)
        return losses.total_loss(pixel, contrast, self.contrast_weight), {
            "fusion": losses.fusion_loss(output.fused, ir, vis),
            "deviation": contrast.deviation,
            "contrast": contrast.contrast,
        }

    def describe(self) -> str:
        """Returns the target in a few words, with λ."""
        return f"both sources, λ {self.contrast_weight:g}"

    def _contrast_loss(
        self, key: jax.Array, fused: jax.Array, ir: jax.Array, vis: jax.Array, axis_name: str | None
    ) -> losses.ContrastLoss:
        # Each image has its own key, so the pixel pairs don't depend on how a batch is spread over devices.
        n = fused.shape[0]
        keys = jax.vmap(partial(jax.random.fold_in, key))(images_before(n, axis_name) + jnp.arange(n))
        loss_of_image = partial(losses.contrast_loss, pairs=self.contrast_pairs)
        terms = jax.vmap(loss_of_image)(keys, *(image[:, None] for image in (fused, ir, vis)))
        return losses.ContrastLoss(*(term.mean() for term in terms))
