"""The whole network: two super-resolution branches, the fusion branch, their reconstructions (Fig. 1)."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.base import bicubic, coarseness, pivot, smoothed
from mfjax.model.compensation import ResidualCompensation
from mfjax.model.extraction import FeatureExtractor
from mfjax.model.fusion import FusionModule, select_by_magnitude
from mfjax.model.layers import Conv, inside
from mfjax.model.resampling import MetaUpscale, Scale


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network. The defaults are the paper's, Section IV.A."""

    blocks: int = 6
    """Feature extraction blocks (FEBs) in the extractor."""
    compensations: int = 2
    """Residual compensation modules (RCMs); 0 for the paper's "Baseline"."""
    dual_attention: bool = True
    """Whether the fusion module weighs positions and channels (DAM)."""
    share_branches: bool = True
    """Whether infrared and visible go through one extractor, resampling and SR reconstruction, or two."""
    base: Literal["none", "bicubic"] = "none"
    """What reconstructions are added to: nothing, as in the paper; or the bicubic-resampled source and, for the fused
    image, whichever super-resolved source is larger in magnitude at each place, as Eq. (9) chooses features."""
    see_base: bool = False
    """Whether the fused image's reconstruction also reads its base, as distance from the pivot and as detail, and so
    can change contrast and sharpness; it then also knows how coarse the source was that each place shows."""
    width: int = 64
    """Channels of the extractor between its blocks."""
    growth: int = 32
    """Channels of each layer inside a block."""
    features: int = 8
    """Channels of the feature maps that are resampled and fused."""
    hidden: int = 256
    """Hidden units of each weight predictor."""

    def __post_init__(self) -> None:
        for name in ("blocks", "width", "growth", "features", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.compensations < 0:
            raise ValueError(f"compensations is {self.compensations}; it must be 0 or more")
        if self.base not in ("none", "bicubic"):
            raise ValueError(f"base is {self.base!r}; it must be 'none' or 'bicubic'")
        if self.see_base and self.base == "none":
            raise ValueError("see_base is True, but base is 'none': there is no base to see")


class FusionOutput(NamedTuple):
    """The three reconstructions, linear (not clipped), each `[n, H, W, 1]`."""

    fused: jax.Array
    ir: jax.Array
    vis: jax.Array


class Branch(NamedTuple):
    """What a super-resolution branch gives: its image and what the fusion branch reads."""

    image: jax.Array  # [n, H, W, 1]
    upscaled: jax.Array  # F_l, [n, H, W, c]
    residuals: tuple[jax.Array, ...]  # R_l^up of each RCM, [n, H, W, c]
    coarseness: jax.Array  # of the source: 0 at the output's size or above, towards 1 the smaller it is


class Window(NamedTuple):
    """What of an array is source image, for training: arrays of one size then serve many scales with one program."""

    scale: Scale  # output over source
    rows: jax.Array  # from the top left; the rest is not looked at, as if the image ended there
    cols: jax.Array

    def mask(self, h: int, w: int) -> jax.Array:
        """Where an array of that size is image, `[h, w, 1]`."""
        return ((jnp.arange(h) < self.rows)[:, None] & (jnp.arange(w) < self.cols))[..., None]


class SuperResolutionBranch(nn.Module):
    """One source super-resolved: extractor, meta-upscale, residual compensation, reconstruction."""

    config: ModelConfig
    dtype: Any = jnp.float32  # that the extractor computes in

    @nn.compact
    def __call__(self, image: jax.Array, size: tuple[int, int], window: Window | None = None) -> Branch:
        config, (h, w) = self.config, image.shape[1:3]
        scale = Scale.between((h, w), size) if window is None else window.scale
        mask = None if window is None else window.mask(h, w)
        extractor = FeatureExtractor(config.blocks, config.width, config.growth, config.features, name="extractor")
        low = extractor(image.astype(self.dtype), mask).astype(image.dtype)  # [n, h, w, c]
        upscaled = high = MetaUpscale(config.hidden, name="upscale")(low, size, scale)  # [n, H, W, c]
        residuals = []
        for i in range(config.compensations):
            residuals.append(ResidualCompensation(config.hidden, name=f"compensation_{i}")(low, high, scale))
            high = high + residuals[-1]  # Eq. (15)
        out = Conv(image.shape[-1], 3, zero_init=config.base != "none", name="reconstruction")(high)
        if config.base == "bicubic":
            base = bicubic(inside(image, mask), size, scale)
            if mask is not None:  # as at an image's end: what lies outside has no weight
                base = base / bicubic(mask[None].astype(image.dtype), size, scale)
            out = out + base
        return Branch(out, upscaled, tuple(residuals), coarseness(scale))


class FusionBranch(nn.Module):
    """The fused image from what the two super-resolution branches found, `[n, H, W, 1]`."""

    config: ModelConfig

    @nn.compact
    def __call__(self, ir: Branch, vis: Branch) -> jax.Array:
        fused = FusionModule(self.config.dual_attention, name="module")(ir.upscaled, vis.upscaled)
        for residual_ir, residual_vis in zip(ir.residuals, vis.residuals, strict=True):
            fused = fused + select_by_magnitude(residual_ir, residual_vis)  # Eqs. (13), (14)
        channels = ir.image.shape[-1]
        if self.config.base == "none":
            return Conv(channels, 3, name="reconstruction")(fused)
        base = select_by_magnitude(ir.image, vis.image)
        if not self.config.see_base:
            return base + Conv(channels, 3, zero_init=True, name="reconstruction")(fused)
        maps = [fused, base - pivot(base), base - smoothed(base)]
        added = Conv(2 * channels, 3, zero_init=True, name="reconstruction")(maps)
        always, where_coarse = jnp.split(added, 2, axis=-1)
        is_ir = jnp.abs(ir.image) >= jnp.abs(vis.image)
        return base + always + jnp.where(is_ir, ir.coarseness, vis.coarseness) * where_coarse


class FusionNetwork(nn.Module):
    """Fused and super-resolved images of any size from an infrared and a visible one of any two sizes (Fig. 1).

    `FusionNetwork(config).apply({"params": params}, ir, vis, size=(H, W))`, with `ir` `[n, h, w, 1]` and `vis`
    `[n, h', w', 1]` in [0, 1] showing the same field of view, gives a `FusionOutput`. The parameters have the
    top-level names `fusion` and `branch` (or `branch_ir` and `branch_vis`); only `fusion` is trained in phase two.

    With `dtype=jnp.bfloat16` the extractor, nearly all of the work, computes in that type. Parameters stay float32, and
    so does what depends on exact positions and levels: resampling, fusion, reconstruction.
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
        windows: tuple[Window, Window] | None = None,
    ) -> FusionOutput:
        """The three reconstructions at `size` pixels.

        Without `windows` (infrared, visible) each source covers the output's field of view exactly.
        """
        return self.fuse(*self.branches(ir, vis, size=size, windows=windows))

    def branches(
        self,
        ir: jax.Array,
        vis: jax.Array,
        *,
        size: tuple[int, int],
        windows: tuple[Window, Window] | None = None,
    ) -> tuple[Branch, Branch]:
        """Both super-resolution branches, infrared first: all that phase two leaves as it is."""
        window_ir, window_vis = windows or (None, None)
        of_ir, of_vis = (self.branch, self.branch) if self.config.share_branches else (self.branch_ir, self.branch_vis)
        return of_ir(ir, size, window_ir), of_vis(vis, size, window_vis)

    def fuse(self, ir: Branch, vis: Branch) -> FusionOutput:
        """The fused image from both branches: all that phase two trains."""
        return FusionOutput(self.fusion(ir, vis), ir.image, vis.image)
