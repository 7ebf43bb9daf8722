"""The feature extraction network: 3×3 convolution, feature extraction blocks, 1×1 convolution (Fig. 2).

Every layer keeps height and width: "to avoid the loss of information caused by pooling and strided convolution". With a
stride, which is not the paper's, blocks of pixels are channels on the way: nothing is lost, and maps are smaller. An
extent says which part of a padded array is image.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import Conv, LeakyConv, Maps


class ReceptiveFieldUnit(nn.Module):
    """RFU_d: a d×d convolution, then a 3×3 one of dilation d (Fig. 2c). `[n, h, w, c]` to `[n, h, w, features]`."""

    features: int
    d: int
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array | Maps) -> jax.Array:
        x = LeakyConv(self.features, self.d, self.extent, name="conv")(x)
        x = Conv(self.features, 3, dilation=self.d, name="dilated")(x)
        # "each dilated convolutional layer is followed by a PReLU layer"; PyTorch's one slope, starting at 0.25.
        return self.extent.inside(nn.PReLU(negative_slope_init=0.25, name="prelu")(x))


class FeatureExtractionBlock(nn.Module):
    """FEB: three branches of receptive field units, concatenated, narrowed and added to the input (Fig. 2b)."""

    growth: int  # channels of every layer inside
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:  # [n, h, w, c] -> the same
        def unit(d: int, name: str) -> ReceptiveFieldUnit:
            return ReceptiveFieldUnit(self.growth, d, self.extent, name=name)

        narrow = LeakyConv(self.growth, 3, self.extent, name="conv")(x)  # [n, h, w, g]
        first = unit(1, "rfu1")(narrow)
        dense = [narrow]
        for i in range(4):  # "four RFU_3 and the dense skip connection manner"
            dense.append(unit(3, f"rfu3_{i}")(dense))
        third = unit(5, "rfu5")(narrow)
        branches = [first, *dense, third]  # [n, h, w, 7 g] together
        return x + LeakyConv(x.shape[-1], 1, self.extent, name="bottleneck")(branches)


class FeatureExtractor(nn.Module):
    """The low-resolution features F^dw of a source, `[n, h, w, 1]` to `[n, h, w, features]` (Fig. 2a)."""

    blocks: int
    width: int
    growth: int
    features: int
    stride: int = 1

    @nn.compact
    def __call__(self, image: jax.Array, extent: AnyExtent = EVERYWHERE) -> jax.Array:
        h, w = image.shape[1:3]
        blocks = extent.shrunk(self.stride)
        x = to_channels(extent.inside(image), self.stride)
        first = x = LeakyConv(self.width, 3, blocks, name="conv")(x)  # [n, h/stride, w/stride, width]
        for i in range(self.blocks):
            x = FeatureExtractionBlock(self.growth, blocks, name=f"block_{i}")(x)
        x = LeakyConv(self.features * self.stride**2, 1, blocks, name="bottleneck")(x + first)
        return extent.inside(to_pixels(x, self.stride)[:, :h, :w])


def to_channels(x: jax.Array, side: int) -> jax.Array:
    """Returns a map whose blocks of side × side pixels became channels, in the order (row, column, channel).

    Args:
        x: the map, `[n, h, w, c]`. Rows and columns of zeros fill its last blocks.
        side: the side of a block in pixels.

    Returns:
        `[n, ⌈h/side⌉, ⌈w/side⌉, side² c]`.
    """
    if side == 1:
        return x
    n, h, w, c = x.shape
    x = jnp.pad(x, ((0, 0), (0, -h % side), (0, -w % side), (0, 0)))
    x = x.reshape(n, -(-h // side), side, -(-w // side), side, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(n, -(-h // side), -(-w // side), side * side * c)


def to_pixels(x: jax.Array, side: int) -> jax.Array:
    """Returns a map whose channels became blocks of pixels again, the inverse of `to_channels`.

    Args:
        x: the map, `[n, h, w, side² c]`.
        side: the side of a block in pixels.

    Returns:
        `[n, side h, side w, c]`.
    """
    if side == 1:
        return x
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, side, side, c // side**2).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, side * h, side * w, c // side**2)
