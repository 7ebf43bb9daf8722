"""The engines that run a model, a file each; `choose` takes one of them.

An engine is a file here, whose name is the engine's and whose `backend(config, params, precision, largest_factor)`
returns a `Backend`. No other file has to know of it.
"""

import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import jax
import numpy as np
from numpy.typing import DTypeLike

from mfjax.errors import MfjaxError
from mfjax.inference.composition import Fusion, Progress, Source, TileSide
from mfjax.inference.engines import Engine, Precision, check_engine, missing
from mfjax.model import ModelConfig
from mfjax.model.placement import Size

Which = Literal["ir", "vis"]

logger = logging.getLogger("mfjax")


class Backend(Protocol):
    """A model on an engine. It compiles programs when they are needed first."""

    def extract(self, image: np.ndarray, which: Which) -> Source:
        """Returns luma in [0, 1], `[h, w]`, of that sensor with its features, nearly all of the work."""

    def enlarge(self, source: Source, which: Which, size: Size) -> np.ndarray:
        """Returns a source super-resolved to a size that is no smaller, float32 `[H, W]` clipped to [0, 1]."""

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
        """Returns the three images of two sources; arguments and errors are those of `composition.compose`."""

    def at_once(self, *shapes: Size) -> int:
        """Returns how many pairs of sources and outputs of these sizes `batch` makes at once; 0 if it can't at all."""

    def batch(self, ir: Sequence[np.ndarray], vis: Sequence[np.ndarray], size: Size) -> Iterator[Fusion]:
        """Makes the three images of each pair, float32 clipped to [0, 1], from luma of equal sizes."""


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
        precision: that features are extracted in, "float32" or "bfloat16"; "auto" is bfloat16 on GPUs and TPUs.
        largest_factor: by which the network enlarges at once.

    Raises:
        MfjaxError: as `check_engine`, or a package that the engine imports is not installed.
    """
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
    """Returns the engine and the precision that are meant here, neither of them "auto".

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
