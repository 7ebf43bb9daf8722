"""The residual compensation module (RCM), which recovers details that upscaling lost (Eqs. 11, 12)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.placement import Placement
from mfjax.model.resampling import MetaDownscale, MetaUpscale


class ResidualCompensation(nn.Module):
    """The residual R^up `[n, H, W, c]` that refines upscaled features (RCM).

    It takes a source's features F^dw `[n, h, w, c]` and their upscaled form F `[n, H, W, c]`. The caller adds the
    residual to F (Eq. 15) and the larger of the two sources' residuals to the fused features (Eqs. 13, 14).
    """

    hidden: int

    @nn.compact
    def __call__(self, low: jax.Array, high: jax.Array, placement: Placement) -> jax.Array:
        down = placement.down
        lost = low - MetaDownscale(self.hidden, name="downscale")(high, down)  # Eq. (11)
        # The source's array may reach beyond the output's; the residual is zero there.
        rows, cols = ((at.source >= 0) & (at.source < side) for at, side in zip(down, high.shape[1:3], strict=True))
        known = rows[:, None] & cols
        lost = placement.source.inside(jnp.where(known[..., None], lost, 0))
        return MetaUpscale(self.hidden, name="upscale")(lost, placement.up)  # Eq. (12)
