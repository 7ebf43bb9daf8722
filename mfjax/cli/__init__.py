"""The command `mfjax`: flags and arguments to one call each, and every error a user can cause to one line.

A command is a function whose arguments are its flags and whose docstring is its help; `table` has them all. What takes
long to import, as JAX does, is imported by the commands that need it and when they do.
"""

import difflib
import inspect
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import mfjax
from mfjax.cli import table
from mfjax.cli.messages import one_line, to_standard_error
from mfjax.errors import MfjaxError

if TYPE_CHECKING:  # it takes the packages of training
    from mfjax.training.stopping import StopRequestedError

CACHE_BYTES = 2**30  # of compiled programs; a run of training takes a tenth
BEING_WRITTEN = 60  # seconds
WORTH_KEEPING = 0.1  # seconds of compiling; by JAX's default a second, which most programs of fusing stay below

FAILED, INTERRUPTED = 2, 130  # exit codes; the second is the shell's for Ctrl-C

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

# What a user or a machine can cause. Other errors are mistakes of the code, and keep their traceback.
USER_ERRORS = (MfjaxError, OSError, MemoryError, FloatingPointError)

logger = logging.getLogger("mfjax")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the process's exit code.

    Args:
        argv: the arguments, those of the process by default.

    Returns:
        0; 1 if some of several files failed; 2 if what was asked for can't be done; 130 if interrupted, 143 if training
        was ended by SIGTERM.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if with_traceback := "--traceback" in argv:
        argv.remove("--traceback")
    _keep_programs()
    with to_standard_error():
        try:
            code = _run(argv)
            sys.stdout.flush()
            return code
        except BrokenPipeError:  # whoever reads the output has seen enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would say so when it ends
            return FAILED
        except USER_ERRORS as error:
            if with_traceback:
                traceback.print_exc()
            logger.error("%s", one_line(error))
            return FAILED
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_PACKAGES or with_traceback:
                raise
            logger.error("training needs %s, which is not installed: pip install 'mfjax[train]'", error.name)
            return FAILED
        except KeyboardInterrupt:
            if with_traceback:
                traceback.print_exc()
            logger.error("interrupted")
            return INTERRUPTED
        except _stop_requested() as stop:
            logger.warning("%s", stop)
            return 128 + stop.number  # as the shell has it
        except SystemExit as stop:  # tyro has shown help or what is wrong with the arguments
            return FAILED if stop.code else 0


def _run(argv: list[str]) -> int:
    """Shows the help or the version, or runs the command that `argv` names.

    Raises:
        MfjaxError: it names none.
    """
    first, *rest = argv or [""]
    if first in ("-h", "--help"):
        print(table.overview())
        return 0
    if first == "--version":
        print(f"mfjax {mfjax.__version__}")
        return 0
    names = table.parts(first)
    name = next((name for name in names if argv[: len(name.split())] == name.split()), None)
    if name is not None:
        return _call(name, argv[len(name.split()) :])
    if names and rest[:1] in (["-h"], ["--help"]):
        print(table.overview(names))
        return 0
    if names:
        raise MfjaxError(f"mfjax {first} is followed by one of {', '.join(each.split()[1] for each in names)}")
    if not first:
        raise MfjaxError("name a command, such as mfjax fuse IR VIS --out OUT; mfjax --help lists all")
    near = difflib.get_close_matches(first, [each.split()[0] for each in table.COMMANDS], 1, 0.7)
    meant = f"did you mean {near[0]}? " if near else ""
    raise MfjaxError(f"there is no command {first!r}; {meant}mfjax --help lists all")


def _call(name: str, arguments: Sequence[str]) -> int:
    """Runs a command of the table."""
    import tyro
    from tyro.conf import DisallowNone, FlagCreatePairsOff

    function = table.COMMANDS[name].function(arguments)
    # Tyro would break an argument's lines where those of the source end.
    function.__doc__ = re.sub(r"(?<=\S)\n {8}(?=\S)", " ", inspect.getdoc(function) or "")
    return tyro.cli(function, prog=f"mfjax {name}", args=arguments, config=(DisallowNone, FlagCreatePairsOff))


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
