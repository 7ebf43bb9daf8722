"""The blend as ONNX nodes (`mfjax.model.blend`)."""

import numpy as np

from mfjax.model.blend import BLACK, BRIGHTER, DILATIONS, LEAST_ENERGY, LEAST_PRODUCT, SPLINE, SPREADS, WHITE
from mfjax.onnx.graph import Value
from mfjax.onnx.layers import Params, conv, convolve, leaky_conv
from mfjax.onnx.maps import batches, concat, cut, filled, halves, padded, pooled, shuffled, size


def blended(sources: tuple[Value, Value], coarseness: tuple[float, float], params: Params) -> Value:
    """Adds `Blend`. Both images are worked on as one batch.

    Args:
        sources: the super-resolved infrared and visible image, `[n, 1, H, W]`.
        coarseness: of each source, from 0 (as fine as the output) to 1.
        params: parameters of the module.
    """
    images = concat(sources, 0)
    g = images.graph
    details = []
    for dilation in DILATIONS:
        smooth = _smoothed(images, dilation)
        details.append(images - smooth)
        images = smooth
    maps, agreements = [], []
    for band, spread in zip(details, SPREADS, strict=True):
        of_ir, of_vis = halves(band)
        parts = concat([g.op("Abs", band), of_ir * of_vis], 0)
        ir, vis, product = batches(_smoothed(_halved(parts), spread), 3)
        both = ir + vis + LEAST_ENERGY
        maps += [(ir - vis) / both, g.op("Log", both) + 3.5]
        agreements.append(product / (ir * vis + LEAST_PRODUCT))
    low_ir, low_vis = halves(_halved(images))
    apart = 2 * (low_ir - low_vis)
    maps += [low_ir - 0.5, low_vis - 0.5, apart, g.op("Abs", apart)]
    maps += [filled(low_ir, each) for each in coarseness]
    x = leaky_conv([concat([*maps, *agreements])], params["hidden_0"])
    x = leaky_conv([x], params["hidden_1"])
    count = 2 * len(DILATIONS)
    found, share = g.ops("Split", conv([x], params["weights"]), g.integers(count, 1), channels=[count, 1], axis=1)
    share = g.op("Sigmoid", share + BRIGHTER * apart)
    found = 2 * g.op("Sigmoid", found - 0.5)
    found = cut(_doubled(concat([found, share])), size(images))
    *weights, share = g.ops("Split", found, g.integers(*[1] * (count + 1)), channels=[1] * (count + 1), axis=1)
    level_ir, level_vis = halves(images)
    out = share * (level_ir - level_vis) + level_vis
    for i, band in enumerate(details):
        for j, each in enumerate(halves(band)):
            out = out + weights[2 * i + j] * each
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
