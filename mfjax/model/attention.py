"""The dual attention mechanism: where a source is salient, and in which channel (Fig. 4, Eqs. 1-7)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import LeakyConv


def pixel_shuffle(x: jax.Array) -> jax.Array:
    """Twice the height and width from a quarter of the channels (SPC in Eq. 2), `[n, h, w, 4c]` to `[n, 2h, 2w, c]`.

    Channel 4c + 2·dy + dx goes to row offset dy and column offset dx, as in PyTorch.
    """
    n, h, w, channels = x.shape
    x = x.reshape(n, h, w, channels // 4, 2, 2)  # [n, h, w, c, dy, dx]
    return x.transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * h, 2 * w, channels // 4)


class PositionAttention(nn.Module):
    """Weights in [0, 1] for every position of a feature map, `[n, h, w, c]` to `[n, h, w, 1]` (PAM, Eqs. 1-3).

    A two-level U-Net on the channel mean. Sides that 4 does not divide are continued by their edge and cut again.
    """

    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        _, h, w, _ = x.shape
        mean = self.extent.continued(x.mean(axis=-1, keepdims=True))  # GAP over the channels, [n, h, w, 1]
        mean = jnp.pad(mean, ((0, 0), (0, -h % 4), (0, -w % 4), (0, 0)), mode="edge")
        halves = self.extent.shrunk(4, times=2)
        pooled = halves.inside(nn.max_pool(mean, (2, 2), (2, 2)))
        half = LeakyConv(8, 3, halves, name="level_1")(pooled)  # Eq. (1), [n, h/2, w/2, 8]
        quarter = LeakyConv(16, 3, name="level_2")(nn.avg_pool(half, (2, 2), (2, 2)))  # [n, h/4, w/4, 16]
        both = [half, pixel_shuffle(quarter)]  # [n, h/2, w/2, 8 + 4] together
        logits = pixel_shuffle(LeakyConv(4, 1, name="merge")(both))  # Eq. (2), [n, h, w, 1]
        return nn.sigmoid(logits)[:, :h, :w]  # Eq. (3)


def channel_relation(x: jax.Array) -> jax.Array:
    """What each channel of a feature map has in common with all, `[n, h, w, c]` to `[n, 1, 1, c]`: CAM's s over h·w.

    It is all that channel attention needs to know of the whole map, and the mean of those of its parts.
    """
    # Eq. (4): s = F Fᵀ 1, so s_c = Σ_m F_c(m) Σ_c' F_c'(m); the Gram matrix is not needed.
    return jnp.mean(x * x.sum(axis=-1, keepdims=True), axis=(1, 2), keepdims=True)


def channel_attention(relation: jax.Array) -> jax.Array:
    """Weights in [0, 1] for every channel, summing to 1, from their relation, `[n, 1, 1, c]` to the same (CAM).

    The relation vector is scaled to [0, 1] before the softmax: it grows with h·w and would saturate it. Channels
    that are all equal get equal weights.
    """
    low, high = relation.min(axis=-1, keepdims=True), relation.max(axis=-1, keepdims=True)
    span = high - low
    scaled = (relation - low) / jnp.where(span > 0, span, 1)
    return nn.softmax(scaled, axis=-1)  # Eq. (5)


class DualAttention(nn.Module):
    """Features of one source with what stands out in them made stronger, `[n, h, w, c]` to the same (DAM).

    Takes the features and their `channel_relation`, which is that of all of a source's even where they are a part.
    """

    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array, relation: jax.Array) -> jax.Array:
        by_position = x * PositionAttention(self.extent, name="position")(x)  # Eq. (3)
        by_channel = x * channel_attention(relation)  # Eq. (6)
        return LeakyConv(x.shape[-1], 1, name="merge")([x, by_channel, by_position])  # Eq. (7)
