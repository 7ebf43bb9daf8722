"""The command `mfjax fuse`."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, cast

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm
from tyro.conf import Positional, arg

from mfjax import weights
from mfjax.cli.messages import one_line
from mfjax.inference import files, sizes
from mfjax.inference.colour import Color
from mfjax.inference.sources import IrRange, check_ir_range

logger = logging.getLogger("mfjax")


def fuse(
    ir: Annotated[Positional[Path], arg(metavar="IR")],
    vis: Annotated[Positional[Path], arg(metavar="VIS")],
    *,
    out: Annotated[Path, arg(metavar="OUT")],
    height: Annotated[int | None, arg(metavar="H", help_behavior_hint="")] = None,
    width: Annotated[int | None, arg(metavar="W", help_behavior_hint="")] = None,
    scale: Annotated[float | None, arg(metavar="S", help_behavior_hint="")] = None,
    color: Color = "auto",
    sr: Annotated[bool, arg(help_behavior_hint="")] = False,
    stretch: Annotated[bool, arg(help_behavior_hint="")] = False,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "default",
    ir_range: Annotated[str, arg(metavar="full|auto|LO,HI")] = "full",
) -> int:
    """Fuse an infrared and a visible image, or two folders of them, at any size.

    Two folders are paired by file names, which may differ by a word such as ir, thermal, vis or rgb.

    Args:
        ir: Infrared image, or a folder of them.
        vis: Visible image of the same view at any resolution, or a folder of them.
        out: The fused image (.png .tif .jpg .bmp), or a folder for NAME.png of every pair.
        height: Output height in pixels. With only one of height and width, the other keeps the aspect.
        width: Output width in pixels. Without any size: that of the larger source.
        scale: Output size as a multiple of the larger source's, such as 2 or 0.5.
        color: Whether the result has the visible image's colour; auto: if it is stored in colour.
        sr: Also write both super-resolved sources, as OUT_ir and OUT_vis.
        stretch: Fuse sources whose aspects differ by more than 20 %.
        model: Name of a bundled model, or a weights file.
        ir_range: Infrared black and white: its type's range, its own (auto: for raw thermal data), or values.
    """
    size = None if height is None and width is None else (height, width)
    sizes.check_request(size, scale)
    infrared_range = check_ir_range(_parse_ir_range(ir_range))
    plan = files.plan(ir, vis, out, sr=sr)
    model_file = weights.find(model)

    from mfjax.inference.fuser import load

    start = time.monotonic()
    run = partial(
        files.fuse_pair,
        load(model_file),
        size=size,
        scale=scale,
        color=color,
        ir_range=infrared_range,
        stretch=stretch,
    )
    if not ir.is_dir():
        rows, cols = run(plan.jobs[0])
        print(f"{out}: {rows}x{cols}, {time.monotonic() - start:.1f} s")
        return 0
    failed = _run_all(run, plan)
    done = f"{len(plan.jobs) - failed} of {len(plan.jobs)} pairs fused"
    print(f"{out}: {done}, {time.monotonic() - start:.1f} s")
    return 1 if failed or plan.problems else 0


def _run_all(run: Callable[[files.Job], sizes.Size], plan: files.Plan) -> int:
    """Runs every job, reports those that fail and all that could not be planned; returns how many failed."""
    for problem in plan.problems:
        logger.error("%s", problem)
    failed = 0
    with logging_redirect_tqdm([logger]):
        for job in tqdm(plan.jobs, unit="pair", disable=None):  # None: no bar where nobody watches
            try:
                with _prefixed(job.pair.name):
                    run(job)
            except (ValueError, OSError, MemoryError) as error:
                logger.error("%s: %s", job.pair.name, one_line(error))
                failed += 1
    return failed


def _parse_ir_range(text: str) -> IrRange:
    """The infrared range that `--ir-range` names."""
    if text in ("full", "auto"):
        return cast(Literal["full", "auto"], text)
    try:
        low, high = (float(bound) for bound in text.split(","))
    except ValueError:
        raise ValueError(f"--ir-range is {text!r}; it is full, auto, or a pair such as 7000,8200") from None
    return low, high


@contextmanager
def _prefixed(name: str) -> Iterator[None]:
    """Starts the messages of a block with a name: that of the pair they are about."""

    def prefix(record: logging.LogRecord) -> bool:
        record.msg = f"{name}: {record.getMessage()}"
        record.args = ()
        return True

    logger.addFilter(prefix)
    try:
        yield
    finally:
        logger.removeFilter(prefix)
