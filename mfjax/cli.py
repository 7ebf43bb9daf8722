"""The command `mfjax`: flags and arguments to one call each, and every error a user can cause to one line.

A command is a function whose arguments are its flags and whose docstring is its help; `COMMANDS` lists them.
What needs JAX is imported in the function, so that `--help` and mistyped arguments are answered at once.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, cast

import tyro
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm
from tyro.conf import DisallowNone, FlagCreatePairsOff, Positional, arg

from mfjax import weights
from mfjax.data.sets.commands import COMMANDS as DATA_COMMANDS
from mfjax.inference import files, sizes
from mfjax.inference.colour import Color
from mfjax.inference.sources import IrRange, check_ir_range
from mfjax.weights.bundled import SUFFIX

SOME_FAILED, FAILED, INTERRUPTED = 1, 2, 130  # exit codes; the last is the shell's for Ctrl-C

DESCRIPTION = "Infrared and visible image fusion at any input and output resolution."

# The extra "train".
TRAINING_PACKAGES = {"absl", "grain", "importlib_resources", "optax", "orbax", "tensorboardX", "tensorflow_datasets"}

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
    return SOME_FAILED if failed or plan.problems else 0


def convert(
    source: Annotated[Positional[Path], arg(metavar="FILE")],
    out: Annotated[Positional[Path], arg(metavar="OUT.safetensors")],
    *,
    dtype: Literal["float32", "bfloat16"] = "float32",
) -> int:
    """Convert a checkpoint of the authors' PyTorch network (.pth) to a weights file, or a weights file to another.

    Args:
        source: A .pth file (this needs PyTorch; nothing but tensors is unpickled), or a weights file.
        out: The weights file to write, for --model.
        dtype: How to store numbers; bfloat16 halves the file.
    """
    if out.exists() and out.samefile(source):
        raise ValueError(f"{out} is the source and would be overwritten; choose another output")
    if source.suffix == SUFFIX:
        config, params, metadata = weights.load(source)
    else:
        from mfjax.interop import convert_state_dict, read_state_dict

        config, params = convert_state_dict(read_state_dict(source))
        metadata = {"converted_from": source.name}
    weights.save(out, config, params, metadata, dtype=dtype)
    print(f"{out}: {config.blocks} FEBs, {config.compensations} RCMs")
    return 0


TRAIN_HELP = """Train a model, or go on with a run that was interrupted.

Flags change single values of the recipe."""


def _train_command(argv: Sequence[str]) -> Callable[..., int]:
    """`mfjax train`, whose flags and defaults are those of the recipe that `--config` names in `argv`."""
    from mfjax.training.config import TrainConfig, read_config

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    chosen = parser.parse_known_args(argv)[0].config
    default = TrainConfig() if chosen is None else read_config(chosen)

    def train(
        recipe: Annotated[TrainConfig, arg(name="")] = default,
        *,
        config: Annotated[
            Path | None, arg(metavar="FILE.py", help="The recipe, such as configs/paper.py.", help_behavior_hint="")
        ] = None,
        workdir: Annotated[
            Path, arg(help="Folder for checkpoints, log and weights; a run found there goes on.")
        ] = Path("runs") / (chosen.stem if chosen else "default"),
        accept_changes: Annotated[
            bool, arg(help="Go on with another recipe than the run's own; its weights file names both.")
        ] = False,
        distributed: Annotated[
            str | None,
            arg(
                metavar="auto|HOST:PORT,N,I",
                help="This is one of several processes: number I of N, meeting at the address of the first; "
                "auto under Slurm, Open MPI and on TPUs.",
                help_behavior_hint="",
            ),
        ] = None,
        dry_run: Annotated[
            bool, arg(help="Only show parameters, phases, memory and the number of programs to compile.")
        ] = False,
    ) -> int:
        if distributed is not None:
            _join(distributed)
        if dry_run:
            from mfjax.training.dry_run import describe

            print(describe(recipe))
            return 0
        from mfjax.training.loop import train
        from mfjax.training.stopping import StopRequestedError

        try:
            weights_file = train(recipe, workdir, accept_changes=accept_changes)
            print(f"{weights_file}: {recipe.steps} steps")
        except StopRequestedError as stop:
            logger.warning("%s", stop)
            return 128 + stop.number  # as the shell has it
        return 0

    train.__doc__ = TRAIN_HELP
    return train


def _join(processes: str) -> None:
    """Joins the job of several processes that `--distributed` names."""
    import jax

    if processes == "auto":
        jax.distributed.initialize()
        return
    address, *numbers = processes.split(",")
    if ":" not in address or len(numbers) != 2 or not all(number.strip().isdigit() for number in numbers):
        raise ValueError(f"--distributed is {processes!r}; it is auto, or such as 10.0.0.1:9911,4,0: address,N,I")
    jax.distributed.initialize(address, int(numbers[0]), int(numbers[1]))


def _train_unread() -> int:
    raise AssertionError("replaced by _train_command when it is called")


_train_unread.__doc__ = TRAIN_HELP


def _data() -> int:
    """Build data sets to train on, and look at them: data build, data show."""
    raise AssertionError("replaced by DATA_COMMANDS when it is called")


COMMANDS: dict[str, Callable[..., int]] = {
    "fuse": fuse,
    "train": _train_unread,
    "convert": convert,
    "data": _data,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the process's exit code.

    Args:
        argv: the arguments, those of the process by default.

    Returns:
        0; 1 if some of several files failed; 2 if what was asked for can't be done; 130 if interrupted.
    """
    handler = logging.StreamHandler()  # of this call: the standard error stream may be another by the next
    handler.setFormatter(_LowerCaseLevel())
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False  # some libraries give the root logger a handler of their own
    argv = list(sys.argv[1:] if argv is None else argv)
    _keep_programs()
    try:
        if argv[:1] == ["data"]:
            return _run(DATA_COMMANDS, "mfjax data", _data.__doc__, argv[1:])
        # The recipe's flags are known once it is read, and reading it takes JAX: only when training is asked for.
        train = {"train": _train_command(argv)} if argv[:1] == ["train"] else {}
        return _run(COMMANDS | train, "mfjax", DESCRIPTION, argv)
    except (ValueError, OSError, MemoryError, FloatingPointError) as error:
        logger.error("%s", _one_line(error))
        return FAILED
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        logger.error("training needs %s, which is not installed: pip install 'mfjax[train]'", error.name)
        return FAILED
    except KeyboardInterrupt:
        logger.error("interrupted")
        return INTERRUPTED
    except SystemExit as stop:  # tyro has shown help or what is wrong with the arguments
        return FAILED if stop.code else 0
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


def _run(commands: dict[str, Callable[..., int]], prog: str, description: str | None, argv: list[str]) -> int:
    """Runs the one of some commands that `argv` names first."""
    config = (DisallowNone, FlagCreatePairsOff)
    return tyro.extras.subcommand_cli_from_dict(commands, prog=prog, description=description, args=argv, config=config)


def _keep_programs() -> None:
    """Has JAX keep compiled programs in the user's cache folder, unless the environment names another, and quietly.

    JAX reads this when it is first imported. On CPU, jaxlib reports as errors those features of the machine that
    programs from the cache were compiled for and that don't matter to them; what does go wrong is raised besides.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mfjax" / "programs"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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
                logger.error("%s: %s", job.pair.name, _one_line(error))
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


def _one_line(error: BaseException) -> str:
    """An error's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


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


class _LowerCaseLevel(logging.Formatter):
    """`error: …` and `warning: …`, as other commands say it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"
