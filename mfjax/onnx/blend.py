"""The blend as ONNX nodes (`mfjax.model.blend`)."""

import numpy as np

from mfjax.model.blend import BLACK, DILATIONS, LEAST_ENERGY, LEAST_PRODUCT, SPLINE, SPREADS, START, WHITE
from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, conv, convolve, leaky_conv
from mfjax.onnx.maps import batches, concat, cut, filled, padded, pooled, shuffled, size


def blended(sources: tuple[Value, Value], coarseness: tuple[float | Value, float | Value], params: Params) -> Value:
    """Adds `Blend`. Both images and the brighter of them are worked on as one batch.

    Args:
        sources: the super-resolved infrared and visible image, `[n, 1, H, W]`.
        coarseness: of each source, from 0 (as fine as the output) to 1; a number or a value `[1]`.
        params: parameters of the module.
    """
    g = sources[0].graph
    images = concat([*sources, g.op("Max", *sources)], 0)
    details = []
    for dilation in DILATIONS:
        smooth = _smoothed(images, dilation)
        details.append(images - smooth)
        images = smooth
    maps = []
    for band, spread in zip(details, SPREADS, strict=True):
        of_ir, of_vis, _ = batches(band, 3)
        parts = concat([g.op("Abs", band), of_ir * of_vis], 0)
        ir, vis, brighter, product = batches(_smoothed(_halved(parts), spread), 4)
        both = ir + vis + LEAST_ENERGY
        maps += [(ir - vis) / both, g.op("Log", both) + 3.5, g.op("Log", brighter + LEAST_ENERGY) + 3.5]
        maps.append(product / (ir * vis + LEAST_PRODUCT))
    *levels, level = batches(images, 3)
    low_ir, low_vis = batches(_halved(concat(levels, 0)), 2)
    apart = 2 * (low_ir - low_vis)
    maps += [low_ir - 0.5, low_vis - 0.5, apart, g.op("Abs", apart)]
    maps += [filled(low_ir, each) for each in coarseness]
    x = leaky_conv([concat(maps)], params["hidden_0"])
    x = leaky_conv([x], params["hidden_1"])
    weights = 2 * g.op("Sigmoid", conv([x], params["weights"]) - START)
    weights = cut(_doubled(weights), size(level))
    out, count = level, 3 * len(DILATIONS)
    each_weight = g.ops("Split", weights, g.integers(*[1] * count), channels=[1] * count, axis=1)
    every_band = [each for band in details for each in batches(band, 3)]
    for weight, band in zip(each_weight, every_band, strict=True):
        out = out + weight * band
    return out


def knee(image: Value) -> Value:
    """Adds `model.blend.knee`.

    Args:
        image: the image, linear, `[n, 1, H, W]`.
    """
    g = image.graph
    white = (1 - WHITE) + WHITE * g.op("Tanh", (image - (1 - WHITE)) / WHITE)
    black = BLACK * (1 - g.op("Tanh", (BLACK - image) / BLACK))
    bent = g.op("Where", g.op("Less", image, g.constant(BLACK)), black, image)
    return g.op("Where", g.op("Greater", image, g.constant(1 - WHITE)), white, bent)


def _smoothed(image: Value, dilation: int) -> Value:
    """Adds `model.blend.smoothed_at`."""
    image = padded(image, 2 * dilation, 2 * dilation)
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        image = convolve(image, np.reshape(SPLINE, shape), dilations=[dilation, dilation])
    return image


def _halved(image: Value) -> Value:
    """Adds `model.blend.halved`."""
    g = image.graph
    return pooled(padded(image, 0, g.op("Mod", size(image), g.integers(2, 2))), "AveragePool")


def _doubled(image: Value) -> Value:
    """Adds `model.blend.doubled`."""
    taps = np.array([[0.25, 0.75, 0], [0, 0.75, 0.25]])  # [phase, tap]
    filters = np.einsum("ay,bx->abyx", taps, taps).reshape(1, 4, 1, 3, 3)
    filters = np.repeat(filters, image.channels, axis=0).reshape(-1, 1, 3, 3)  # channel 4c + 2·dy + dx
    return shuffled(convolve(padded(image, 1, 1), filters, group=image.channels))
