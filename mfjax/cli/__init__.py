"""The command `mfjax`: flags and arguments to one call each, and every error a user can cause to one line.

A command is a function whose arguments are its flags and whose docstring is its help; each has a module here.
What needs JAX is imported in the function, so that `--help` and mistyped arguments are answered at once.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff

from mfjax.cli import convert, data, evaluate, export, fuse, train
from mfjax.cli.messages import one_line, to_standard_error

if TYPE_CHECKING:  # it takes the packages of training
    from mfjax.training.stopping import StopRequestedError

CACHE_BYTES = 2**30  # of compiled programs; a run of training takes a tenth
BEING_WRITTEN = 60  # seconds
WORTH_KEEPING = 0.1  # seconds of compiling; by JAX's default a second, which most programs of fusing stay below

FAILED, INTERRUPTED = 2, 130  # exit codes; the second is the shell's for Ctrl-C

DESCRIPTION = "Infrared and visible image fusion at any input and output resolution."

# The extra "train".
TRAINING_PACKAGES = {
    "absl",
    "grain",
    "importlib_resources",
    "optax",
    "orbax",
    "tensorboardX",
    "tensorflow_datasets",
}

logger = logging.getLogger("mfjax")


def _help_only(text: str) -> Callable[[], int]:
    """A command that is listed with its help, and stands for others when it is called."""

    def command() -> int:
        raise AssertionError("main calls others in its place")

    command.__doc__ = text
    return command


COMMANDS: dict[str, Callable[..., int]] = {
    "fuse": fuse.fuse,
    "train": _help_only(train.HELP),
    "evaluate": evaluate.evaluate,
    "convert": convert.convert,
    "export": export.export,
    "data": _help_only(data.HELP),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the process's exit code.

    Args:
        argv: the arguments, those of the process by default.

    Returns:
        0; 1 if some of several files failed; 2 if what was asked for can't be done; 130 if interrupted, 143 if training
        was ended by SIGTERM.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    _keep_programs()
    with to_standard_error():
        try:
            if argv[:1] == ["data"]:
                return _run(data.COMMANDS, "mfjax data", data.HELP, argv[1:])
            if argv[:1] == ["train"]:  # its flags are those of a recipe, and to read it takes JAX
                return _run(COMMANDS | {"train": train.train_command(argv)}, "mfjax", DESCRIPTION, argv)
            return _run(COMMANDS, "mfjax", DESCRIPTION, argv)
        except (ValueError, OSError, MemoryError, FloatingPointError) as error:
            logger.error("%s", one_line(error))
            return FAILED
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_PACKAGES:
                raise
            logger.error("training needs %s, which is not installed: pip install 'mfjax[train]'", error.name)
            return FAILED
        except KeyboardInterrupt:
            logger.error("interrupted")
            return INTERRUPTED
        except _stop_requested() as stop:
            logger.warning("%s", stop)
            return 128 + stop.number  # as the shell has it
        except SystemExit as stop:  # tyro has shown help or what is wrong with the arguments
            return FAILED if stop.code else 0


def _run(commands: dict[str, Callable[..., int]], prog: str, description: str, argv: list[str]) -> int:
    """Runs the one of some commands that `argv` names first."""
    config = (DisallowNone, FlagCreatePairsOff)
    return tyro.extras.subcommand_cli_from_dict(commands, prog=prog, description=description, args=argv, config=config)


def _stop_requested() -> "tuple[type[StopRequestedError], ...]":
    """The error of a training that was asked to stop; none where what trains was not imported, and so didn't run."""
    module = sys.modules.get("mfjax.training.stopping")
    return (module.StopRequestedError,) if module else ()


def _keep_programs() -> None:
    """Has JAX keep compiled programs in the user's cache folder, unless the environment names another, and quietly.

    JAX reads this when it is first imported. With a largest size it locks the folder, so that processes can share it.
    On CPU, jaxlib reports as errors those features of the machine that programs from the cache were compiled for and
    that don't matter to them; what does go wrong is raised besides.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mfjax" / "compiled"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(cache)
    os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(CACHE_BYTES))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(WORTH_KEEPING))
    for program in cache.glob("*-cache"):  # whose process ended before it was written wholly, JAX would stumble over
        if not program.with_name(f"{program.name.removesuffix('-cache')}-atime").exists():
            with suppress(OSError):
                if time.time() - program.stat().st_mtime > BEING_WRITTEN:
                    program.unlink()
