"""The blend of both super-resolved sources: their structure at four scales, weighted by how much each source has.

The blend is not in the paper. The paper's selection by magnitude, as the base of a fused image, deletes what a source
shows dark where the other one is bright. The blend splits infrared, visible and the brighter of the two at each pixel
into bands of detail of about 1, 2, 4 and 8 pixels and a remainder, the level. The fused image has the level of the
brighter one, and a sum of all twelve bands, which a small network weighs at each place by their energies and by whether
infrared and visible contradict each other. So everything that the fused image shows comes from a source. Weights are
computed at half the resolution, so they are smooth in space.

Beyond the image's edges, blocks of 4×4 pixels are repeated, not pixels: an engine that turns each block into 16
channels (`mfjax.onnx.blend`), which are worked on at once, can do that.

`with_detail` turns a blend from one that shows all structure to one that looks natural: the brighter source, with the
other's structure only where it is much stronger.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from mfjax.model.extent import EVERYWHERE, AnyExtent
from mfjax.model.layers import Conv, LeakyConv

DILATIONS = 1, 2, 4, 8  # dilation of the smoothing that separates two bands, in pixels
SPREADS = 1, 1, 2, 2  # dilation of the smoothing of each band's energy, in pixels of half the resolution
SPLINE = 1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16  # a cubic B-spline, the kernel of the smoothings (à trous)
BLOCK = 4  # side in pixels of the blocks that are repeated beyond the edges
REACH = 44  # pixels to each side that a blended pixel depends on

LEAST_ENERGY = 0.004  # one gray level: less is noise
LEAST_PRODUCT = 1e-5  # of two bands' energies, below which they neither agree nor contradict each other
START = 1.4  # what weights are lowered by before they are trained: three of 0.4 add up to about 1

WHITE, BLACK = 0.08, 0.04  # values nearer than this to 1 and 0 are bent, so that nothing is clipped


class Blend(nn.Module):
    """The brighter source's level and the weighted bands of both sources and the brighter one, `[n, h, w, 1]`.

    Called with both super-resolved images, `[n, h, w, 1]`, infrared first, and the `coarseness` of each source.
    """

    hidden: int  # channels of the weighting network
    extent: AnyExtent = EVERYWHERE

    @nn.compact
    def __call__(
        self,
        images: tuple[jax.Array, jax.Array],
        coarseness: tuple[jax.Array, jax.Array],
    ) -> jax.Array:
        h, w = images[0].shape[1:3]
        every = self.extent.continued(jnp.concatenate([*images, jnp.maximum(*images)], axis=-1))
        every = jnp.pad(every, ((0, 0), (0, -h % BLOCK), (0, -w % BLOCK), (0, 0)), mode="edge")
        extent = self.extent.shrunk(BLOCK, times=BLOCK)  # whole blocks
        details, levels = bands(every, extent)
        evidence = _evidence(details, levels, coarseness, extent)  # [n, h/2, w/2, 22]
        self.param("natural", nn.initializers.zeros, (self.hidden,))  # `with_detail` adds it to the next layer's bias
        x = LeakyConv(self.hidden, 1, name="hidden_0")(evidence)
        x = LeakyConv(self.hidden, 1, name="hidden_1")(x)
        weights = 2 * nn.sigmoid(Conv(3 * len(DILATIONS), 1, name="weights")(x) - START)
        weights = doubled(weights, extent)  # [n, h, w, 12]
        detail = (weights * jnp.concatenate(details, axis=-1)).sum(axis=-1, keepdims=True)
        return (levels[..., 2:] + detail)[:, :h, :w]


def _evidence(
    details: list[jax.Array],
    levels: jax.Array,
    coarseness: tuple[jax.Array, jax.Array],
    extent: AnyExtent,
) -> jax.Array:
    """Returns the weighting network's input from bands and levels of infrared, visible and the brighter of both.

    For each band: which source has more of it, how much both and the brighter one have, and if the sources agree (1) or
    contradict each other (-1). Then both sources' levels, their difference, and each source's coarseness.
    """
    half = extent.shrunk(2)
    maps = []
    for band, spread in zip(details, SPREADS, strict=True):
        parts = jnp.concatenate([jnp.abs(band), band[..., :1] * band[..., 1:2]], axis=-1)
        ir, vis, brighter, product = jnp.split(smoothed_at(halved(parts, extent), spread, half, BLOCK // 2), 4, axis=-1)
        both = ir + vis + LEAST_ENERGY
        maps += [(ir - vis) / both, jnp.log(both) + 3.5, jnp.log(brighter + LEAST_ENERGY) + 3.5]
        maps.append(product / (ir * vis + LEAST_PRODUCT))
    ir, vis = jnp.split(halved(levels[..., :2], extent), 2, axis=-1)
    maps += [ir - 0.5, vis - 0.5, 2 * (ir - vis), 2 * jnp.abs(ir - vis)]
    maps += [jnp.broadcast_to(jnp.asarray(each, ir.dtype), ir.shape) for each in coarseness]
    return jnp.concatenate(maps, axis=-1)


def with_detail(params: Mapping[str, Any], detail: Any) -> dict[str, Any]:
    """Returns a network's parameters with which its blend shows as much detail as asked for.

    Args:
        params: parameters of a `FusionNetwork` with a blend, which shows all detail.
        detail: from 0, the brighter source with only what is much stronger in the other one, to 1, the structure of
            both sources. A traced scalar will do.
    """
    fusion = params["fusion"]
    blend = fusion["blend"]
    first = blend["hidden_0"]["linear"]["dense"]
    first = {**first, "bias": first["bias"] + (1 - detail) * blend["natural"]}
    return {**params, "fusion": {**fusion, "blend": {**blend, "hidden_0": {"linear": {"dense": first}}}}}


def bands(image: jax.Array, extent: AnyExtent = EVERYWHERE) -> tuple[list[jax.Array], jax.Array]:
    """Returns an image's detail, a band for each of `DILATIONS`, and the remainder, its level; they add up to it.

    Args:
        image: the image, `[n, h, w, c]`.
        extent: the part of the array that is image.
    """
    found = []
    for dilation in DILATIONS:
        smooth = smoothed_at(image, dilation, extent)
        found.append(image - smooth)
        image = smooth
    return found, image


def smoothed_at(image: jax.Array, dilation: int, extent: AnyExtent = EVERYWHERE, block: int = BLOCK) -> jax.Array:
    """Returns an image smoothed by a cubic B-spline whose taps are `dilation` pixels apart.

    Args:
        image: the image, `[n, h, w, c]`.
        dilation: distance between the taps in pixels.
        extent: the part of the array that is image.
        block: side in pixels of the blocks that are repeated beyond the image's edges.
    """
    image = extent.surrounded(image, 2 * dilation, block)
    for axis in (1, 2):
        length = image.shape[axis] - 4 * dilation
        taps = [jax.lax.slice_in_dim(image, i * dilation, i * dilation + length, axis=axis) for i in range(5)]
        image = SPLINE[0] * (taps[0] + taps[4]) + SPLINE[1] * (taps[1] + taps[3]) + SPLINE[2] * taps[2]
    return image


def halved(image: jax.Array, extent: AnyExtent = EVERYWHERE) -> jax.Array:
    """Returns the means of two by two pixels, `[n, h, w, c]` to `[n, ⌈h/2⌉, ⌈w/2⌉, c]`; edges are repeated.

    Args:
        image: the image, `[n, h, w, c]`.
        extent: the part of the array that is image.
    """
    h, w = image.shape[1:3]
    padded = jnp.pad(extent.continued(image), ((0, 0), (0, h % 2), (0, w % 2), (0, 0)), mode="edge")
    rows = padded[:, 0::2] + padded[:, 1::2]
    return (rows[:, :, 0::2] + rows[:, :, 1::2]) / 4


def doubled(image: jax.Array, extent: AnyExtent = EVERYWHERE) -> jax.Array:
    """Returns a map at twice its height and width, interpolated linearly between pixel centres.

    Args:
        image: the map, `[n, h, w, c]`.
        extent: the part of the result that is image, twice as large as that of `image`.
    """
    image = extent.shrunk(2).surrounded(image, 1, BLOCK // 2)
    for axis in (1, 2):
        length = image.shape[axis] - 2
        before, here, after = (jax.lax.slice_in_dim(image, i, i + length, axis=axis) for i in range(3))
        both = jnp.stack([0.25 * before + 0.75 * here, 0.75 * here + 0.25 * after], axis=axis + 1)
        image = both.reshape(*image.shape[:axis], 2 * length, *image.shape[axis + 1 :])
    return image


def knee(image: jax.Array) -> jax.Array:
    """Returns an image bent smoothly into (0, 1) near black and white, in place of clipping.

    Args:
        image: an array of any shape, whose values may lie beyond [0, 1].
    """
    beyond = jnp.maximum((image - (1 - WHITE)) / WHITE, 0) + jnp.minimum((image - BLACK) / BLACK, 0)
    bend = jnp.tanh(beyond)  # one of both parts is 0, and a tanh is the most costly of these operations
    inside = jnp.clip(image, BLACK, 1 - WHITE)
    return inside + WHITE * jnp.maximum(bend, 0) + BLACK * jnp.minimum(bend, 0)
