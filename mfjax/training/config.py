"""The recipe of a training run."""

import math
import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from mfjax import representation
from mfjax.data.config import DataConfig
from mfjax.errors import MfjaxError
from mfjax.model import ModelConfig
from mfjax.training.targets import TARGETS, Sources, Target
from mfjax.training.validation import ValidationConfig

PhaseOne = Literal["paper", "apart", "super-resolution"]


@dataclass(frozen=True)
class TrainConfig:
    """A training run in two phases (Section III.E)."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    target: Target = field(default_factory=Sources)
    phase_one: PhaseOne = "paper"
    """Losses of phase one: "paper" applies the pixel loss to all parameters; "apart" does the same, but the fused
    image's part of the loss trains the fusion branch only; "super-resolution" leaves out that branch and its loss."""
    phase_one_steps: int = 60_000
    """Number of steps of phase one."""
    phase_two_steps: int = 9_000
    """Number of steps of phase two, which trains the fusion branch only."""
    learning_rate: float = 1e-4
    """Learning rate of Adam; with a schedule, its peak."""
    phase_two_learning_rate: float | None = None
    """Learning rate of phase two; by default the same as in phase one."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Course of the learning rate over each phase; "cosine" ends at a hundredth of it."""
    warmup_steps: int = 0
    """Number of steps at the start of phase one over which the learning rate rises from 0."""
    clip_norm: float | None = None
    """Largest gradient norm; longer gradients are shortened to it. By default none are."""
    accumulate: int = 1
    """Number of steps whose gradients are averaged for one update; optimiser and schedule count updates."""
    ema_decay: float | None = None
    """Decay, such as 0.999, of a moving average of the parameters, which is validated and exported in their place."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Type in which the extractor computes; parameters and losses are float32."""
    checkpoint_every: int = 500
    """Number of steps between checkpoints."""
    start_from: str | None = None
    """Weights file or bundled model to start from; by default parameters start at random."""
    seed: int = 0
    """Seed of initial parameters, crops, scales and sampled pixel pairs."""

    __repr__ = representation.config

    def __post_init__(self) -> None:
        for name, value in _numbers(self):
            if not math.isfinite(value):
                raise MfjaxError(f"{name} is {value}; it must be finite")
        if self.phase_one_steps < 0 or self.phase_two_steps < 0:
            raise MfjaxError(f"steps are {self.phase_one_steps} and {self.phase_two_steps}; they must be 0 or more")
        for name in ("learning_rate", "phase_two_learning_rate", "clip_norm"):
            if (value := getattr(self, name)) is not None and value <= 0:
                raise MfjaxError(f"{name} is {value}; it must be positive")
        if self.schedule not in ("constant", "cosine"):
            raise MfjaxError(f"schedule is {self.schedule!r}; it must be 'constant' or 'cosine'")
        if not isinstance(self.target, Target):
            kinds = " or ".join(f"{target.__name__}(…)" for target in TARGETS.values())
            raise MfjaxError(f"target is {self.target!r}; it must be a fusion target: {kinds}")
        if self.phase_one not in get_args(PhaseOne):
            raise MfjaxError(f"phase_one is {self.phase_one!r}; it must be one of {', '.join(get_args(PhaseOne))}")
        if self.seed < 0:
            raise MfjaxError(f"seed is {self.seed}; it must be 0 or more")
        if self.dtype not in ("float32", "bfloat16"):
            raise MfjaxError(f"dtype is {self.dtype!r}; it must be 'float32' or 'bfloat16'")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise MfjaxError(f"ema_decay is {self.ema_decay}; it must lie between 0 and 1")
        for name in ("accumulate", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise MfjaxError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.warmup_steps <= max(0, self.phase_one_steps):
            raise MfjaxError(
                f"warmup_steps is {self.warmup_steps}, but phase one has {self.phase_one_steps} steps; "
                "give fewer, such as --warmup-steps 0"
            )
        if self.validation.every and not self.validation.roots and not self.data.held_out:
            raise MfjaxError(
                f"validation.every is {self.validation.every}, but there is nothing to validate on: name folders as "
                "validation.roots, hold pairs out by data.held_out, or set validation.every=0"
            )
        for name in ("phase_one_steps", "phase_two_steps"):
            if getattr(self, name) % self.accumulate:
                raise MfjaxError(
                    f"{name} is {getattr(self, name)}; it must be a multiple of accumulate, {self.accumulate}"
                )

    @property
    def steps(self) -> int:
        """Returns the number of steps of both phases."""
        return self.phase_one_steps + self.phase_two_steps


def _numbers(config: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yields all numbers of a recipe, also those in its parts and their lists, by dotted names as flags have them."""
    for each in fields(config):
        value, name = getattr(config, each.name), prefix + each.name
        if is_dataclass(value):
            yield from _numbers(value, f"{name}.")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        yield from ((name, number) for number in inner if isinstance(number, float))


def read_config(path: Path) -> TrainConfig:
    """Returns the `config` that a Python file such as `configs/paper.py` defines.

    Args:
        path: the Python file; it is run.

    Raises:
        MfjaxError: there is no such file, it can't be run, or it defines no `config`.
    """
    if not path.is_file():
        raise MfjaxError(f"{path} is not a file; a config is a Python file such as configs/paper.py")
    try:
        config = runpy.run_path(str(path)).get("config")
    except Exception as error:  # whatever the user's file may raise
        raise MfjaxError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(config, TrainConfig):
        raise MfjaxError(f"{path} defines no `config = TrainConfig(…)`")
    return config
