"""The command `mfjax fuse`."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm
from tyro.conf import Positional, arg

from mfjax import weights
from mfjax.cli.messages import one_line
from mfjax.inference import files, sizes
from mfjax.inference.colour import Color
from mfjax.inference.engines import Engine, Precision, check_engine
from mfjax.inference.pairs import messages_about
from mfjax.inference.sources import IrRange, check_ir_range

if TYPE_CHECKING:  # it imports JAX
    from mfjax.inference.tiles import Tile

MANY_TILES = 8  # counted twice; they take a second or two

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
    engine: Engine = "auto",
    precision: Precision = "auto",
    tile: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None,
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
        stretch: Fuse even if the aspects of both sources differ by more than 20 %.
        model: Name of a bundled model, or a weights file.
        ir_range: Infrared black and white: its type's (full), its own (auto: for raw thermal data), or two values.
        engine: What extracts features; auto: on a CPU OpenVINO where it is installed (it is faster), else XLA.
        precision: That features are extracted in; auto: bfloat16 on a GPU, float32 on a CPU.
        tile: Side in pixels of the parts that an image is made in, to take less memory; the result is the same.
    """
    check_engine(engine, precision)
    size = None if height is None and width is None else (height, width)
    sizes.check_request(size, scale)
    infrared_range = check_ir_range(parse_ir_range(ir_range))
    plan = files.plan(ir, vis, out, sr=sr)
    model_file = weights.find(model)

    from mfjax.inference.fuser import load

    start = time.monotonic()
    run = partial(
        files.fuse_pair,
        load(model_file, engine=engine, precision=precision),
        size=size,
        scale=scale,
        color=color,
        ir_range=infrared_range,
        stretch=stretch,
        tile=tile,
    )
    if not ir.is_dir():
        rows, cols = run(plan.jobs[0], progress=_bar)
        print(f"{out}: {rows}x{cols}, {time.monotonic() - start:.1f} s")
        return 0
    failed = _run_all(run, plan)
    done = f"{len(plan.jobs) - failed} of {len(plan.jobs)} pairs fused"
    print(f"{out}: {done}, {time.monotonic() - start:.1f} s")
    return 1 if failed or plan.problems else 0


def _bar(tiles: "Sequence[Tile]") -> "Iterable[Tile]":
    """A progress bar for the tiles of an image, if it has many."""
    return tqdm(tiles, unit="tile", leave=False, disable=None) if len(tiles) > MANY_TILES else tiles


def _run_all(run: Callable[[files.Job], sizes.Size], plan: files.Plan) -> int:
    """Runs every job, reports those that fail and all that could not be planned; returns how many failed."""
    for problem in plan.problems:
        logger.error("%s", problem)
    failed = 0
    with logging_redirect_tqdm([logger]):
        for job in tqdm(plan.jobs, unit="pair", disable=None):  # None: no bar where nobody watches
            try:
                with messages_about(job.pair):
                    run(job)
            except (ValueError, OSError, MemoryError) as error:
                logger.error("%s: %s", job.pair.name, one_line(error))
                failed += 1
    return failed


def parse_ir_range(text: str) -> IrRange:
    """The infrared range that `--ir-range` names."""
    if text in ("full", "auto"):
        return cast(Literal["full", "auto"], text)
    try:
        low, high = (float(bound) for bound in text.split(","))
    except ValueError:
        raise ValueError(f"--ir-range is {text!r}; it is full, auto, or a pair such as 7000,8200") from None
    return low, high
