"""All that follows the extractor in OpenVINO, for sources that the output is a whole number of times as large as."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mfjax.inference.openvino.blend import blended, knee
from mfjax.inference.openvino.layers import (
    Params,
    Program,
    constant,
    conv,
    downscale,
    from_channels,
    leaky_conv,
    maps_of,
    select_by_magnitude,
    upscale,
)
from mfjax.inference.openvino.runtime import max_pool, op, ov
from mfjax.model import ModelConfig
from mfjax.model.network import Branch
from mfjax.model.placement import Size
from mfjax.model.resampling import LARGEST_WHOLE

STREAM = 8  # pairs of the same sizes in a row, as the frames of a video: worth a program of their own
LARGEST = 2**20  # pixels of an output: it takes half a kilobyte for each


class OpenVinoComposer:
    """The three images from two sources and their features, as `SuperResolutionBranch.refine` and `FusionBranch`."""

    def __init__(self, config: ModelConfig, fusion: Params, branches: tuple[Params, Params]) -> None:
        """For the parameters of the fusion branch and of both super-resolution branches."""
        self._config, self._fusion, self._branches = config, fusion, branches
        self._of_any_size = functools.cache(self._compiled)
        self._of_one_size = functools.lru_cache(1)(self._compiled)
        self._last: Any = None
        self._in_a_row = 0  # pairs of the last one's sizes

    def takes(self, sources: Sequence[Size], size: Size) -> bool:
        """Whether sources of these sizes can be composed to an output of that one."""
        return self._factors(sources, size) is not None and size[0] * size[1] <= LARGEST

    def __call__(self, images: Sequence[np.ndarray], features: Sequence[np.ndarray], size: Size) -> list[np.ndarray]:
        """Fused, infrared and visible, linear, `[H, W]`, from images `[h, w]` and features `[h, w, c]`.

        Raises:
            ValueError: sources of these sizes can't be composed to that size.
        """
        factors = self._factors([image.shape[:2] for image in images], size)
        if factors is None:
            raise ValueError(f"{size} is not a whole number of times as large as both sources")
        inputs = [image[None, None] for image in images] + [each.transpose(2, 0, 1)[None] for each in features]
        shapes = tuple(x.shape for x in inputs)
        self._in_a_row = self._in_a_row + 1 if shapes == self._last else 1
        self._last = shapes
        stream = self._in_a_row >= STREAM
        program = self._of_one_size(factors, shapes) if stream else self._of_any_size(factors)
        return [out[0, 0] for out in program(*inputs)]

    def _factors(self, sources: Sequence[Size], size: Size) -> tuple[int, ...] | None:
        factors = tuple(size[0] // rows for rows, _ in sources)
        whole = all(
            1 <= factor <= LARGEST_WHOLE and (factor * rows, factor * cols) == size
            for factor, (rows, cols) in zip(factors, sources, strict=True)
        )
        return factors if whole else None

    def _compiled(self, factors: tuple[int, ...], shapes: tuple[tuple[int, ...], ...] | None = None) -> Program:
        if shapes is not None:
            self._of_any_size(factors).release()  # which would hold as much again
        config = self._config
        images, features = [maps_of(1), maps_of(1)], [maps_of(config.features), maps_of(config.features)]
        ir, vis = (_refined(config, *each) for each in zip(self._branches, images, features, factors, strict=True))
        return Program([_fused(config, self._fusion, ir, vis), ir.image, vis.image], images + features, shapes=shapes)


def _refined(config: ModelConfig, params: Params, image: ov.Node, low: ov.Node, factor: int) -> Branch:
    """`SuperResolutionBranch.refine`."""
    upscaled = high = upscale(low, params["upscale"], factor)
    residuals = []
    for i in range(config.compensations):
        compensation = params[f"compensation_{i}"]
        lost = op.subtract(low, downscale(high, compensation["downscale"], factor))  # Eq. (11)
        residuals.append(upscale(lost, compensation["upscale"], factor))  # Eq. (12)
        high = op.add(high, residuals[-1])  # Eq. (15)
    out = conv([high], params["reconstruction"])
    if config.base == "bicubic":
        out = op.add(out, _bicubic(image, factor))
    return Branch(out, upscaled, tuple(residuals), constant(1 - 1 / factor))  # `model.base.coarseness`


def _fused(config: ModelConfig, params: Params, ir: Branch, vis: Branch) -> ov.Node:
    """`FusionBranch`."""
    module = params["module"]
    selected = [select_by_magnitude(ir.upscaled, vis.upscaled)]  # Eq. (9)
    if config.dual_attention:
        attended = [_dual_attention(x, module["attention"]) for x in (ir.upscaled, vis.upscaled)]
        selected.insert(0, select_by_magnitude(*attended))  # Eq. (8)
    fused = leaky_conv(selected, module["merge"])  # Eq. (10)
    for residual_ir, residual_vis in zip(ir.residuals, vis.residuals, strict=True):
        fused = op.add(fused, select_by_magnitude(residual_ir, residual_vis))  # Eqs. (13), (14)
    if config.base == "none":
        return conv([fused], params["reconstruction"])
    base = select_by_magnitude(ir.image, vis.image)
    if not config.blend:
        return op.add(base, conv([fused], params["reconstruction"]))
    image = op.add(blended(ir, vis, params["blend"]), conv([fused], params["reconstruction"]))
    level = _pivot(_mean(base, 2, 3))
    contrast = constant(np.reshape(params["contrast"], (1, 1, 1, 1)))
    return knee(op.add(level, op.multiply(contrast, op.subtract(image, level))))


def _dual_attention(x: ov.Node, params: Params) -> ov.Node:
    """`DualAttention`."""
    by_position = op.multiply(x, _position_attention(x, params["position"]))  # Eq. (3)
    channels = op.constant([1])
    relation = _mean(op.multiply(x, op.reduce_sum(x, channels, True)), 2, 3)  # Eq. (4)
    low = op.reduce_min(relation, channels, True)
    span = op.subtract(op.reduce_max(relation, channels, True), low)
    span = op.select(op.greater(span, constant(0)), span, constant(1))
    weights = op.softmax(op.divide(op.subtract(relation, low), span), 1)  # Eq. (5)
    return leaky_conv([x, op.multiply(x, weights), by_position], params["merge"])  # Eqs. (6), (7)


def _position_attention(x: ov.Node, params: Params) -> ov.Node:
    """`PositionAttention`."""
    size = op.gather(op.shape_of(x), op.constant([2, 3]), op.constant(0))
    missing = op.floor_mod(op.negative(size), op.constant(np.array([4, 4])))
    ends = op.concat([op.constant(np.zeros(2, np.int64)), missing], 0)
    mean = op.pad(_mean(x, 1), op.constant(np.zeros(4, np.int64)), ends, "edge")
    halves = {"strides": [2, 2], "pads_begin": [0, 0], "pads_end": [0, 0]}
    pooled = max_pool(mean, kernel_shape=[2, 2], **halves)
    half = leaky_conv([pooled], params["level_1"])  # Eq. (1)
    quarter = op.avg_pool(half, kernel_shape=[2, 2], exclude_pad=True, **halves)
    quarter = leaky_conv([quarter], params["level_2"])
    both = [half, op.depth_to_space(quarter, "depth_first", 2)]
    logits = op.depth_to_space(leaky_conv(both, params["merge"]), "depth_first", 2)  # Eq. (2)
    axes = op.constant([2, 3])
    return op.slice(op.sigmoid(logits), op.constant([0, 0]), size, op.constant([1, 1]), axes)  # Eq. (3)


def _bicubic(image: ov.Node, factor: int) -> ov.Node:
    """`model.base.bicubic` (Keys, 1981, with a = −1/2): what lies outside has no weight."""
    if factor == 1:
        return image
    phases = (np.arange(factor) + 0.5) / factor - 0.5  # of the output's pixels, from the source's
    distance = np.abs(np.arange(-2, 3) - phases[:, None])  # [phase, tap]
    near = ((1.5 * distance - 2.5) * distance) * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    taps = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    filters = constant(np.einsum("ay,bx->abyx", taps, taps).reshape(-1, 1, 5, 5))

    def resampled(x: ov.Node) -> ov.Node:
        return from_channels(op.convolution(x, filters, [1, 1], [2, 2], [2, 2], [1, 1]), factor)

    return op.divide(resampled(image), resampled(op.broadcast(constant(1), op.shape_of(image))))


def _pivot(mean: ov.Node) -> ov.Node:
    """`model.base.pivot`."""
    return op.multiply(op.multiply(mean, mean), op.subtract(constant(3), op.multiply(constant(2), mean)))


def _mean(x: ov.Node, *axes: int) -> ov.Node:
    return op.reduce_mean(x, op.constant(list(axes)), True)
