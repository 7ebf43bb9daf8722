"""The fusion module: two sources' upscaled features become one (Fig. 5, Eqs. 8-10)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.attention import DualAttention
from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import LeakyConv


def select_by_magnitude(ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Whichever of two feature maps is larger in magnitude at each place; infrared on a tie (Eqs. 8, 9, 13)."""
    return jnp.where(jnp.abs(ir) >= jnp.abs(vis), ir, vis)


class FusionModule(nn.Module):
    """Fused features F_con,f of both sources' upscaled features, each `[n, H, W, c]`.

    Takes both maps and the `channel_relation` of each. Without dual attention (the paper's "Baseline") both selections
    are of the source features, so only one is made.
    """

    dual_attention: bool = True
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, ir: jax.Array, vis: jax.Array, relations: tuple[jax.Array, jax.Array]) -> jax.Array:
        selected = [select_by_magnitude(ir, vis)]  # Eq. (9)
        if self.dual_attention:
            attend = DualAttention(self.extent, name="attention")  # one for both sources
            attended = [attend(x, relation) for x, relation in zip((ir, vis), relations, strict=True)]
            selected.insert(0, select_by_magnitude(*attended))  # Eq. (8)
        return LeakyConv(ir.shape[-1], 1, name="merge")(selected)  # Eq. (10)
