"""The whole network: two super-resolution branches, the fusion branch, their reconstructions (Fig. 1)."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax import representation
from mfjax.errors import MfjaxError
from mfjax.model.attention import channel_relation
from mfjax.model.base import bicubic, coarseness, pivot
from mfjax.model.blend import Blend, knee
from mfjax.model.compensation import ResidualCompensation
from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.extraction import FeatureExtractor
from mfjax.model.fusion import FusionModule, select_by_magnitude
from mfjax.model.layers import Conv
from mfjax.model.placement import Placement
from mfjax.model.resampling import MetaUpscale
from mfjax.model.statistics import mean_level

MOST_MODULES, MOST_CHANNELS = 32, 2**16
BOUNDS = [
    *(("blocks", 1, MOST_MODULES), ("compensations", 0, MOST_MODULES), ("blend", 0, MOST_CHANNELS), ("stride", 1, 8)),
    *((name, 1, MOST_CHANNELS) for name in ("width", "growth", "features", "hidden")),
]  # a number of a network's shape, the least and the most that it may be: a damaged file asks for any


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network. The defaults are the paper's, Section IV.A."""

    blocks: int = 6
    """Feature extraction blocks (FEBs) in the extractor."""
    compensations: int = 2
    """Residual compensation modules (RCMs); 0 for the paper's "Baseline"."""
    dual_attention: bool = True
    """True: the fusion module weights positions and channels (DAM)."""
    share_branches: bool = True
    """True: infrared and visible share one extractor, resampling and SR reconstruction. False: each has its own."""
    base: Literal["none", "bicubic"] = "none"
    """The image that a reconstruction is added to. "none", as in the paper: nothing. "bicubic": the bicubic-resampled
    source and, for the fused image, the super-resolved source that is larger in magnitude at each pixel, as Eq. (9)
    chooses features."""
    blend: int = 0
    """Hidden channels of the blend (`model.blend`), which then is the base of the fused image: the structure of both
    super-resolved sources, weighted by its strength at each pixel. Afterwards contrast is raised, with a soft knee near
    black and white. 0: no blend."""
    width: int = 64
    """Channels of the extractor between its blocks."""
    growth: int = 32
    """Channels of each layer inside a block."""
    features: int = 8
    """Channels of the feature maps that are resampled and fused."""
    stride: int = 1
    """Side in pixels of the blocks that the extractor turns into channels, and back at its end, so that its layers see
    maps this many times smaller. 1, as in the paper: it sees pixels."""
    hidden: int = 256
    """Hidden units of each weight predictor."""

    __repr__ = representation.config

    def __post_init__(self) -> None:
        for name in ("dual_attention", "share_branches"):
            if not isinstance(value := getattr(self, name), bool):
                raise MfjaxError(f"{name} is {value!r:.40}; it must be true or false")
        for name, least, most in BOUNDS:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise MfjaxError(f"{name} is {value!r:.40}; it must be a whole number from {least} to {most:,}")
        if self.base not in ("none", "bicubic"):
            raise MfjaxError(f"base is {self.base!r:.40}; it must be 'none' or 'bicubic'")
        if self.blend and self.base == "none":
            raise MfjaxError(f"blend is {self.blend}, but base is 'none'; a blend is a base: make that 'bicubic'")


class FusionOutput(NamedTuple):
    """The three reconstructions, linear (not clipped), each `[n, H, W, 1]`."""

    fused: jax.Array
    ir: jax.Array
    vis: jax.Array

    def __repr__(self) -> str:
        return representation.arrays(self)


class Branch(NamedTuple):
    """The output of a super-resolution branch: the image, and the feature maps that the fusion branch reads."""

    image: jax.Array  # [n, H, W, 1]
    upscaled: jax.Array  # F_l, [n, H, W, c]
    residuals: tuple[jax.Array, ...]  # R_l^up of each RCM, [n, H, W, c]
    coarseness: jax.Array  # 0 for a source of the output's size or larger, nearer to 1 for a smaller one


class Summary(NamedTuple):
    """Statistics of whole images. The fusion branch needs them also where it is given only a part of the images."""

    relations: tuple[Any, Any]  # `channel_relation` of both sources' upscaled features, each [n, 1, 1, c]
    level: Any  # mean over the pixels of the super-resolved source that is larger in magnitude, [n, 1, 1, 1]

    @classmethod
    def of(cls, ir: Branch, vis: Branch, seen: jax.Array | None = None) -> Self:
        """Returns the statistics of two whole images.

        Args:
            ir: the infrared branch's output.
            vis: the visible branch's output.
            seen: 1 where both sources show something, else 0, `[h, w, 1]`; by default they do so everywhere.
        """
        relations = channel_relation(ir.upscaled, seen), channel_relation(vis.upscaled, seen)
        return cls(relations, mean_level(select_by_magnitude(ir.image, vis.image), seen))


class SuperResolutionBranch(nn.Module):
    """The super-resolution branch of a source: extractor, meta-upscale, residual compensation, reconstruction."""

    config: ModelConfig
    dtype: Any = jnp.float32  # type in which the extractor computes

    def setup(self) -> None:
        config = self.config
        self.extractor = FeatureExtractor(config.blocks, config.width, config.growth, config.features, config.stride)
        self.upscale = MetaUpscale(config.hidden)
        self.compensation = [ResidualCompensation(config.hidden) for _ in range(config.compensations)]
        self.reconstruction = Conv(1, 3, zero_init=config.base != "none")

    def __call__(self, image: jax.Array, placement: Placement) -> Branch:
        return self.refine(image, self.extract(image, placement.source), placement)

    def extract(self, image: jax.Array, extent: AnyExtent = EVERYWHERE) -> jax.Array:
        """Returns the features F^dw of a source, `[n, h, w, c]`. This is nearly all of the work.

        Args:
            image: the source in [0, 1], `[n, h, w, 1]`.
            extent: the part of the array that is image; by default all of it.
        """
        return self.extractor(image.astype(self.dtype), extent).astype(image.dtype)

    def refine(self, image: jax.Array, low: jax.Array, placement: Placement) -> Branch:
        """Returns the branch's output from a source and its features.

        Args:
            image: the source in [0, 1], `[n, h, w, 1]`.
            low: its features F^dw, `[n, h, w, c]`.
            placement: the position of the source under the output.
        """
        upscaled = high = placement.output.inside(self.upscale(low, placement.up))  # [n, H, W, c]
        residuals = []
        for compensation in self.compensation:
            residuals.append(placement.output.inside(compensation(low, high, placement)))
            high = high + residuals[-1]  # Eq. (15)
        out = self.reconstruction(high)
        if self.config.base == "bicubic":
            out = out + bicubic(image, placement)
        return Branch(placement.output.inside(out), upscaled, tuple(residuals), coarseness(placement.up))


class FusionBranch(nn.Module):
    """The fusion branch: the fused image `[n, H, W, 1]` from the outputs of both super-resolution branches."""

    config: ModelConfig
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(self, ir: Branch, vis: Branch, summary: Summary) -> jax.Array:
        module = FusionModule(self.config.dual_attention, self.extent, name="module")
        fused = module(ir.upscaled, vis.upscaled, summary.relations)
        for residual_ir, residual_vis in zip(ir.residuals, vis.residuals, strict=True):
            fused = fused + select_by_magnitude(residual_ir, residual_vis)  # Eqs. (13), (14)
        fused = self.extent.inside(fused)
        if self.config.base == "none":
            return Conv(1, 3, name="reconstruction")(fused)
        base = select_by_magnitude(ir.image, vis.image)
        if not self.config.blend:
            return base + Conv(1, 3, zero_init=True, name="reconstruction")(fused)
        images, coarsenesses = (ir.image, vis.image), (ir.coarseness, vis.coarseness)
        image = Blend(self.config.blend, self.extent, name="blend")(images, coarsenesses)
        image = image + Conv(1, 3, zero_init=True, name="reconstruction")(fused)
        level = pivot(summary.level)
        contrast = self.param("contrast", nn.initializers.ones, (1,))
        return knee(level + contrast * (image - level))


class FusionNetwork(nn.Module):
    """Fused and super-resolved images of any size from an infrared and a visible one of any two sizes (Fig. 1).

    `FusionNetwork(config).apply({"params": params}, ir, vis, size=(H, W))`, with `ir` `[n, h, w, 1]` and `vis`
    `[n, h', w', 1]` in [0, 1] showing the same field of view, gives a `FusionOutput`. The parameters have the
    top-level names `fusion` and `branch` (or `branch_ir` and `branch_vis`); only `fusion` is trained in phase two.

    With `dtype=jnp.bfloat16` the extractor, nearly all of the work, computes in that type. Parameters stay float32, as
    do resampling, fusion and reconstruction, which depend on exact positions and levels.
    """

    config: ModelConfig = ModelConfig()
    dtype: Any = jnp.float32

    def setup(self) -> None:
        if self.config.share_branches:
            self.branch = SuperResolutionBranch(self.config, self.dtype)
        else:
            self.branch_ir = SuperResolutionBranch(self.config, self.dtype)
            self.branch_vis = SuperResolutionBranch(self.config, self.dtype)
        self.fusion = FusionBranch(self.config)

    def __call__(
        self,
        ir: jax.Array,
        vis: jax.Array,
        *,
        size: tuple[int, int],
        placements: tuple[Placement, Placement] | None = None,
        seen: jax.Array | None = None,
    ) -> FusionOutput:
        """Returns the three reconstructions.

        Args:
            ir: infrared luma in [0, 1], `[n, h, w, 1]`.
            vis: visible luma in [0, 1], `[n, h', w', 1]`.
            size: the output's (H, W) in pixels.
            placements: positions of the infrared and the visible source under the output; by default each source
                covers the output's field of view exactly.
            seen: 1 where both sources show something, else 0, `[H, W, 1]`; by default they do so everywhere.
        """
        return self.fuse(*self.branches(ir, vis, size=size, placements=placements), seen)

    def branches(
        self,
        ir: jax.Array,
        vis: jax.Array,
        *,
        size: tuple[int, int],
        placements: tuple[Placement, Placement] | None = None,
    ) -> tuple[Branch, Branch]:
        """Returns the outputs of the infrared and the visible super-resolution branch, which phase two does not train.

        Args:
            ir: infrared luma in [0, 1], `[n, h, w, 1]`.
            vis: visible luma in [0, 1], `[n, h', w', 1]`.
            size: the output's (H, W) in pixels.
            placements: as of a call.
        """
        shared = self.config.share_branches
        branch_ir, branch_vis = (self.branch, self.branch) if shared else (self.branch_ir, self.branch_vis)
        place_ir, place_vis = placements or [Placement.between((x.shape[1], x.shape[2]), size) for x in (ir, vis)]
        return branch_ir(ir, place_ir), branch_vis(vis, place_vis)

    def fuse(self, ir: Branch, vis: Branch, seen: jax.Array | None = None) -> FusionOutput:
        """Returns the three reconstructions from the outputs of both branches. Phase two trains only this.

        Args:
            ir: the infrared branch's output, of whole images.
            vis: the visible branch's output.
            seen: as of a call.
        """
        return FusionOutput(self.fusion(ir, vis, Summary.of(ir, vis, seen)), ir.image, vis.image)
