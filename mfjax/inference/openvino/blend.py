"""`model.blend` in OpenVINO."""

import numpy as np

from mfjax.inference.openvino.layers import Params, constant, conv, leaky_conv
from mfjax.inference.openvino.runtime import op, ov
from mfjax.model.blend import BLACK, BRIGHTER, DILATIONS, LEAST_ENERGY, SPLINE, SPREADS, WHITE
from mfjax.model.network import Branch

HALVED = {"kernel_shape": [2, 2], "strides": [2, 2], "pads_begin": [0, 0], "pads_end": [0, 0]}


def blended(ir: Branch, vis: Branch, params: Params) -> ov.Node:
    """`Blend`. Both images are worked on as one batch."""
    images = op.concat([ir.image, vis.image], 0)
    details = []
    for dilation in DILATIONS:
        smooth = _smoothed(images, dilation)
        details.append(op.subtract(images, smooth))
        images = smooth
    maps = []
    for band, spread in zip(details, SPREADS, strict=True):
        of_ir, of_vis = _halves(_smoothed(_halved(op.abs(band)), spread))
        both = op.add(op.add(of_ir, of_vis), constant(LEAST_ENERGY))
        maps += [op.divide(op.subtract(of_ir, of_vis), both), op.add(op.log(both), constant(3.5))]
    low_ir, low_vis = _halves(_halved(images))
    apart = op.multiply(constant(2), op.subtract(low_ir, low_vis))
    maps += [op.subtract(low_ir, constant(0.5)), op.subtract(low_vis, constant(0.5)), apart, op.abs(apart)]
    size = op.shape_of(low_ir)
    maps += [op.broadcast(each.coarseness, size) for each in (ir, vis)]
    x = leaky_conv([op.concat(maps, 1)], params["hidden_0"])
    x = leaky_conv([x], params["hidden_1"])
    lengths = op.constant(np.array([2 * len(DILATIONS), 1]))
    found, share = op.variadic_split(conv([x], params["weights"]), op.constant(1), lengths).outputs()
    share = op.sigmoid(op.add(share, op.multiply(constant(BRIGHTER), apart)))
    found = op.multiply(constant(2), op.sigmoid(op.subtract(found, constant(0.5))))
    found = _doubled(op.concat([found, share], 1), images)
    *weights, share = op.split(found, op.constant(1), 2 * len(DILATIONS) + 1).outputs()
    level_ir, level_vis = _halves(images)
    out = op.add(op.multiply(share, op.subtract(level_ir, level_vis)), level_vis)
    for i, band in enumerate(details):
        for j, each in enumerate(_halves(band)):
            out = op.add(out, op.multiply(weights[2 * i + j], each))
    return out


def knee(image: ov.Node) -> ov.Node:
    """`model.blend.knee`."""
    white = op.divide(op.subtract(image, constant(1 - WHITE)), constant(WHITE))
    white = op.add(constant(1 - WHITE), op.multiply(constant(WHITE), op.tanh(white)))
    black = op.tanh(op.divide(op.subtract(constant(BLACK), image), constant(BLACK)))
    black = op.multiply(constant(BLACK), op.subtract(constant(1), black))
    bent = op.select(op.less(image, constant(BLACK)), black, image)
    return op.select(op.greater(image, constant(1 - WHITE)), white, bent)


def _halves(both: ov.Node) -> tuple[ov.Node, ov.Node]:
    """Infrared's and visible's, of one batch."""
    ir, vis = op.split(both, op.constant(0), 2).outputs()
    return ir, vis


def _smoothed(image: ov.Node, dilation: int) -> ov.Node:
    """`model.blend.smoothed_at`."""
    reach, nothing = 2 * dilation, [0, 0]
    ends = op.constant(np.array([0, 0, reach, reach]))
    image = op.pad(image, ends, ends, "edge")
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        filters = constant(np.reshape(SPLINE, shape))
        image = op.convolution(image, filters, [1, 1], nothing, nothing, [dilation, dilation])
    return image


def _halved(image: ov.Node) -> ov.Node:
    """`model.blend.halved`."""
    size = op.gather(op.shape_of(image), op.constant([2, 3]), op.constant(0))
    odd = op.concat([op.constant(np.zeros(2, np.int64)), op.floor_mod(size, op.constant(np.array([2, 2])))], 0)
    image = op.pad(image, op.constant(np.zeros(4, np.int64)), odd, "edge")
    return op.avg_pool(image, exclude_pad=True, **HALVED)


def _doubled(image: ov.Node, like: ov.Node) -> ov.Node:
    """`model.blend.doubled`, cut to the size of another map."""
    ends = op.constant(np.array([0, 0, 1, 1]))
    image = op.pad(image, ends, ends, "edge")
    channels = image.get_output_partial_shape(0)[1].get_length()
    taps = np.array([[0.25, 0.75, 0], [0, 0.75, 0.25]])  # [phase, tap]
    filters = np.einsum("ay,bx->abyx", taps, taps).reshape(1, 4, 1, 1, 3, 3)
    filters = constant(np.repeat(filters, channels, axis=0).reshape(channels, 4, 1, 3, 3))
    out = op.group_convolution(image, filters, [1, 1], [0, 0], [0, 0], [1, 1])  # channel 4c + 2·dy + dx
    out = op.depth_to_space(out, "depth_first", 2)
    size = op.gather(op.shape_of(like), op.constant([2, 3]), op.constant(0))
    return op.slice(out, op.constant([0, 0]), size, op.constant([1, 1]), op.constant([2, 3]))
