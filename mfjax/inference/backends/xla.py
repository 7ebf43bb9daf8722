"""The engine "xla": the model in JAX, with sources in canvases of few sizes, images in tiles, and batches of pairs."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np

from mfjax.inference import composition, sizes
from mfjax.inference.backends import Sensor, of_sensors
from mfjax.inference.batches import Batches
from mfjax.inference.composition import Source
from mfjax.inference.extraction import BYTES_PER_VALUE, HALO, by_parts
from mfjax.inference.fusion import Fusion
from mfjax.inference.memory import memory_errors
from mfjax.inference.pure import branches_of
from mfjax.inference.tiles import cut, parts
from mfjax.model import ModelConfig
from mfjax.model.extent import Extent
from mfjax.model.network import SuperResolutionBranch
from mfjax.size import Size

LARGEST_CANVAS = 768, 1024  # (height, width) of the largest canvas, which takes about a gigabyte
CANVAS_STEP = 16  # sides of canvases are multiples of this
TOLERATED_WASTE = 2**21  # pixels of padding, some seconds' work, after which another canvas is worth its compiling


class XlaBackend:
    """The `Backend` that runs on CPUs, GPUs and TPUs.

    Args:
        config: the network's architecture.
        params: its parameters.
        precision: the type in which features are extracted, "float32" or "bfloat16".
        largest_factor: the largest factor by which the network enlarges in one pass.
    """

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str, largest_factor: float) -> None:
        self._config, self._params = config, params
        self._precision, self._largest_factor = precision, largest_factor
        self._branches = branches_of(config, params)

    def extract(self, image: np.ndarray, sensor: Sensor) -> Source:
        """Returns an image with its features."""
        with memory_errors(image.shape):
            return Source(image, self._extractors[sensor](image))

    def enlarge(self, source: Source, sensor: Sensor, size: Size) -> np.ndarray:
        """Returns a source super-resolved, in tiles."""
        with memory_errors(size):
            return composition.enlarge(self._config, self._branches[get_args(Sensor).index(sensor)], source, size)

    def compose(self, ir: Source, vis: Source, size: Size, **options: Any) -> Fusion:
        """Returns the three images, made in tiles."""
        with memory_errors(size):
            return composition.compose(self._config, self._params, (ir, vis), size, **options)

    def batch_size(self, *shapes: Size) -> int:
        """Returns how many pairs a GPU or several devices fuse at once; 0 on one CPU or if the images are too large."""
        return 0 if self._batches is None else self._batches.batch_size(*shapes)

    def batch(
        self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size, **options: Any
    ) -> Iterator[Fusion]:
        """Yields the three images of each pair, made on all devices."""
        assert self._batches is not None
        with memory_errors(size):
            yield from self._batches(ir, vis, size, **options)

    @cached_property
    def _batches(self) -> Batches | None:
        if jax.default_backend() == "cpu" and jax.local_device_count() == 1:
            return None
        return Batches(self._config, self._params, self._precision, self._largest_factor)

    @cached_property
    def _extractors(self) -> "dict[Sensor, Extractor]":
        return of_sensors(lambda branch: Extractor(self._config, branch, self._precision), self._branches)


backend = XlaBackend


class Extractor:
    """An extractor in JAX, which pads images to canvases of few sizes, since compiling for each size takes seconds.

    An image is put into the canvas that makes the least work. The first image gets a canvas of its own size; others get
    one when padding has cost more than `TOLERATED_WASTE` pixels for each canvas that exists. So images of few sizes
    soon have canvases of their own, and images of many sizes share a few. Features depend on the canvas by rounding
    only.

    Args:
        config: the network's architecture.
        params: the parameters of a super-resolution branch.
        precision: the type in which features are extracted, "float32" or "bfloat16".
    """

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], precision: str) -> None:
        self._config, self._params, self._dtype = config, params, jnp.dtype(precision)
        self._canvases: list[Size] = []
        self._wasted = 0.0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Returns the features of an image, float32 `[h, w, c]`.

        Args:
            image: luma in [0, 1], `[h, w]`.
        """
        canvas = self._canvas(image.shape)

        def extract_part(part: np.ndarray) -> np.ndarray:
            rows, cols = part.shape
            extent = Extent(np.int32(rows), np.int32(cols))
            padded = cut(part, (0, 0), canvas)
            return np.asarray(_features(self._config, self._dtype, self._params, padded, extent))[:rows, :cols]

        return by_parts(image, canvas, self._config.stride, extract_part)

    def _canvas(self, size: tuple[int, ...]) -> Size:
        """Returns the canvas to put an image of a size into."""
        short = (
            1 if sizes.working_memory() >= BYTES_PER_VALUE // 2 * self._config.width * math.prod(LARGEST_CANVAS) else 2
        )
        rows, cols = (
            min(-(-side // CANVAS_STEP) * CANVAS_STEP, most // short)
            for side, most in zip(size, LARGEST_CANVAS, strict=True)
        )
        own = rows, cols
        halo = HALO * self._config.stride
        best = min(self._canvases, key=lambda canvas: _work(size, canvas, halo), default=None)
        more = math.inf if best is None else self._wasted + _work(size, best, halo) - _work(size, own, halo)
        if best is None or more > TOLERATED_WASTE * len(self._canvases):
            self._canvases.append(own)
            self._wasted = 0.0
            return own
        self._wasted = more
        return best


def _work(size: tuple[int, ...], canvas: Size, halo: int) -> float:
    """Returns the pixels to work on for an image of a size in canvases of another; infinity if they are too small."""
    try:
        return math.prod(side * len(parts(length, side, halo)) for length, side in zip(size, canvas, strict=True))
    except ValueError:  # too small for any part
        return math.inf


@functools.partial(jax.jit, static_argnums=(0, 1))
def _features(
    config: ModelConfig, dtype: Any, params: Mapping[str, Any], image: jax.Array, extent: Extent
) -> jax.Array:
    branch = SuperResolutionBranch(config, dtype)
    features: Any = branch.apply({"params": params}, image[None, ..., None], extent, method="extract")
    return features[0]
