"""The residual compensation module: what the upscaled features lost of the source's (Eqs. 11, 12)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.resampling import MetaDownscale, MetaUpscale, Scale, positions


class ResidualCompensation(nn.Module):
    """The residual R^up `[n, H, W, c]` by which to refine upscaled features (RCM).

    Takes a source's own features F^dw `[n, h, w, c]` and their upscaled form F `[n, H, W, c]`. The caller adds the
    residual to F (Eq. 15) and the larger of the two sources' residuals to the fused features (Eqs. 13, 14).
    """

    hidden: int

    @nn.compact
    def __call__(self, low: jax.Array, high: jax.Array, scale: Scale) -> jax.Array:
        (h, w), (H, W) = low.shape[1:3], high.shape[1:3]
        down = scale.inverse()
        lost = low - MetaDownscale(self.hidden, name="downscale")(high, (h, w), down)  # Eq. (11)
        # In training the low-resolution canvas may reach beyond the upscaled map; nothing is known to be lost there.
        inside = (positions(h, down.rows)[0] < H)[:, None] & (positions(w, down.cols)[0] < W)
        lost = jnp.where(inside[..., None], lost, 0)
        return MetaUpscale(self.hidden, name="upscale")(lost, (H, W), scale)  # Eq. (12)
