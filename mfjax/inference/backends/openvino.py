"""The model's ONNX graphs in OpenVINO: faster than XLA on CPUs, and one program serves images of all sizes.

Where factors are whole numbers, it makes the output without tiles. Other factors, and enlarging in steps, it leaves to
XLA.
"""

import contextlib
import ctypes
import functools
import math
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import jax
import numpy as np
from numpy.typing import DTypeLike

from mfjax.inference import sizes
from mfjax.inference.backends import Which
from mfjax.inference.backends.xla import XlaBackend
from mfjax.inference.composition import Fusion, Progress, Source, TileSide, stored
from mfjax.inference.extraction import HALO, by_parts
from mfjax.inference.pure import branches_of
from mfjax.model import ModelConfig
from mfjax.model.placement import Size
from mfjax.model.resampling import LARGEST_WHOLE
from mfjax.onnx import network

# The import does without the package that reports over the network, from a forked process, if it does not find it.
_telemetry = sys.modules.get("openvino_telemetry")
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
try:
    import openvino as ov
finally:
    del sys.modules["openvino_telemetry"]
    if _telemetry is not None:
        sys.modules["openvino_telemetry"] = _telemetry

STREAM = 8  # pairs of the same sizes in a row, as the frames of a video: worth a program of their own
LARGEST = 2**20  # pixels of an output that is composed at once: it takes half a kilobyte for each
WIDEST = 1024  # columns of a part that features are extracted of
BYTES = 32  # a pixel and channel between blocks, that extraction takes

HINTS = {"float32": "f32", "bfloat16": "bf16"}

Params = Mapping[str, Any]
Factors = tuple[int, int]  # of infrared and visible
Shape = tuple[int, ...]  # -1: any length
Shapes = tuple[tuple[str, Shape], ...]  # of inputs, by their names


class OpenVinoBackend:
    """The `Backend` that runs on CPUs."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str, largest_factor: float) -> None:
        """Takes a model, the type that its extractor computes in, and the factor by which it enlarges at once."""
        self._config, self._precision = config, precision
        self._xla = XlaBackend(config, params, precision, largest_factor)
        self._params = jax.tree.map(np.asarray, params)
        self._branches = branches_of(config, self._params)
        self._of_any_size = functools.cache(self._composer)
        self._of_one_size = functools.lru_cache(1)(self._composer)
        self._last: Shapes = ()
        self._in_a_row = 0  # pairs of the last one's sizes

    def extract(self, image: np.ndarray, which: Which) -> Source:
        """Returns luma with its features."""
        program = self._extractors[get_args(Which).index(which)]

        def of_part(part: np.ndarray) -> np.ndarray:
            [features] = program({"image": part[None, None]})
            return features[0].transpose(1, 2, 0)

        return Source(image, by_parts(image, _part(image.shape, self._config.width), of_part))

    def enlarge(self, source: Source, which: Which, size: Size) -> np.ndarray:
        """Returns a source super-resolved, by XLA: steps are as large as the model allows, seldom a whole number."""
        return self._xla.enlarge(source, which, size)

    def compose(
        self,
        ir: Source,
        vis: Source,
        size: Size,
        *,
        dtypes: tuple[DTypeLike, DTypeLike, DTypeLike] = (np.float32,) * 3,
        tile: TileSide = "auto",
        progress: Progress = iter,
    ) -> Fusion:
        """Returns the three images: by a program of any size, of a stream's one size, or in XLA's tiles."""
        sources = ir, vis
        factors = whole_factors([source.size for source in sources], size)
        if tile != "auto" or factors is None or math.prod(size) > LARGEST:
            return self._xla.compose(ir, vis, size, dtypes=dtypes, tile=tile, progress=progress)
        inputs = {}
        for name, source in zip(get_args(Which), sources, strict=True):
            inputs[name] = source.image[None, None]
            inputs[f"{name}_features"] = source.features.transpose(2, 0, 1)[None]
        shapes = tuple((name, x.shape) for name, x in inputs.items())
        of_one_size = self._is_stream(shapes)
        program = self._of_one_size(factors, shapes) if of_one_size else self._of_any_size(factors)
        fused, *made = (image[0, 0] for image in program(inputs))
        shown = (source.shown(image) for source, image in zip(sources, made, strict=True))
        return Fusion(*map(stored, (fused, *shown), dtypes))

    def at_once(self, *shapes: Size) -> int:
        """Returns 0: all cores work on one pair."""
        return 0

    def batch(self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size) -> Iterator[Fusion]:
        """Raises NotImplementedError: since `at_once` is 0, nothing calls it."""
        raise NotImplementedError

    @functools.cached_property
    def _extractors(self) -> tuple["Program", "Program"]:
        """The programs that extract features of infrared and of visible luma, which may be the same."""

        def made(branch: Params) -> Program:
            return Program(network.extractor(self._config, branch), {"image": (1, 1, -1, -1)}, self._precision)

        ir, vis = self._branches
        of_ir = made(ir)
        return of_ir, of_ir if vis is ir else made(vis)

    def _composer(self, factors: Factors, shapes: Shapes | None = None) -> "Program":
        """Compiles the program for these factors, for any sizes or for those of a stream."""
        if shapes is not None:
            self._of_any_size(factors).release()  # which would hold as much again
        graph = network.composition(self._config, self._params["fusion"], self._branches, factors)
        if shapes is None:
            channels = {"": 1, "_features": self._config.features}
            shapes = tuple((side + end, (1, n, -1, -1)) for side in get_args(Which) for end, n in channels.items())
        return Program(graph, dict(shapes))

    def _is_stream(self, shapes: Shapes) -> bool:
        """Counts a pair, and returns whether as many of its sizes came in a row as are worth a program of their own."""
        self._in_a_row = self._in_a_row + 1 if shapes == self._last else 1
        self._last = shapes
        return self._in_a_row >= STREAM


backend = OpenVinoBackend


def whole_factors(sources: Sequence[Size], size: Size) -> Factors | None:
    """Returns how many times as large the output is as each source, where these are whole numbers of at most 8."""
    infrared, visible = (size[0] // rows for rows, _ in sources)
    for factor, (rows, cols) in zip((infrared, visible), sources, strict=True):
        if not 1 <= factor <= LARGEST_WHOLE or (factor * rows, factor * cols) != size:
            return None
    return infrared, visible


def _part(size: Shape, width: int) -> Size:
    """Returns the largest part of an image to work on: half of it, if it is not small, as far as memory suffices."""
    rows, cols = size
    small = 2**23 // width  # pixels, of which a map of so many channels takes 32 MiB
    most = sizes.working_memory() // (BYTES * width)
    pixels = min(max(small, rows * cols // 2 + HALO * cols), most)
    return max(pixels // min(cols, WIDEST), 4 * HALO), WIDEST


class Program:
    """A compiled graph. To compile one takes a tenth of a second."""

    def __init__(self, graph: bytes, shapes: Mapping[str, Shape], precision: str = "float32") -> None:
        """Compiles an ONNX file.

        Args:
            graph: the file.
            shapes: those of its inputs, or of more. Where none is -1, what is not a convolution is twice as fast.
            precision: what to compute in, "float32" or "bfloat16".
        """
        core = ov.Core()
        model = core.read_model(graph)
        self._inputs = [port.any_name for port in model.inputs]
        model.reshape({name: ov.PartialShape(list(shapes[name])) for name in self._inputs})
        settings = {"INFERENCE_PRECISION_HINT": HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._one_at_a_time = threading.Lock()

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Returns the outputs, as arrays of their own, of inputs by their names."""
        arrays = [np.ascontiguousarray(inputs[name]) for name in self._inputs]
        with self._one_at_a_time:
            return list(self._request.infer(arrays, share_inputs=True).values())

    def release(self) -> None:
        """Gives back the memory that it works in, until it is called again."""
        with self._one_at_a_time:
            self._compiled.release_memory()
        with contextlib.suppress(AttributeError, TypeError):  # there is no glibc, which keeps what is freed
            ctypes.CDLL(None).malloc_trim(0)
