"""A target that keeps the structure of whichever source dominates, on the level of the brighter one.

In each step the network is asked for a `detail` (`mfjax.model.blend.with_detail`), and the losses follow it: at 1 the
structure of both sources counts, however much they contradict each other. At 0 the brighter source counts, and the
other one's structure only where it is twice as strong as what the brighter one shows: no seams, but things get lost.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.model.base import pivot
from mfjax.model.blend import halved, knee, smoothed_at
from mfjax.model.statistics import mean_level
from mfjax.training.targets.base import Metrics, Target, register

WINDOWS = 1, 2  # smoothings at half the resolution: windows of σ 2.2 and 3.1 pixels

KEPT = 0.85  # local correlation from which a structure counts as kept; the metric "structure_lost" asks for 0.5
SAME = 0.95  # local correlation with the brighter source that is asked for where detail is 0
LEAST = 0.035  # standard deviation of a window that shows structure; 10 gray levels are 0.039
SHOWN = 0.012  # standard deviation from which the brighter source's structure counts
HIDDEN = 2.0  # factor by which a structure must be stronger than what the brighter source shows, where detail is 0
VISIBLE = 0.025  # standard deviation of a window whose fidelity counts: less is grain
QUIET = 0.02  # standard deviation below which a window holds nothing but grain
GRAIN = 1.1  # factor by which grain may grow
SEAM = 0.02  # distance from the brighter source's values, of means over some 4 pixels, that is no seam
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
    shown: float = 1.0
    """Weight, at no detail, of lost structure of the brighter source, and of the other where it is twice as strong."""
    seams: float = 1.0
    """Weight, at no detail, of the distance from the brighter source's values in a fine average."""

    def __post_init__(self) -> None:
        if self.contrast <= 0:
            raise MfjaxError(f"contrast is {self.contrast}; it must be positive")
        for name in ("structure", "fidelity", "level", "grain", "shown", "seams"):
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
        detail: jax.Array | float = 1.0,
    ) -> tuple[jax.Array, Metrics]:
        """Returns the weighted sum of all losses, plus the loss of the super-resolved sources.

        See `Target.loss`.
        """
        fused = output.fused
        target = enhanced(ir, vis, self.contrast)
        windows = [Window.between(fused, ir, vis, target, number) for number in WINDOWS]
        terms = {
            "structure": jnp.stack([structure_loss(each) for each in windows]).mean(),
            "fidelity": jnp.stack([fidelity_loss(each) for each in windows]).mean(),
            "level": level_loss(fused, target),
            "grain": grain_loss(windows[-1]),
            "shown": jnp.stack([shown_loss(each, self.contrast) for each in windows]).mean(),
            "seams": seam_loss(fused, target),
        }
        shares = {"structure": detail, "fidelity": detail, "shown": 1 - detail, "seams": 1 - detail}
        fusion = jnp.stack([shares.get(name, 1) * getattr(self, name) * term for name, term in terms.items()]).sum()
        return losses.sr_loss(output, ir, vis) + fusion, {"fusion": fusion, **terms}

    def detail(self, key: jax.Array) -> jax.Array:
        """Returns 1 in half of the steps, and 0 or a number between in a quarter each.

        Args:
            key: the step's key.
        """
        kind, between = jax.random.uniform(jax.random.fold_in(key, 1), (2,))
        return jnp.where(kind < 0.5, 1.0, jnp.where(kind < 0.75, 0.0, between))

    def describe(self) -> str:
        """Returns the target in a few words, with the contrast."""
        return f"the structure of both sources, contrast {self.contrast:g}"


class Window(NamedTuple):
    """Local moments of the fused image, both sources and the enhanced brighter source, each `[n, h/2, w/2]`."""

    fused: jax.Array  # standard deviation
    ir: jax.Array
    vis: jax.Array
    target: jax.Array
    with_ir: jax.Array  # covariance of the fused image with another
    with_vis: jax.Array
    with_target: jax.Array

    @classmethod
    def between(cls, fused: jax.Array, ir: jax.Array, vis: jax.Array, target: jax.Array, smoothings: int) -> "Window":
        """Returns the moments of four images in windows.

        Args:
            fused: the fused image, `[n, h, w, 1]`.
            ir: infrared at full resolution, like `fused`.
            vis: visible at full resolution, like `fused`.
            target: the brighter source with more contrast, like `fused`.
            smoothings: how often the image at half the resolution is smoothed, which sets the size of the windows.
        """
        others = jnp.concatenate([ir, vis, target], axis=-1)
        every = jnp.concatenate([fused, others], axis=-1)  # [n, h, w, 4]
        moments = halved(jnp.concatenate([every, every**2, fused * others], axis=-1))
        for _ in range(smoothings):
            moments = smoothed_at(moments, 1)
        means, squares, products = jnp.split(moments, [4, 8], axis=-1)
        deviations = jnp.sqrt(jnp.maximum(squares - means**2, 0) + TINY)
        covariances = products - means[..., :1] * means[..., 1:]
        return cls(*jnp.moveaxis(deviations, -1, 0), *jnp.moveaxis(covariances, -1, 0))

    @property
    def ir_dominates(self) -> jax.Array:
        """Returns the degree to which infrared has more structure than visible, from 0 to 1."""
        return _stronger(self.ir, self.vis)

    @property
    def lost(self) -> jax.Array:
        """Returns how far the fused image fails to follow the source that has more structure."""
        ir, vis = (
            _shows(deviation, LEAST) * jax.nn.relu(KEPT - self._correlation(deviation, covariance))
            for deviation, covariance in ((self.ir, self.with_ir), (self.vis, self.with_vis))
        )
        return self.ir_dominates * ir + (1 - self.ir_dominates) * vis

    def _correlation(self, deviation: jax.Array, covariance: jax.Array) -> jax.Array:
        return covariance / (deviation * self.fused + 1e-5)


def structure_loss(window: Window) -> jax.Array:
    """Returns how far the fused image fails to follow the source that has more structure, as a mean over places.

    Args:
        window: the moments of the images.
    """
    return window.lost.mean()


def shown_loss(window: Window, contrast: float) -> jax.Array:
    """Returns how far the fused image fails to follow the brighter source, or the other where it is twice as strong.

    Args:
        window: the moments of the images.
        contrast: factor by which the target has more contrast than the brighter source.
    """
    shown = window.target / contrast
    hides = _stronger(jnp.maximum(window.ir, window.vis), HIDDEN * shown)
    apart = jax.nn.relu(SAME - window._correlation(window.target, window.with_target))
    return (hides * window.lost + (1 - hides) * _shows(shown, SHOWN) * apart).mean()


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


def enhanced(ir: jax.Array, vis: jax.Array, contrast: float) -> jax.Array:
    """Returns the brighter source with more contrast, bent into (0, 1).

    Args:
        ir: the infrared source, `[n, h, w, 1]` in [0, 1].
        vis: the visible source, like `ir`.
        contrast: factor of its contrast.
    """
    brighter = jnp.maximum(ir, vis)
    middle = pivot(mean_level(brighter))
    return knee(middle + contrast * (brighter - middle))


def level_loss(fused: jax.Array, target: jax.Array) -> jax.Array:
    """Returns the mean distance of the fused image's level from the target's.

    Args:
        fused: the fused image, `[n, h, w, 1]`.
        target: the brighter source with more contrast, like `fused`.
    """
    return jnp.abs(_level(fused) - _level(target)).mean()


def seam_loss(fused: jax.Array, target: jax.Array) -> jax.Array:
    """Returns the mean distance of the fused image from the target in a fine average, beyond what is no seam.

    Args:
        fused: the fused image, `[n, h, w, 1]`.
        target: the brighter source with more contrast, like `fused`.
    """
    apart = jnp.abs(smoothed_at(halved(fused), 1) - smoothed_at(halved(target), 1))
    return jax.nn.relu(apart - SEAM).mean()


def grain_loss(window: Window) -> jax.Array:
    """Returns the standard deviation beyond that of the sources, where neither shows anything, as a mean over places.

    Args:
        window: the moments of the images.
    """
    sources = jnp.maximum(window.ir, window.vis)
    return (jax.nn.sigmoid(300 * (QUIET - sources)) * jax.nn.relu(window.fused - GRAIN * sources)).mean()


def _level(image: jax.Array) -> jax.Array:
    return smoothed_at(smoothed_at(halved(halved(image)), 1), 1)


def _stronger(one: jax.Array, other: jax.Array) -> jax.Array:
    """Returns the degree to which a standard deviation is larger than another, from 0 to 1."""
    return jax.nn.sigmoid(8 * jnp.log((one + 0.002) / (other + 0.002)))


def _shows(deviation: jax.Array, least: float) -> jax.Array:
    """Returns the degree to which a window shows structure, from 0 to 1."""
    return jax.nn.sigmoid(150 * (deviation - least))
