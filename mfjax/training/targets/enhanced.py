"""A target with more contrast and sharpness than the sources: the brighter of them at each place, enhanced."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from mfjax import losses
from mfjax.errors import MfjaxError
from mfjax.model import FusionOutput
from mfjax.model.base import pivot
from mfjax.model.fusion import select_by_magnitude
from mfjax.model.statistics import mean_level
from mfjax.training.targets.base import Metrics, Target, register, total

SMOOTHING = np.exp(-(np.arange(-4, 5) ** 2) / 2)  # a Gaussian of one pixel
SMOOTHING /= SMOOTHING.sum()


@register("enhanced")
@dataclass(frozen=True)
class Enhanced(Target):
    """The brighter super-resolved source at each place, with more contrast, and as sharp as the full-size sources."""

    gain: float = 1.3
    """Contrast, as a multiple of the brighter source's."""
    sharpness: float = 1.0
    """Spatial frequency, as a multiple of that of the sources at full resolution."""

    def __post_init__(self) -> None:
        for name in ("gain", "sharpness"):
            if getattr(self, name) <= 0:
                raise MfjaxError(f"{name} is {getattr(self, name)}; it must be positive")

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
        """Returns the pixel loss, with the distance from `image` in place of that from both sources.

        See `Target.loss`.
        """
        distance = losses.mean_absolute_error(output.fused, self.image(output, ir, vis, axis_name=axis_name))
        return losses.sr_loss(output, ir, vis) + distance, {"fusion": distance}

    def describe(self) -> str:
        """Returns the target in a few words, with the contrast."""
        return f"the brighter source enhanced by {self.gain:g}"

    def image(self, output: FusionOutput, ir: jax.Array, vis: jax.Array, *, axis_name: str | None = None) -> jax.Array:
        """Returns the image that the fused one should become, `[n, h, w, 1]` in [0, 1].

        All pixels of a batch that show a source of one scale get one sharpening, the mean of what its images need: a
        network can learn how much sharpening a scale needs, but not the noise of sources that it never sees.

        Args:
            output: the network's reconstructions, of which the super-resolved sources are enhanced.
            ir: infrared at full resolution, `[n, h, w, 1]` in [0, 1].
            vis: visible at full resolution, like `ir`.
            axis_name: as for `loss`; the mean is over the images of all devices.
        """
        base = jax.lax.stop_gradient(select_by_magnitude(output.ir, output.vis))
        is_ir = base == output.ir
        sums = []
        for where in (is_ir, ~is_ir):
            share = where.mean(axis=(1, 2, 3))
            needed = sharpening_for(self, base, ir, vis, where)
            sums.append(jnp.stack([(share * needed).sum(), share.sum()]))
        both = total(jnp.stack(sums), axis_name)
        for_ir, for_vis = both[:, 0] / jnp.maximum(both[:, 1], 1e-6)
        return enhanced(base, self.gain, jnp.where(is_ir, for_ir, for_vis))


def enhanced(base: jax.Array, gain: float, sharpening: jax.Array) -> jax.Array:
    """Returns an image with a multiple of its detail added, then its distance from the pivot multiplied, then clipped.

    Detail is the part that a Gaussian of one pixel removes.

    Args:
        base: the image, `[n, h, w, 1]` in [0, 1].
        gain: factor of the distance from the pivot.
        sharpening: factor of the detail, one for all, or of a shape that broadcasts with the image's.
    """
    level = pivot(mean_level(base))
    return jnp.clip(level + gain * (base - level + sharpening * (base - smoothed(base))), 0, 1)


def smoothed(image: jax.Array) -> jax.Array:
    """Returns an image smoothed by a Gaussian of one pixel; its edges are repeated.

    Args:
        image: the image, `[n, h, w, c]`.
    """
    reach = len(SMOOTHING) // 2
    for axis in (1, 2):
        ends = [(reach, reach) if i == axis else (0, 0) for i in range(4)]
        padded = jnp.pad(image, ends, mode="edge")
        image = sum(
            weight * jax.lax.slice_in_dim(padded, i, i + image.shape[axis], axis=axis)
            for i, weight in enumerate(SMOOTHING.tolist())
        )
    return image


def sharpening_for(target: Enhanced, base: jax.Array, ir: jax.Array, vis: jax.Array, where: jax.Array) -> jax.Array:
    """Returns the sharpening with which each image reaches its spatial frequency in `enhanced`, `[n]`, in [−1, 3].

    At sharpness 1 it brings Q_SF to 0, but for clipping (Zheng, Essock, Hansen, Haun, Inf. Fusion 8(2), 2007). Below 0
    it smooths. It ends at 3, since no sharpening restores what coarse sources lost.

    Args:
        target: the contrast and sharpness to reach.
        base: the images to enhance, `[n, h, w, 1]`.
        ir: infrared at full resolution, like `base`.
        vis: visible at full resolution, like `base`.
        where: the pixels to consider, boolean, like `base`: those that show a source of one scale.
    """
    # The squared spatial frequency of base + x·detail is a·x² + 2b·x + c.
    a = b = c = wanted = jnp.zeros(base.shape[0])
    maps = base - smoothed(base), base, ir, vis
    starts = where[:, :, :-1], where[:, :-1], where[:, :-1, :-1], where[:, :-1, 1:]
    for weight, start, *differences in zip(
        (1.0, 1.0, 0.5**0.5, 0.5**0.5), starts, *map(_four_differences, maps), strict=True
    ):
        d_detail, d_base, d_ir, d_vis = (jnp.where(start, each, 0) for each in differences)
        a += weight * _sum(d_detail**2)
        b += weight * _sum(d_base * d_detail)
        c += weight * _sum(d_base**2)
        wanted += weight * _sum(jnp.maximum(jnp.abs(d_ir), jnp.abs(d_vis)) ** 2)
    missing = (target.sharpness / target.gain) ** 2 * wanted - c
    x = (jnp.sqrt(jnp.maximum(b**2 + a * missing, 0)) - b) / (a + 1e-6)  # flat images have no detail
    return jnp.clip(x, -1, 3)


def _sum(x: jax.Array) -> jax.Array:
    return x.sum(axis=(1, 2, 3))


def _four_differences(x: jax.Array) -> tuple[jax.Array, ...]:
    """Returns the differences to the right, below, and along both diagonals."""
    return (
        x[:, :, 1:] - x[:, :, :-1],
        x[:, 1:] - x[:, :-1],
        x[:, 1:, 1:] - x[:, :-1, :-1],
        x[:, 1:, :-1] - x[:, :-1, 1:],
    )
