"""What a run tells of itself while it goes: JSON lines for scripts, TensorBoard for eyes."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import tensorboardX
from numpy.typing import NDArray

FILE = "log.jsonl"
RUN = "run"
OF_THE_RUN = {"gradient_norm", "images_per_second"}  # of what a step logs, all else is a loss or a term of one


class RunLog:
    """The log of a run: `workdir/log.jsonl`, a line each `scalars` call, and the events in `workdir/tensorboard`.

    A run that goes on from a step begins by dropping what was logged after it, so that no step is there twice.
    """

    def __init__(self, workdir: Path, start: int):
        workdir.mkdir(parents=True, exist_ok=True)
        _drop_after(workdir / FILE, start)
        self._lines = (workdir / FILE).open("a", encoding="utf-8")
        # The suffix: files are named by the second, and one of a run resumed within it would replace the other.
        self._events = tensorboardX.SummaryWriter(
            str(workdir / "tensorboard"), purge_step=start + 1, flush_secs=30, filename_suffix=f".{start}"
        )

    def scalars(self, step: int, phase: int, values: Mapping[str, float], *, group: str = RUN) -> None:
        """Writes one line `{"step": …, "phase": …, NAME: VALUE, …}`, null for what isn't finite: JSON has no NaN.

        In TensorBoard values are `GROUP/NAME`, but of those of the run the losses and their terms are `loss/NAME`.
        """
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._lines.write(json.dumps({"step": step, "phase": phase} | finite) + "\n")
        self._lines.flush()
        for name, value in values.items():
            shown = "loss" if group == RUN and name not in OF_THE_RUN else group
            self._events.add_scalar(f"{shown}/{name}", value, step)

    def image(self, step: int, name: str, array: NDArray[np.uint8]) -> None:
        """Shows an image, gray `[H, W]` or RGB `[H, W, 3]`, in TensorBoard."""
        self._events.add_image(name, array, step, dataformats="HW" if array.ndim == 2 else "HWC")

    def close(self) -> None:
        """Waits for what is being written."""
        self._lines.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _drop_after(path: Path, start: int) -> None:
    """Leaves the lines up to a step; not one that was torn, as the last may be where a run was killed."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if line.endswith(b"\n") and (step := _step(line)) is not None and step <= start]
    if kept != lines:
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(b"".join(kept))
        os.replace(temporary, path)


def _step(line: bytes) -> int | None:
    """The step of a line, None if it is torn."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return None
