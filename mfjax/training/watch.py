"""Shows the progress of a run (bar, log, validation), and stops it when the loss is not finite."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import jax
import tqdm

from mfjax.data.pairs import PairSource
from mfjax.data.pipeline import names_drawn, validation_pairs
from mfjax.data.selection import open_sources
from mfjax.training.config import TrainConfig
from mfjax.training.log import RunLog
from mfjax.training.phases import Phase
from mfjax.training.step import State, best_params
from mfjax.training.targets.base import Metrics
from mfjax.training.validation import Validation, in_words

LOG_EVERY = 20  # steps: writing metrics costs a little
LINE_EVERY = 200  # steps: where there is no terminal for a bar, as in a batch job


class Watch:
    """Follows a run from a step on. The first process shows and writes; all processes look for errors.

    Args:
        config: the recipe.
        workdir: folder of the run.
        start: number of steps taken before.
    """

    def __init__(self, config: TrainConfig, workdir: Path, start: int):
        self.config = config
        self.writes = jax.process_index() == 0
        self.log = RunLog(workdir, start) if self.writes else None
        validates = self.writes and config.validation.every > 0
        self.validation = Validation(config.validation, config.model, _to_validate_on(config)) if validates else None
        self.phase: Phase = 1
        self.bar: tqdm.tqdm | None = None
        self._pending: tuple[int, Metrics] | None = None
        self._rate = _Rate()

    def begin(self, phase: Phase, start: int, last: int) -> None:
        """Starts to show a phase.

        Args:
            phase: 1 or 2.
            start: number of steps taken before.
            last: the number of steps at which the phase ends.
        """
        self.settle()
        self._close_bar()
        self.phase = phase
        self.bar = tqdm.tqdm(
            total=last,
            initial=start,
            desc=f"phase {phase}",
            unit="step",
            dynamic_ncols=True,
            disable=None if self.writes else True,  # None: no bar where nobody watches
        )
        self._rate = _Rate()

    def show(self, step: int, metrics: Metrics, state: State) -> None:
        """Counts a step, checks the one before, and every few steps logs and validates.

        Args:
            step: number of steps taken.
            metrics: the step's metrics; they may still be being computed.
            state: the state after the step.

        Raises:
            FloatingPointError: the loss of the step before, or its gradient, is not finite.
        """
        # Steps are handed to the device ahead of time. Waiting for the one before makes the times shown true and
        # leaves the device something to do.
        self.settle()
        self._pending = step, metrics
        self._rate.count(self.config.data.batch)
        assert self.bar is not None
        self.bar.update()
        last = step == self.bar.total
        if step % LOG_EVERY == 0 or last:
            values = self.settle() | {"images_per_second": self._rate.now()}
            self.bar.set_postfix_str(f"loss {values['loss']:.4f}, {self._rate.now():.1f} images/s")
            self._write(step, values)
            if self.writes and self.bar.disable and (step % LINE_EVERY == 0 or last):
                done = f"phase {self.phase}, step {step:,} of {self.bar.total:,}"
                print(f"{done}: loss {values['loss']:.4f}, {self._rate.now():.1f} images/s", flush=True)
        if self.validation is not None and (step % self.config.validation.every == 0 or last):
            self.settle()
            params = jax.device_get(best_params(state))
            measured = self.validation.measure(params)
            self._write(step, measured, group="validation")
            self.bar.write(f"phase {self.phase}, step {step:,}: {in_words(measured)}")
            if self.log is not None:
                self.log.image(step, "validation", self.validation.grid(params))
            self._rate = _Rate()  # validation's time is not training's

    def settle(self) -> dict[str, float]:
        """Waits for the newest step's metrics and returns them.

        Raises:
            FloatingPointError: the loss or its gradient is not finite.
        """
        if self._pending is None:
            return {}
        step, metrics = self._pending
        self._pending = None
        values = {name: float(value) for name, value in jax.device_get(metrics).items()}
        for name in ("loss", "gradient_norm"):
            if not math.isfinite(values[name]):
                drawn = ", ".join(names_drawn(self.config.data, self.config.seed, step - 1))
                raise FloatingPointError(
                    f"{name} is {values[name]} at step {step} of phase {self.phase}, on batch {step - 1} ({drawn}); "
                    f"checkpoints before it are whole: lower learning_rate or set clip_norm"
                )
        return values

    def _write(self, step: int, values: Mapping[str, float], *, group: str = "run") -> None:
        if self.log is not None:
            self.log.scalars(step, self.phase, values, group=group)

    def _close_bar(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()
        try:
            if self.log is not None:
                self.log.close()
        except OSError:  # on a full disk nothing can be flushed; what stopped the run says more
            if error is None:
                raise


def _to_validate_on(config: TrainConfig) -> list[PairSource]:
    return open_sources(config.validation.roots) if config.validation.roots else validation_pairs(config.data)


class _Rate:
    """Images a second, over all steps since the first one, which may have compiled."""

    def __init__(self) -> None:
        self.images, self.start = 0, math.nan

    def count(self, images: int) -> None:
        """Adds the images of a step."""
        if math.isnan(self.start):
            self.start = time.monotonic()
        else:
            self.images += images

    def now(self) -> float:
        """Returns the rate, 0 while it is not known."""
        return self.images / max(time.monotonic() - self.start, 1e-9)
