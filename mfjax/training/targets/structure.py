"""A target that keeps the structure of whichever source dominates, on the level of the brighter one."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.model.base import mean_level, pivot
from mfjax.model.blend import halved, knee, smoothed_at
from mfjax.training.targets.base import Metrics, Target, register

WINDOWS = 1, 2  # smoothings at half the resolution: windows of σ 2.2 and 3.1 pixels

KEPT = 0.85  # local correlation from which a structure counts as kept; the metric "structure_lost" asks for 0.5
LEAST = 0.035  # standard deviation of a window that shows structure; 10 gray levels are 0.039
VISIBLE = 0.025  # standard deviation of a window whose fidelity counts: less is grain
QUIET = 0.02  # standard deviation below which a window holds nothing but grain
GRAIN = 1.1  # factor by which grain may grow
SENSOR = 2 / 255**2  # variance of the noise in the eye's channel (Sheikh, Bovik, IEEE TIP 15(2), 2006)
TINY = 1e-6


@register("structure")
@dataclass(frozen=True)
class Structure(Target):
    """The structure of the source that dominates at each place, on the brighter source's level, with more contrast."""

    contrast: float = 1.3
    """Contrast of the level, as a multiple of the brighter source's."""
    structure: float = 3.3
    """Weight of the structure that is lost: the fused image should correlate with the source that has more of it."""
    fidelity: float = 0.32
    """Weight of the visual information of both sources that is lost (VIF), where there is more than grain."""
    level: float = 1.0
    """Weight of the distance from the brighter source's level."""
    grain: float = 4.0
    """Weight of grain that is more than a tenth stronger than the sources', where these show nothing else."""

    def __post_init__(self) -> None:
        if self.contrast <= 0:
            raise MfjaxError(f"contrast is {self.contrast}; it must be positive")
        for name in ("structure", "fidelity", "level", "grain"):
            if getattr(self, name) < 0:
                raise MfjaxError(f"{name} is {getattr(self, name)}; it must be 0 or more")

    def loss(
        self,
        key: jax.Array,
        output: FusionOutput,
        ir: jax.Array,
        vis: jax.Array,
        *,
        taught: jax.Array | None = None,
        axis_name: str | None = None,
    ) -> tuple[jax.Array, Metrics]:
        """Returns the weighted sum of all four losses, plus the loss of the super-resolved sources.

        See `Target.loss`.
        """
        windows = [Window.between(output.fused, ir, vis, number) for number in WINDOWS]
        terms = {
            "structure": jnp.stack([structure_loss(each) for each in windows]).mean(),
            "fidelity": jnp.stack([fidelity_loss(each) for each in windows]).mean(),
            "level": level_loss(output.fused, ir, vis, self.contrast),
            "grain": grain_loss(windows[-1]),
        }
        fusion = jnp.stack([getattr(self, name) * term for name, term in terms.items()]).sum()
        return losses.sr_loss(output, ir, vis) + fusion, {"fusion": fusion, **terms}

    def describe(self) -> str:
        """Returns the target in a few words, with the contrast."""
        return f"the structure of both sources, contrast {self.contrast:g}"


class Window(NamedTuple):
    """Local moments of the fused image and both sources, each `[n, h/2, w/2]`."""

    fused: jax.Array  # standard deviation
    ir: jax.Array
    vis: jax.Array
    with_ir: jax.Array  # covariance of the fused image with a source
    with_vis: jax.Array

    @classmethod
    def between(cls, fused: jax.Array, ir: jax.Array, vis: jax.Array, smoothings: int) -> "Window":
        """Returns the moments of three images in windows.

        Args:
            fused: the fused image, `[n, h, w, 1]`.
            ir: infrared at full resolution, like `fused`.
            vis: visible at full resolution, like `fused`.
            smoothings: how often the image at half the resolution is smoothed, which sets the size of the windows.
        """
        products = fused * fused, ir * ir, vis * vis, fused * ir, fused * vis
        means = halved(jnp.concatenate([fused, ir, vis, *products], axis=-1))
        for _ in range(smoothings):
            means = smoothed_at(means, 1)
        f, a, b, ff, aa, bb, fa, fb = (means[..., i] for i in range(8))
        sd_f, sd_a, sd_b = (jnp.sqrt(jnp.maximum(xx - x * x, 0) + TINY) for xx, x in ((ff, f), (aa, a), (bb, b)))
        return cls(sd_f, sd_a, sd_b, fa - f * a, fb - f * b)


def structure_loss(window: Window) -> jax.Array:
    """Returns how far the fused image fails to follow the source that has more structure, as a mean over places.

    Args:
        window: the moments of the images.
    """
    ir_dominates = jax.nn.sigmoid(8 * jnp.log((window.ir + 0.002) / (window.vis + 0.002)))
    lost = jnp.zeros(())
    for source, covariance, dominates in (
        (window.ir, window.with_ir, ir_dominates),
        (window.vis, window.with_vis, 1 - ir_dominates),
    ):
        correlation = covariance / (source * window.fused + 1e-5)
        shows = jax.nn.sigmoid(150 * (source - LEAST))
        lost += (dominates * shows * jax.nn.relu(KEPT - correlation)).mean()
    return lost


def fidelity_loss(window: Window) -> jax.Array:
    """Returns the share of both sources' visual information that the fused image lacks: 1 minus the mean of both.

    This is VIF in the pixel domain at one scale, of windows that show more than grain. Raised contrast can make it
    negative.

    Args:
        window: the moments of the images.
    """
    shows = jax.nn.sigmoid(300 * (jnp.maximum(window.ir, window.vis) - VISIBLE))
    kept = jnp.zeros(())
    for source, covariance in ((window.ir, window.with_ir), (window.vis, window.with_vis)):
        variance = source**2 - TINY
        gain = jax.nn.relu(covariance) / (variance + 1e-7)
        rest = jax.nn.relu(window.fused**2 - TINY - gain * covariance)
        arrives = (shows * jnp.log1p(gain**2 * variance / (rest + SENSOR))).sum(axis=(1, 2))
        there = (shows * jnp.log1p(variance / SENSOR)).sum(axis=(1, 2))
        kept += 0.5 * (arrives / (there + 50)).mean()  # the 50 keeps images that show next to nothing from counting
    return 1 - kept


def level_loss(fused: jax.Array, ir: jax.Array, vis: jax.Array, contrast: float) -> jax.Array:
    """Returns the mean distance of the fused image's level from that of the brighter source with more contrast.

    Args:
        fused: the fused image, `[n, h, w, 1]`.
        ir: infrared at full resolution, like `fused`.
        vis: visible at full resolution, like `fused`.
        contrast: factor of the brighter source's contrast.
    """
    brighter = jnp.maximum(ir, vis)
    middle = pivot(mean_level(brighter))
    return jnp.abs(_level(fused) - _level(knee(middle + contrast * (brighter - middle)))).mean()


def grain_loss(window: Window) -> jax.Array:
    """Returns the standard deviation beyond that of the sources, where neither shows anything, as a mean over places.

    Args:
        window: the moments of the images.
    """
    sources = jnp.maximum(window.ir, window.vis)
    return (jax.nn.sigmoid(300 * (QUIET - sources)) * jax.nn.relu(window.fused - GRAIN * sources)).mean()


def _level(image: jax.Array) -> jax.Array:
    return smoothed_at(smoothed_at(halved(halved(image)), 1), 1)
