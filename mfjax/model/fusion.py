"""The fusion module, which makes one feature map of both sources' upscaled features (Fig. 5, Eqs. 8-10)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.attention import DualAttention
from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import LeakyConv


def select_by_magnitude(ir: jax.Array, vis: jax.Array) -> jax.Array:
    """Returns the one of two maps that is larger in magnitude, element by element; infrared on a tie (Eqs. 8, 9, 13).

    Args:
        ir: the infrared map.
        vis: the visible map, of the same shape.
    """
    return jnp.where(jnp.abs(ir) >= jnp.abs(vis), ir, vis)


class FusionModule(nn.Module):
    """The fused features F_con,f of both sources' upscaled features, each `[n, H, W, c]`.

    It takes both maps and the `channel_relation` of each. Without dual attention (the paper's "Baseline") both
    selections would be equal, so only one is made.
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
