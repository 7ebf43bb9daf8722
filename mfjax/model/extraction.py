"""The feature extraction network: 3×3 convolution, feature extraction blocks, 1×1 convolution (Fig. 2).

Every layer keeps height and width: "to avoid the loss of information caused by pooling and strided convolution". An
extent says which part of a padded array is image.
"""

import flax.linen as nn
import jax

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

    @nn.compact
    def __call__(self, image: jax.Array, extent: AnyExtent = EVERYWHERE) -> jax.Array:
        first = x = LeakyConv(self.width, 3, extent, name="conv")(extent.inside(image))  # [n, h, w, width]
        for i in range(self.blocks):
            x = FeatureExtractionBlock(self.growth, extent, name=f"block_{i}")(x)
        return LeakyConv(self.features, 1, extent, name="bottleneck")(x + first)
