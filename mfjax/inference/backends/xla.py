"""The model in JAX: sources in canvases of few sizes, images in tiles, and pairs of equal sizes at once."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.inference import composition, sizes
from mfjax.inference.backends import Which
from mfjax.inference.batches import Batches
from mfjax.inference.composition import Fusion, Source
from mfjax.inference.extraction import HALO, by_parts
from mfjax.inference.memory import memory_errors
from mfjax.inference.pure import branches_of
from mfjax.inference.tiles import cut, parts
from mfjax.model import ModelConfig
from mfjax.model.extent import Extent
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Size

LARGEST = 768, 1024  # part of an image: it takes about a gigabyte
BYTES = 32  # a pixel and channel between blocks, that extraction takes
STEP = 16  # sides of canvases are multiples of it
WASTED = 2**21  # pixels, some seconds' work


class XlaBackend:
    """The `Backend` that runs on CPUs, GPUs and TPUs."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str, largest_factor: float) -> None:
        """For a model whose extractor computes in "float32" or "bfloat16", and that enlarges so much at once."""
        self._config, self._params = config, params
        self._precision, self._largest_factor = precision, largest_factor
        self._branches = branches_of(config, params)

    def extract(self, image: np.ndarray, which: Which) -> Source:
        """Returns luma with its features."""
        side = get_args(Which).index(which)
        with memory_errors(image.shape):
            return Source(image, self._extractors[side](image))

    def enlarge(self, source: Source, which: Which, size: Size) -> np.ndarray:
        """Returns a source super-resolved."""
        with memory_errors(size):
            return composition.enlarge(self._config, self._branches[get_args(Which).index(which)], source, size)

    def compose(self, ir: Source, vis: Source, size: Size, **options: Any) -> Fusion:
        """Returns the three images, made in tiles."""
        with memory_errors(size):
            return composition.compose(self._config, self._params, (ir, vis), size, **options)

    def at_once(self, *shapes: Size) -> int:
        """Returns how many pairs a GPU or several devices make at once; 0 on one CPU or if the images are too large."""
        return 0 if self._batches is None else self._batches.at_once(*shapes)

    def batch(self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size) -> Iterator[Fusion]:
        """Makes the three images of each pair on all devices."""
        assert self._batches is not None
        with memory_errors(size):
            yield from self._batches(ir, vis, size)

    @cached_property
    def _batches(self) -> Batches | None:
        if jax.default_backend() == "cpu" and jax.local_device_count() == 1:
            return None
        return Batches(self._config, self._params, self._precision, self._largest_factor)

    @cached_property
    def _extractors(self) -> tuple["Extractor", "Extractor"]:
        """Those of infrared and of visible luma, which may be the same."""
        ir, vis = self._branches
        of_ir = Extractor(self._config, ir, self._precision)
        return of_ir, of_ir if vis is ir else Extractor(self._config, vis, self._precision)


backend = XlaBackend


class Extractor:
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
