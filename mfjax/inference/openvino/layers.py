"""Compiled programs, and the layers of `model.layers` and `model.resampling` in its operations."""

import contextlib
import ctypes
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mfjax.inference.openvino.runtime import op, ov
from mfjax.model.layers import LEAKY_SLOPE
from mfjax.model.resampling import TAPS, Axis

Params = Mapping[str, Any]
Maps = list[ov.Node]
HINTS = {"float32": "f32", "bfloat16": "bf16"}


class Program:
    """A compiled graph. To compile one takes a tenth of a second."""

    def __init__(
        self,
        outputs: Sequence[ov.Node],
        inputs: Sequence[ov.Node],
        precision: str = "float32",
        shapes: Sequence[tuple[int, ...]] | None = None,
    ) -> None:
        """Compiles what is between inputs and outputs.

        Args:
            outputs: of the graph.
            inputs: of the graph.
            precision: what to compute in, "float32" or "bfloat16".
            shapes: of the inputs, if they are to be no others: what is not a convolution is then twice as fast.
        """
        graph = ov.Model(list(outputs), list(inputs))
        if shapes is not None:
            graph.reshape({i: ov.PartialShape(list(shape)) for i, shape in enumerate(shapes)})
        settings = {"INFERENCE_PRECISION_HINT": HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        self._compiled = ov.Core().compile_model(graph, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._one_at_a_time = threading.Lock()

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """The outputs, as arrays of their own."""
        with self._one_at_a_time:
            return list(self._request.infer([np.ascontiguousarray(x) for x in inputs], share_inputs=True).values())

    def release(self) -> None:
        """Gives back the memory that it works in, until it is called again."""
        with self._one_at_a_time:
            self._compiled.release_memory()
        with contextlib.suppress(AttributeError, TypeError):  # there is no glibc, which keeps what is freed
            ctypes.CDLL(None).malloc_trim(0)


def maps_of(channels: int) -> ov.Node:
    """An input of that many channels, of any size."""
    return op.parameter([1, channels, -1, -1], np.float32)


def constant(x: Any) -> ov.Node:
    """A constant of floats."""
    return op.constant(np.ascontiguousarray(x, np.float32))


def leaky(x: ov.Node) -> ov.Node:
    """LeakyReLU."""
    return op.prelu(x, constant([LEAKY_SLOPE]))


def leaky_conv(maps: Maps, params: Params) -> ov.Node:
    """`LeakyConv`."""
    return leaky(conv(maps, params["linear"]))


def conv(maps: Maps, params: Params, dilation: int = 1) -> ov.Node:
    """`Conv`: the convolution of the concatenated maps as a sum of one each, 8 % faster, in half of the memory."""
    [layer] = params.values()  # "conv", or "dense" of a 1×1 convolution
    kernel = np.asarray(layer["kernel"])
    kernel = kernel.reshape(1, 1, *kernel.shape) if kernel.ndim == 2 else kernel
    pad = [kernel.shape[0] // 2 * dilation] * 2
    ends = np.cumsum([x.get_output_partial_shape(0)[1].get_length() for x in maps[:-1]], dtype=int)
    out = constant(np.reshape(layer["bias"], (1, -1, 1, 1)))
    for x, part in zip(maps, np.split(kernel, ends, axis=2), strict=True):
        filters = constant(part.transpose(3, 2, 0, 1))
        out = op.add(op.convolution(x, filters, [1, 1], pad, pad, [dilation, dilation]), out)
    return out


def upscale(x: ov.Node, params: Params, factor: int) -> ov.Node:
    """`MetaUpscale` by a whole number: a convolution whose channels become pixels."""
    weights = _predict(params["weights"], factor, 1)  # [up, up', 3, 3, c, c]
    channels = weights.shape[-1]
    filters = weights.transpose(0, 1, 5, 4, 2, 3).reshape(-1, channels, TAPS, TAPS)
    return from_channels(op.convolution(x, constant(filters), [1, 1], [1, 1], [1, 1], [1, 1]), factor)


def downscale(x: ov.Node, params: Params, factor: int) -> ov.Node:
    """`MetaDownscale` by a whole number: a convolution with strides."""
    filters = _predict(params["weights"], 1, factor)[0, 0].transpose(3, 2, 0, 1)
    end = 1 if factor == 1 else 0
    return op.convolution(x, constant(filters), [factor, factor], [1, 1], [end, end], [1, 1])


def from_channels(x: ov.Node, factor: int) -> ov.Node:
    """A map so many times as large, from channels (row offset, column offset, c)."""
    return x if factor == 1 else op.depth_to_space(x, "blocks_first", factor)


def select_by_magnitude(ir: ov.Node, vis: ov.Node) -> ov.Node:
    """`model.fusion.select_by_magnitude`."""
    return op.select(op.greater_equal(op.abs(ir), op.abs(vis)), ir, vis)


def _predict(params: Params, up: int, down: int) -> np.ndarray:
    """`WeightPredictor` at all offsets of a whole factor: the filters, `[up, up, 3, 3, c, c]`.

    In NumPy, since JAX would compile for a fifth of a second for each new factor.
    """
    axis = Axis.whole(up, up, down, 0)
    rows, cols = np.meshgrid(axis.offsets, axis.offsets, indexing="ij")
    vectors = np.stack([np.full_like(rows, axis.inverse), rows, cols], axis=-1)
    first, first_bias, second, second_bias = (
        np.asarray(params[name]) for name in ("kernel_0", "bias_0", "kernel_1", "bias_1")
    )
    hidden = vectors @ first + first_bias
    weights = np.where(hidden > 0, hidden, LEAKY_SLOPE * hidden) @ second + second_bias
    channels = round((weights.shape[-1] / TAPS**2) ** 0.5)
    return weights.reshape(up, up, TAPS, TAPS, channels, channels)
