"""The engine "openvino": the model's ONNX graphs in OpenVINO, which is faster than XLA on CPUs.

One program serves images of all sizes. The layers after the extractor run here without tiles, by a program for each
pair of whole factors and one for all other factors and places; large outputs are left to XLA, in tiles.
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
from mfjax.inference.backends import Sensor, of_sensors
from mfjax.inference.backends.xla import XlaBackend
from mfjax.inference.canvases import TileSide
from mfjax.inference.composition import Progress, Source, stored
from mfjax.inference.extraction import BYTES_PER_VALUE, HALO, by_parts
from mfjax.inference.fusion import Fusion
from mfjax.inference.pure import branches_of
from mfjax.model import ModelConfig
from mfjax.model.resampling import LARGEST_WHOLE
from mfjax.onnx import network, positions
from mfjax.size import Size

# Hides the package that reports usage over the network, from a forked process: OpenVINO does without it.
_telemetry = sys.modules.get("openvino_telemetry")
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
try:
    import openvino as ov
finally:
    del sys.modules["openvino_telemetry"]
    if _telemetry is not None:
        sys.modules["openvino_telemetry"] = _telemetry

STREAM_LENGTH = 8  # pairs of equal sizes in a row, as of a video, after which a program for these sizes is compiled
KEPT = 4  # programs for any size that keep the memory they worked in: those that ran last
MAX_UNTILED_PIXELS = 2**20  # most pixels of an output that is composed without tiles
UNTILED_BYTES = 500  # memory that such an output takes for each pixel
MAX_PART_WIDTH = 1024  # most columns of a part of an image whose features are extracted

HINTS = {"float32": "f32", "bfloat16": "bf16"}

Params = Mapping[str, Any]
Factors = tuple[int | None, int | None]  # of the infrared and the visible source; None: no whole number
Shape = tuple[int, ...]  # -1: any length
Shapes = tuple[tuple[str, Shape], ...]  # names and shapes of inputs


class OpenVinoBackend:
    """The `Backend` that runs on CPUs.

    Args:
        config: the network's architecture.
        params: its parameters.
        precision: the type in which features are extracted, "float32" or "bfloat16".
        largest_factor: the largest factor by which the network enlarges in one pass.
    """

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str, largest_factor: float) -> None:
        self._config, self._precision = config, precision
        self._xla = XlaBackend(config, params, precision, largest_factor)
        self._params = jax.tree.map(np.asarray, params)
        self._branches = branches_of(config, self._params)
        self._any_size_composer = functools.cache(self._composer)
        self._one_size_composer = functools.lru_cache(1)(self._composer)
        self._ran: list[Program] = []  # programs that keep memory, in the order of their last run
        self._last: Shapes = ()
        self._in_a_row = 0  # number of pairs in a row that have the last one's sizes

    def extract(self, image: np.ndarray, sensor: Sensor) -> Source:
        """Returns an image with its features."""
        program = self._extractors[sensor]

        def extract_part(part: np.ndarray) -> np.ndarray:
            [features] = program({"image": part[None, None]})
            return features[0]

        return Source(image, by_parts(image, _part(image.shape, self._config), self._config.stride, extract_part))

    def enlarge(self, source: Source, sensor: Sensor, size: Size) -> np.ndarray:
        """Returns a source super-resolved, by XLA, since the factors of steps are seldom whole numbers."""
        return self._xla.enlarge(source, sensor, size)

    def compose(
        self,
        ir: Source,
        vis: Source,
        size: Size,
        *,
        dtypes: tuple[DTypeLike, DTypeLike, DTypeLike] = (np.float32,) * 3,
        tile: TileSide = "auto",
        progress: Progress = iter,
        seen: np.ndarray | None = None,
        exact: bool = False,
    ) -> Fusion:
        """Returns the three images, by a program for any size, by one for a stream's size, or in XLA's tiles."""
        sources = ir, vis
        factors = whole_factors([source.size if source.window is None else None for source in sources], size)
        odd = None in factors
        most = sizes.pixels_at_once() if odd else min(MAX_UNTILED_PIXELS, sizes.working_memory() // UNTILED_BYTES)
        if tile != "auto" or math.prod(size) > most or (exact and odd) or _is_smaller(size, sources):
            if odd and tile == "auto" and math.prod(size) <= sizes.AT_ONCE_PIXELS:
                sizes.say_smaller(size, sizes.AT_ONCE_BYTES * math.prod(size))
            options: Any = {"dtypes": dtypes, "tile": tile, "progress": progress, "seen": seen, "exact": exact}
            return self._xla.compose(ir, vis, size, **options)
        inputs = {}
        for name, source, factor in zip(get_args(Sensor), sources, factors, strict=True):
            inputs[name] = source.image[None, None]
            inputs[f"{name}_features"] = source.features[None]
            if factor is None:
                covered = None if source.window is None else source.window.on(size)
                inputs |= positions.values(name, source.size, size, covered)
        gaps = seen is not None
        if seen is not None:
            inputs["seen"] = (seen / max(int(seen.sum()), 1)).astype(np.float32)[None, None]
        shapes = tuple((name, x.shape) for name, x in inputs.items())
        is_stream = self._is_stream(shapes)
        program = (
            self._one_size_composer(factors, gaps, shapes) if is_stream else self._any_size_composer(factors, gaps)
        )
        if not is_stream:
            self._give_memory_back(program)
        fused, *made = (image[0, 0] for image in program(inputs))
        shown = (source.shown(image) for source, image in zip(sources, made, strict=True))
        return Fusion(*map(stored, (fused, *shown), dtypes))

    def batch_size(self, *shapes: Size) -> int:
        """Returns 0, since all cores work on one pair."""
        return 0

    def batch(
        self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size, **options: Any
    ) -> Iterator[Fusion]:
        """Raises NotImplementedError: it is never called, as `batch_size` is 0."""
        raise NotImplementedError

    @functools.cached_property
    def _extractors(self) -> "dict[Sensor, Program]":
        def compiled(branch: Params) -> Program:
            return Program(network.extractor(self._config, branch), {"image": (1, 1, -1, -1)}, self._precision)

        return of_sensors(compiled, self._branches)

    def _composer(self, factors: Factors, gaps: bool, shapes: Shapes | None = None) -> "Program":
        """Compiles the layers after the extractor for some factors and inputs of any sizes or of a stream's shapes."""
        if shapes is not None:
            self._any_size_composer(factors, gaps).release()  # it would hold as much memory again
        graph = network.composition(self._config, self._params["fusion"], self._branches, factors, gaps=gaps)
        if shapes is None:
            shapes = (("seen", (1, 1, -1, -1)),)
            for side in get_args(Sensor):
                shapes += (side, (1, 1, -1, -1)), (f"{side}_features", (1, -1, -1, self._config.features))
                shapes += tuple(positions.shapes(side).items())
        return Program(graph, dict(shapes))

    def _give_memory_back(self, program: "Program") -> None:
        """Counts a program as run last, and has the one that did not run for longest give its memory back."""
        self._ran = [*(each for each in self._ran if each is not program), program]
        if len(self._ran) > KEPT:
            self._ran.pop(0).release()

    def _is_stream(self, shapes: Shapes) -> bool:
        """Counts a pair, and returns true if so many pairs of its sizes came in a row that they count as a stream."""
        self._in_a_row = self._in_a_row + 1 if shapes == self._last else 1
        self._last = shapes
        return self._in_a_row >= STREAM_LENGTH


backend = OpenVinoBackend


def whole_factors(sources: Sequence[Size | None], size: Size) -> Factors:
    """Returns the factor from each source to the output if it is a whole number from 1 to 8, else None.

    If one is None, so is the other unless it is 1: few programs are compiled, and most outputs have a source's size.

    Args:
        sources: the infrared and the visible source's size; None of one that does not cover the output exactly.
        size: the output's size.
    """

    def factor(source: Size | None) -> int | None:
        if source is None:
            return None
        found = size[0] // source[0]
        is_whole = (found * source[0], found * source[1]) == size
        return found if is_whole and found <= LARGEST_WHOLE else None

    infrared, visible = map(factor, sources)
    if infrared is None or visible is None:
        return infrared if infrared == 1 else None, visible if visible == 1 else None
    return infrared, visible


def _is_smaller(size: Size, sources: Sequence[Source]) -> bool:
    """Returns true if an output is smaller than a source along an axis, which XLA refuses."""
    return any(rows > size[0] or cols > size[1] for rows, cols in (source.size_under for source in sources))


def _part(size: Shape, config: ModelConfig) -> Size:
    """Returns the largest part of an image to work on: half of it, or all of a small one, as far as memory suffices."""
    rows, cols = size
    halo, values = HALO * config.stride, config.width / config.stride**2  # values of a pixel in a map between blocks
    small = 2**23 / values  # pixels of a part whose map takes 32 MiB
    most = sizes.working_memory() / (BYTES_PER_VALUE * values)
    pixels = int(min(max(small, rows * cols // 2 + halo * cols), most))
    return max(pixels // min(cols, MAX_PART_WIDTH), 4 * halo), MAX_PART_WIDTH


class Program:
    """A compiled ONNX graph. Compiling one takes a tenth of a second.

    Args:
        graph: the content of the ONNX file.
        shapes: shapes of its inputs by their names; others are ignored. -1 stands for any length; without it, layers
            that are not convolutions are twice as fast.
        precision: the type to compute in, "float32" or "bfloat16".
    """

    def __init__(self, graph: bytes, shapes: Mapping[str, Shape], precision: str = "float32") -> None:
        core = ov.Core()
        model = core.read_model(graph)
        self._inputs = [port.any_name for port in model.inputs]
        model.reshape({name: ov.PartialShape(list(shapes[name])) for name in self._inputs})
        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "CPU_RUNTIME_CACHE_CAPACITY": 0,  # else it keeps kernels of every size met, a gigabyte of them in 100 sizes
        }
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._one_at_a_time = threading.Lock()

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Returns the outputs as new arrays.

        Args:
            inputs: the inputs by their names.
        """
        arrays = [np.ascontiguousarray(inputs[name]) for name in self._inputs]
        with self._one_at_a_time:
            return list(self._request.infer(arrays, share_inputs=True).values())

    def release(self) -> None:
        """Frees its working memory until it is called again."""
        with self._one_at_a_time:
            self._compiled.release_memory()
        with contextlib.suppress(AttributeError, TypeError):  # glibc alone keeps freed memory, and has this function
            ctypes.CDLL(None).malloc_trim(0)
