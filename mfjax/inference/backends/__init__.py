"""The engines that run a model, one file for each; `choose` selects one.

To add an engine, write a file here, whose name is the engine's and whose `backend(config, params, precision,
largest_factor)` returns a `Backend`. No other file has to know of it.
"""

import importlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

import jax
import numpy as np
from numpy.typing import DTypeLike

from mfjax import jaxlib_releases
from mfjax.errors import MfjaxError
from mfjax.inference.canvases import TileSide
from mfjax.inference.composition import Progress, Source
from mfjax.inference.engines import Engine, Precision, check_engine, missing
from mfjax.inference.fusion import Fusion
from mfjax.model import ModelConfig
from mfjax.size import Size

Sensor = Literal["ir", "vis"]
Extractor = TypeVar("Extractor")

logger = logging.getLogger("mfjax")


class Backend(Protocol):
    """A model on an engine. Programs are compiled when they are needed first."""

    def extract(self, image: np.ndarray, sensor: Sensor) -> Source:
        """Returns an image with its features, which are nearly all of the work.

        Args:
            image: luma in [0, 1], `[h, w]`.
            sensor: the sensor that it is from, "ir" or "vis".
        """

    def enlarge(self, source: Source, sensor: Sensor, size: Size) -> np.ndarray:
        """Returns a source super-resolved, float32 `[H, W]` clipped to [0, 1].

        Args:
            source: the source.
            sensor: the sensor that it is from, "ir" or "vis".
            size: the output's size, no smaller than the source's.
        """

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
        """Returns the three images of two sources; arguments and errors are those of `composition.compose`.

        Args:
            ir: the infrared source.
            vis: the visible source.
            size: the output's size.
            dtypes: types of the fused, infrared and visible image.
            tile: pixels a side of a canvas; "auto" leaves the choice to the engine.
            progress: wraps the tiles, if there are any.
            seen: true where both sources show something, `[H, W]`; by default they do so everywhere.
            exact: predict all filters, also where interpolated ones are faster.
        """

    def batch_size(self, *shapes: Size) -> int:
        """Returns how many pairs `batch` fuses at once; 0 if the engine or the images don't allow batches.

        Args:
            shapes: the sizes of the sources and the output.
        """

    def batch(
        self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size, **options: Any
    ) -> Iterator[Fusion]:
        """Yields the three images of each pair, float32 clipped to [0, 1]. It is called where `batch_size` is not 0.

        Args:
            ir: infrared luma in [0, 1], each `[h, w]`, all of one size.
            vis: visible luma in [0, 1], as many, all of one size.
            size: the output's size.
            options: `places` and `seen` of `mfjax.inference.batches.Batches`.
        """


def of_sensors(make: Callable[[Any], Extractor], branches: tuple[Any, Any]) -> dict[Sensor, Extractor]:
    """Returns the extractors of infrared and of visible luma, which are the same one if the branches are shared.

    Args:
        make: returns the extractor of a branch's parameters.
        branches: the parameters of both branches, as `pure.branches_of` returns them.
    """
    ir, vis = branches
    extractor = make(ir)
    return {"ir": extractor, "vis": extractor if vis is ir else make(vis)}


def choose(
    config: ModelConfig,
    params: Mapping[str, Any],
    *,
    engine: Engine = "auto",
    precision: Precision = "auto",
    largest_factor: float,
) -> Backend:
    """Returns a model on an engine.

    Args:
        config: the network's architecture.
        params: its parameters.
        engine: the engine's name; "auto" is OpenVINO where it is installed and JAX runs on a CPU, else XLA.
        precision: the type in which features are extracted, "float32" or "bfloat16"; "auto" is bfloat16 on GPUs and
            TPUs, float32 on CPUs.
        largest_factor: the largest factor by which the network enlarges in one pass.

    Raises:
        MfjaxError: as `check_engine`, a package that the engine imports is not installed, or jaxlib is a release that
            computes wrong results on CPUs.
    """
    jaxlib_releases.check()
    asked, lacking = engine, missing("openvino")
    engine, precision = resolve(engine, precision)
    if asked == "auto" and jax.default_backend() == "cpu" and lacking and "openvino" not in lacking:
        logger.warning("OpenVINO is not used, for want of %s: pip install 'mfjax[cpu]'", ", ".join(lacking))
    try:
        module = importlib.import_module(f"mfjax.inference.backends.{engine}")
    except ModuleNotFoundError as error:
        if (error.name or "mfjax").split(".")[0] == "mfjax":  # a mistake in the engine's own file
            raise
        raise MfjaxError(f"engine is {engine!r}, for which {error.name} must be installed") from error
    made: Backend = module.backend(config, params, precision, largest_factor)
    return made


def resolve(engine: Engine, precision: Precision) -> tuple[Engine, Precision]:
    """Returns the engine and the precision that "auto" stands for on this machine; others are returned unchanged.

    Args:
        engine: the engine's name or "auto".
        precision: the precision or "auto".

    Raises:
        MfjaxError: as `check_engine`.
    """
    check_engine(engine, precision)
    on_cpu = jax.default_backend() == "cpu"
    if engine == "auto":
        engine = "openvino" if on_cpu and not missing("openvino") else "xla"
    if precision == "auto":
        precision = "float32" if on_cpu else "bfloat16"
    return engine, precision
