"""The log of a run: JSON lines for scripts, TensorBoard events to look at."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import tensorboardX
from numpy.typing import NDArray

from mfjax import atomic, regular, stored_json

FILE = "log.jsonl"
RUN = "run"
NOT_LOSSES = {"gradient_norm", "images_per_second"}  # everything else that a step logs is a loss or a term of one


class RunLog:
    """The log of a run: a line for each `scalars` call in `workdir/log.jsonl`, and events in `workdir/tensorboard`.

    A run that continues from a step first drops the lines logged after it, so that no step is there twice.

    Args:
        workdir: folder of the run; made if it is missing.
        start: number of steps taken before.
    """

    def __init__(self, workdir: Path, start: int):
        workdir.mkdir(parents=True, exist_ok=True)
        _drop_after(workdir / FILE, start)
        self._lines = (workdir / FILE).open("a", encoding="utf-8")
        # Files are named by the second, so a run resumed within a second would replace its file without the suffix.
        self._events = tensorboardX.SummaryWriter(
            str(workdir / "tensorboard"), purge_step=start + 1, flush_secs=30, filename_suffix=f".{start}"
        )

    def scalars(self, step: int, phase: int, values: Mapping[str, float], *, group: str = RUN) -> None:
        """Writes one line `{"step": …, "phase": …, NAME: VALUE, …}`, with null for a value that isn't finite.

        In TensorBoard values are called `GROUP/NAME`; the run's losses and their terms are called `loss/NAME`.

        Args:
            step: number of steps taken.
            phase: 1 or 2.
            values: the values by name.
            group: the TensorBoard group; by default that of the run itself.
        """
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._lines.write(json.dumps({"step": step, "phase": phase} | finite) + "\n")
        self._lines.flush()
        for name, value in values.items():
            shown = "loss" if group == RUN and name not in NOT_LOSSES else group
            self._events.add_scalar(f"{shown}/{name}", value, step)

    def image(self, step: int, name: str, array: NDArray[np.uint8]) -> None:
        """Adds an image to TensorBoard.

        Args:
            step: number of steps taken.
            name: title of the image.
            array: gray `[H, W]` or RGB `[H, W, 3]`.
        """
        self._events.add_image(name, array, step, dataformats="HW" if array.ndim == 2 else "HWC")

    def close(self) -> None:
        """Waits until everything is written, and closes the files."""
        self._lines.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _drop_after(path: Path, start: int) -> None:
    """Keeps the lines of a log up to a step, and drops a torn line, as the last one may be where a run was killed."""
    lines = regular.read_bytes(path).splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if line.endswith(b"\n") and (step := _step(line)) is not None and step <= start]
    if kept != lines:
        atomic.write_bytes(path, b"".join(kept))


def _step(line: bytes) -> int | None:
    """Returns the step of a line, or None if the line is torn."""
    try:
        step = stored_json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return None
    return step if isinstance(step, int) else None
