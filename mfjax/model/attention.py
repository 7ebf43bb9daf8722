"""The dual attention mechanism, which weights the salient positions and channels of a source (Fig. 4, Eqs. 1-7)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import LeakyConv
from mfjax.model.statistics import mean_level


def pixel_shuffle(x: jax.Array) -> jax.Array:
    """Returns a map of twice the height and width from four times the channels, `[n, 2h, 2w, c]` (SPC in Eq. 2).

    Channel 4c + 2·dy + dx goes to row offset dy and column offset dx, as in PyTorch.

    Args:
        x: the map, `[n, h, w, 4c]`.
    """
    n, h, w, channels = x.shape
    x = x.reshape(n, h, w, channels // 4, 2, 2)  # [n, h, w, c, dy, dx]
    return x.transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * h, 2 * w, channels // 4)


class PositionAttention(nn.Module):
    """Position attention: a weight in [0, 1] for every position of a map, `[n, h, w, c]` to `[n, h, w, 1]` (Eqs. 1-3).

    PAM is a two-level U-Net on the channel mean. Sides that are not multiples of 4 are padded by repeating the edge,
    and the result is cropped.
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


def channel_relation(x: jax.Array, seen: jax.Array | None = None) -> jax.Array:
    """Returns how strongly each channel of a map is related to all channels, `[n, 1, 1, c]`: CAM's s divided by h·w.

    It is the only statistic of the whole map that channel attention needs; that of a map is the mean of those of its
    equally large parts.

    Args:
        x: the feature map, `[n, h, w, c]`.
        seen: the weight of each pixel, `[h, w, 1]`; by default all count alike.
    """
    # Eq. (4): s = F Fᵀ 1, so s_c = Σ_m F_c(m) Σ_c' F_c'(m); the Gram matrix is not needed.
    return mean_level(x * x.sum(axis=-1, keepdims=True), seen)


def channel_attention(relation: jax.Array) -> jax.Array:
    """Returns a weight in [0, 1] for every channel, `[n, 1, 1, c]`, which sum to 1 (CAM).

    The relation is scaled to [0, 1] before the softmax, since it grows with h·w and would saturate it. Channels that
    are all equal get equal weights.

    Args:
        relation: `channel_relation` of the feature map, `[n, 1, 1, c]`.
    """
    low, high = relation.min(axis=-1, keepdims=True), relation.max(axis=-1, keepdims=True)
    span = high - low
    scaled = (relation - low) / jnp.where(span > 0, span, 1)
    return nn.softmax(scaled, axis=-1)  # Eq. (5)


class DualAttention(nn.Module):
    """Dual attention: a source's features with the salient ones amplified, `[n, h, w, c]` to the same (DAM).

    It takes the features and a `channel_relation`, which is that of the whole source even where the features are those
    of a part.
    """

    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array, relation: jax.Array) -> jax.Array:
        by_position = x * PositionAttention(self.extent, name="position")(x)  # Eq. (3)
        by_channel = x * channel_attention(relation)  # Eq. (6)
        return LeakyConv(x.shape[-1], 1, name="merge")([x, by_channel, by_position])  # Eq. (7)
