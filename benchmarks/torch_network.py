"""The paper's network in plain PyTorch, to compare times with: the same layers and sizes, without optimisations.

Filters are predicted for every output pixel, as the paper describes meta-upscale. Initial values are PyTorch's, since
only times are compared. Images are `[n, c, h, w]`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812, its usual name

WIDTH, GROWTH, FEATURES, HIDDEN, BLOCKS, COMPENSATIONS = 64, 32, 8, 256, 6, 2


def conv(inputs: int, outputs: int, size: int) -> nn.Sequential:
    """A convolution followed by LeakyReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, padding=size // 2), nn.LeakyReLU(0.2))


class ReceptiveFieldUnit(nn.Sequential):
    """A d×d convolution, then a 3×3 one of dilation d (Fig. 2c)."""

    def __init__(self, inputs: int, d: int):
        super().__init__(conv(inputs, GROWTH, d), nn.Conv2d(GROWTH, GROWTH, 3, padding=d, dilation=d), nn.PReLU())


class FeatureExtractionBlock(nn.Module):
    """Three branches of receptive field units (Fig. 2b)."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = conv(WIDTH, GROWTH, 3)
        self.first = ReceptiveFieldUnit(GROWTH, 1)
        self.dense = nn.ModuleList(ReceptiveFieldUnit(GROWTH * (i + 1), 3) for i in range(4))
        self.third = ReceptiveFieldUnit(GROWTH, 5)
        self.bottleneck = conv(7 * GROWTH, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        dense = narrow = self.narrow(x)
        for unit in self.dense:
            dense = torch.cat([dense, unit(dense)], 1)
        return x + self.bottleneck(torch.cat([self.first(narrow), dense, self.third(narrow)], 1))


class MetaResample(nn.Module):
    """Resampling by filters predicted for every output pixel (Fig. 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.predict = nn.Sequential(
            nn.Linear(3, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, 9 * FEATURES * FEATURES)
        )

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        n, _, h, w = x.shape
        H, W = size
        rows, cols = torch.arange(H) * (h / H), torch.arange(W) * (w / W)
        inverse_scale = torch.tensor(math.sqrt(h * w / (H * W)))
        vectors = torch.stack(torch.broadcast_tensors(inverse_scale, (rows % 1)[:, None], cols % 1), -1)
        weights = self.predict(vectors.reshape(-1, 3)).reshape(H * W, 9 * FEATURES, FEATURES)
        source = (rows.long()[:, None] * w + cols.long()).flatten()
        taps = F.unfold(x, 3, padding=1)[..., source]  # [n, 9c, H W]
        out = torch.matmul(taps.permute(2, 0, 1), weights)  # [H W, n, c]
        return out.permute(1, 2, 0).reshape(n, FEATURES, H, W)


class ResidualCompensation(nn.Module):
    """The residual that a map loses by down-sampling and up-sampling again (Eqs. 11, 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = MetaResample(), MetaResample()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        return self.up(low - self.down(high, (low.shape[2], low.shape[3])), (high.shape[2], high.shape[3]))


class DualAttention(nn.Module):
    """Position and channel attention (Fig. 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.level_1, self.level_2 = conv(1, 8, 3), conv(8, 16, 3)
        self.merge_levels, self.merge = conv(12, 4, 1), conv(3 * FEATURES, FEATURES, 1)

    def forward(self, x: Tensor) -> Tensor:
        half = self.level_1(F.max_pool2d(x.mean(1, keepdim=True), 2))
        quarter = F.pixel_shuffle(self.level_2(F.avg_pool2d(half, 2)), 2)
        both = torch.cat([half, F.interpolate(quarter, size=half.shape[2:])], 1)
        position = torch.sigmoid(F.pixel_shuffle(self.merge_levels(both), 2))
        position = F.interpolate(position, size=x.shape[2:])
        s = (x * x.sum(1, keepdim=True)).sum((2, 3), keepdim=True)
        low, high = s.amin(1, keepdim=True), s.amax(1, keepdim=True)
        channel = torch.softmax((s - low) / (high - low + 1e-12), 1)
        return self.merge(torch.cat([x, x * channel, x * position], 1))


def select(a: Tensor, b: Tensor) -> Tensor:
    """Returns the one of two maps that is larger in magnitude, element by element (Eqs. 8, 9, 13).

    Args:
        a: a map.
        b: another map of the same shape.
    """
    return torch.where(a.abs() >= b.abs(), a, b)


class TorchFusionNetwork(nn.Module):
    """Fused and super-resolved images of any size from an infrared and a visible one (Fig. 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = conv(1, WIDTH, 3)
        self.blocks = nn.ModuleList(FeatureExtractionBlock() for _ in range(BLOCKS))
        self.last = conv(WIDTH, FEATURES, 1)
        self.upscale = MetaResample()
        self.compensations = nn.ModuleList(ResidualCompensation() for _ in range(COMPENSATIONS))
        self.reconstruction = nn.Conv2d(FEATURES, 1, 3, padding=1)
        self.attention = DualAttention()
        self.merge = conv(2 * FEATURES, FEATURES, 1)
        self.fused_reconstruction = nn.Conv2d(FEATURES, 1, 3, padding=1)

    def forward(self, ir: Tensor, vis: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the fused and both super-resolved images.

        Args:
            ir: infrared luma in [0, 1], `[n, 1, h, w]`.
            vis: visible luma in [0, 1], `[n, 1, h', w']`.
            size: the output's (H, W).
        """
        (image_ir, up_ir, residuals_ir), (image_vis, up_vis, residuals_vis) = (self._branch(x, size) for x in (ir, vis))
        attended = select(self.attention(up_ir), self.attention(up_vis))
        fused = self.merge(torch.cat([attended, select(up_ir, up_vis)], 1))
        for a, b in zip(residuals_ir, residuals_vis, strict=True):
            fused = fused + select(a, b)
        return self.fused_reconstruction(fused), image_ir, image_vis

    def _branch(self, image: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, list[Tensor]]:
        first = x = self.first(image)
        for block in self.blocks:
            x = block(x)
        low = self.last(x + first)
        upscaled = high = self.upscale(low, size)
        residuals = []
        for compensation in self.compensations:
            residuals.append(compensation(low, high))
            high = high + residuals[-1]
        return self.reconstruction(high), upscaled, residuals


def pixel_step(network: TorchFusionNetwork, adam: torch.optim.Adam, low: list[Tensor], high: list[Tensor]) -> None:
    """Makes one update by the pixel loss (Eqs. 16-18).

    Args:
        network: the network.
        adam: its optimiser.
        low: the infrared and the visible source, each `[n, 1, h, w]`.
        high: the same at the output's size.
    """
    fused, ir, vis = network(*low, (high[0].shape[2], high[0].shape[3]))
    pairs = [(ir, high[0]), (vis, high[1]), (fused, high[0]), (fused, high[1])]
    loss = torch.stack([F.l1_loss(image, truth) for image, truth in pairs]).sum()
    adam.zero_grad()
    loss.backward()
    adam.step()
