"""Features of a source, nearly all of the work of fusing, by the engine that is fastest here."""

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.inference import sizes
from mfjax.inference.engines import Engine, Precision, check_engine, has_openvino
from mfjax.inference.tiles import cut, parts
from mfjax.model import ModelConfig
from mfjax.model.extent import Extent
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Size

Extract = Callable[[np.ndarray], np.ndarray]  # luma [h, w] in [0, 1] to features [h, w, c], float32

# Pixels of halo around the parts of an image. A feature depends on 103 to each side, but what is more than 24 away
# changes those of the bundled models by less than a millionth of their largest value (`benchmarks/halo.py`).
HALO = 24

LARGEST = 768, 1024  # part of an image: with XLA it takes about a gigabyte
BYTES = 32  # a pixel and channel between blocks, that extraction takes
STEP = 16  # sides of canvases are multiples of it
WASTED = 2**21  # pixels, some seconds' work


def extractor(config: ModelConfig, params: Mapping[str, Any], engine: Engine, precision: Precision) -> Extract:
    """What extracts the features of sources, by the parameters of their super-resolution branch.

    Args:
        config: the network's architecture.
        params: of the branch.
        engine: "xla"; "openvino", on CPUs only; or "auto", OpenVINO where it is installed and JAX runs on a CPU.
        precision: that the engine computes in; "auto" is bfloat16 on GPUs and TPUs, float32 on CPUs.

    Raises:
        ValueError: as `check_engine`.
    """
    check_engine(engine, precision)
    precision = chosen_precision(precision)
    if uses_openvino(engine):
        from mfjax.inference.openvino.extraction import OpenVinoExtractor

        extract = OpenVinoExtractor(config, params, precision)
        return lambda image: by_parts(image, _halves(image.shape, config.width), extract)
    return XlaExtractor(config, params, precision)


def chosen_precision(precision: Precision) -> Literal["float32", "bfloat16"]:
    """The precision that one asks for, "auto" being bfloat16 on GPUs and TPUs."""
    if precision == "auto":
        return "float32" if jax.default_backend() == "cpu" else "bfloat16"
    return precision


def uses_openvino(engine: Engine) -> bool:
    """Whether that engine is OpenVINO here."""
    return engine == "openvino" or (engine == "auto" and jax.default_backend() == "cpu" and has_openvino())


def by_parts(image: np.ndarray, canvas: Size, extract: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The features of an image from those of parts of it that are no larger than a canvas."""
    cuts = [parts(length, side, HALO) for length, side in zip(image.shape, canvas, strict=True)]
    if [len(axis) for axis in cuts] == [1, 1]:
        return extract(image)
    found = None
    for rows, cols in itertools.product(*cuts):
        part = extract(image[rows.canvas : rows.canvas + canvas[0], cols.canvas : cols.canvas + canvas[1]])
        if found is None:
            found = np.empty((*image.shape, part.shape[-1]), part.dtype)
        found[rows.own, cols.own] = part[rows.inner, cols.inner]
    assert found is not None
    return found


def _halves(size: tuple[int, ...], width: int) -> Size:
    """The largest parts of an image of that size: half of it, if it is not small, as far as memory suffices."""
    rows, cols = size
    small = 2**23 // width  # pixels, of which a map of so many channels takes 32 MiB
    most = sizes.working_memory() // (BYTES * width)
    pixels = min(max(small, rows * cols // 2 + HALO * cols), most)
    return max(pixels // min(cols, LARGEST[1]), 4 * HALO), LARGEST[1]


class XlaExtractor:
    """Features of images by JAX, in canvases of few sizes, since to compile a program for each takes seconds.

    Images are put into the canvas that makes the least work, and one is made for the first image and whenever `WASTED`
    pixels for each canvas that is there went into more work than a canvas of the image's own would have made. So few
    sizes soon have their own, and many share a few. The features of an image depend on the canvas by rounding only.
    """

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str) -> None:
        """For the parameters of a super-resolution branch, computing in "float32" or "bfloat16"."""
        self._config, self._params, self._dtype = config, params, jnp.dtype(precision)
        self._canvases: list[Size] = []
        self._wasted = 0.0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The features, float32."""
        canvas = self._canvas(image.shape)

        def of_part(part: np.ndarray) -> np.ndarray:
            rows, cols = part.shape
            extent = Extent(np.int32(rows), np.int32(cols))
            padded = cut(part, (0, 0), canvas)
            return np.asarray(_features(self._config, self._dtype, self._params, padded, extent))[:rows, :cols]

        return by_parts(image, canvas, of_part)

    def _canvas(self, size: tuple[int, ...]) -> Size:
        """The canvas to put an image of that size into."""
        short = 1 if sizes.working_memory() >= BYTES // 2 * self._config.width * math.prod(LARGEST) else 2
        rows, cols = (min(-(-side // STEP) * STEP, most // short) for side, most in zip(size, LARGEST, strict=True))
        own = rows, cols
        best = min(self._canvases, key=lambda canvas: _work(size, canvas), default=None)
        more = math.inf if best is None else self._wasted + _work(size, best) - _work(size, own)
        if best is None or more > WASTED * len(self._canvases):
            self._canvases.append(own)
            self._wasted = 0.0
            return own
        self._wasted = more
        return best


def _work(size: tuple[int, ...], canvas: Size) -> float:
    """Pixels to work on for an image of that size in canvases of another."""
    try:
        return math.prod(side * len(parts(length, side, HALO)) for length, side in zip(size, canvas, strict=True))
    except ValueError:  # too small for any part
        return math.inf


@functools.partial(jax.jit, static_argnums=(0, 1))
def _features(
    config: ModelConfig, dtype: Any, params: Mapping[str, Any], image: jax.Array, extent: Extent
) -> jax.Array:
    branch = SuperResolutionBranch(config, dtype)
    features: Any = branch.apply({"params": params}, image[None, ..., None], extent, method="extract")
    return features[0]
