"""The blend as ONNX nodes (`mfjax.model.blend`).

Each block of 4×4 pixels becomes 16 channels, and each block of 2×2 pixels of maps at half the resolution 4 channels.
The blend has few maps, of one channel each, and engines are fast where channels are many. So a smoothing of pixels is a
convolution between the channels of neighbouring blocks, with most of its weights zero.
"""

import functools
import operator

import numpy as np

from mfjax.model.blend import BLACK, BLOCK, DILATIONS, LEAST_ENERGY, LEAST_PRODUCT, SPLINE, SPREADS, START, WHITE
from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, convolve, leaky
from mfjax.onnx.maps import batches, concat, cut, filled, padded, shuffled, size, to_channels

HALF = BLOCK // 2  # side of a block at half the resolution
HALVING = np.repeat(np.eye(HALF), 2, axis=1)[..., None] / 2  # along an axis: [pixel, pixel, block]
DOUBLING = np.zeros((BLOCK, HALF, 3))
for pixel, near, block, far, far_block in ((0, 0, 1, 1, 0), (1, 0, 1, 1, 1), (2, 1, 1, 0, 1), (3, 1, 1, 0, 2)):
    DOUBLING[pixel, near, block], DOUBLING[pixel, far, far_block] = 0.75, 0.25


def blended(sources: tuple[Value, Value], coarseness: tuple[float | Value, float | Value], params: Params) -> Value:
    """Adds `Blend`. Both images and the brighter of them are worked on as one batch.

    Args:
        sources: the super-resolved infrared and visible image, `[n, 1, H, W]`.
        coarseness: of each source, from 0 (as fine as the output) to 1; a number or a value `[1]`.
        params: parameters of the module.
    """
    g = sources[0].graph
    extent = size(sources[0])
    images = to_channels(concat([*sources, g.op("Max", *sources)], 0), BLOCK, "edge")  # [3n, 16, H/4, W/4]
    details = []
    for dilation in DILATIONS:
        smooth = _smoothed(images, dilation, BLOCK)
        details.append(images - smooth)
        images = smooth
    *levels, level = batches(images, 3)
    weights = _weights(_evidence(details, levels, coarseness), params)
    shown = [weight * band for weight, band in zip(weights, details, strict=True)]
    for each in batches(functools.reduce(operator.add, shown), 3):
        level = level + each
    return cut(shuffled(level, BLOCK, "DCR"), extent)


def _evidence(details: list[Value], levels: list[Value], coarseness: tuple[float | Value, ...]) -> list[Value]:
    """Adds the weighting network's input (`model.blend._evidence`), as 22 maps `[n, 4, H/4, W/4]`."""
    g = levels[0].graph
    maps = []
    for band, spread in zip(details, SPREADS, strict=True):
        of_ir, of_vis, _ = batches(band, 3)
        parts = _halved(concat([g.op("Abs", band), of_ir * of_vis], 0))
        ir, vis, brighter, product = batches(_smoothed(parts, spread, HALF), 4)
        both = ir + vis + LEAST_ENERGY
        maps += [(ir - vis) / both, g.op("Log", both) + 3.5, g.op("Log", brighter + LEAST_ENERGY) + 3.5]
        maps.append(product / (ir * vis + LEAST_PRODUCT))
    low_ir, low_vis = batches(_halved(concat(levels, 0)), 2)
    apart = 2 * (low_ir - low_vis)
    maps += [low_ir - 0.5, low_vis - 0.5, apart, g.op("Abs", apart)]
    return maps + [filled(low_ir, each) for each in coarseness]


def _weights(evidence: list[Value], params: Params) -> list[Value]:
    """Adds the weighting network, and returns its weights at full resolution: of each band, `[3n, 16, H/4, W/4]`."""
    g = evidence[0].graph
    blocks = g.op("Concat", g.integers(-1, HALF**2), size(evidence[0]), axis=0)
    x = concat(evidence)  # maps of a pixel are far apart in memory: matrix products don't mind, convolutions do
    x = g.op("Reshape", x, g.integers(0, len(evidence), -1), channels=len(evidence))
    x = leaky(_dense(x, params["hidden_0"]["linear"]))
    x = leaky(_dense(x, params["hidden_1"]["linear"]))
    x = 2 * g.op("Sigmoid", _dense(x, params["weights"]) - START)  # [n, 12, 4 H/4 W/4]
    x = g.op("Reshape", g.op("Transpose", x, perm=[1, 0, 2]), blocks, channels=HALF**2)
    doubling = _both_axes(DOUBLING)
    return [convolve(each, doubling) for each in batches(padded(x, 1, 1), len(DILATIONS))]  # split while they are small


def _dense(x: Value, params: Params) -> Value:
    """Adds a 1×1 `Conv` of a map of pixels in a row, `[n, channels, pixels]`."""
    g, layer = x.graph, params["dense"]
    kernel = np.asarray(layer["kernel"])
    weighted = g.op("MatMul", g.constant(kernel.T[None]), x, channels=kernel.shape[1])
    return weighted + g.constant(np.reshape(layer["bias"], (1, -1, 1)))


def knee(image: Value) -> Value:
    """Adds `model.blend.knee`.

    Args:
        image: the image, linear, `[n, 1, H, W]`.
    """
    g = image.graph
    beyond = g.op("Max", (image - (1 - WHITE)) / WHITE, g.constant(0)) + g.op(
        "Min", (image - BLACK) / BLACK, g.constant(0)
    )
    bend = g.op("Tanh", beyond)
    inside = g.op("Clip", image, g.constant(BLACK), g.constant(1 - WHITE))
    return inside + WHITE * g.op("Max", bend, g.constant(0)) + BLACK * g.op("Min", bend, g.constant(0))


def _smoothed(image: Value, dilation: int, block: int) -> Value:
    """Adds `model.blend.smoothed_at` of a map whose channels are blocks."""
    reach = -(-2 * dilation // block)
    image = padded(image, reach, reach)
    if dilation % block == 0:  # each channel by itself
        kernel = np.repeat(np.outer(SPLINE, SPLINE)[None, None], block**2, axis=0)
        return convolve(image, kernel, dilations=[dilation // block] * 2, group=block**2)
    taps = np.zeros((block, block, 2 * reach + 1))
    for pixel in range(block):
        for tap, weight in enumerate(SPLINE):
            to, other = divmod(pixel + (tap - 2) * dilation, block)
            taps[pixel, other, to + reach] += weight
    return convolve(image, _both_axes(taps))


def _halved(image: Value) -> Value:
    """Adds `model.blend.halved` of a map whose channels are blocks."""
    return convolve(image, _both_axes(HALVING))


def _both_axes(taps: np.ndarray) -> np.ndarray:
    """Returns filters between the channels of blocks that filter both axes.

    Args:
        taps: filters along an axis, `[pixels, pixels, blocks]`: what a pixel of a block's becomes of all pixels of
            neighbouring blocks.
    """
    outputs, inputs, blocks = taps.shape
    return np.einsum("aip,bjq->abijpq", taps, taps).reshape(outputs**2, inputs**2, blocks, blocks)
