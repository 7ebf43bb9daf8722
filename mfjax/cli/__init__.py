"""The command `mfjax`, which turns arguments into one call, and errors that a user can cause into one line.

A command is a function whose arguments are its flags and whose docstring is its help; `table` lists all. Packages that
take long to import, such as JAX, are imported only by the commands that need them, and when they do.
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

CACHE_BYTES = 2**30  # largest size of the cache of compiled programs; a run of training takes a tenth
WRITE_SECONDS = 60  # most seconds that writing a program to the cache takes
LEAST_COMPILE_SECONDS = 0.1  # programs that compile faster are not cached; JAX's default, 1, is too much for fusing

FAILED, INTERRUPTED = 2, 130  # exit codes; the second is the shell's for Ctrl-C

# Packages of the extra "train".
TRAINING_PACKAGES = {
    "absl",
    "grain",
    "importlib_resources",
    "optax",
    "orbax",
    "tensorboardX",
    "tensorflow_datasets",
}

# Errors that a user or a machine can cause. Others are mistakes in the code, and keep their traceback.
USER_ERRORS = (MfjaxError, OSError, MemoryError, FloatingPointError)

logger = logging.getLogger("mfjax")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the process's exit code.

    Args:
        argv: the arguments; by default those of the process.

    Returns:
        0; 1 if some of several files failed; 2 if the command failed; 130 if it was interrupted, 143 if training was
        ended by SIGTERM.
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
        except BrokenPipeError:  # the reader of the output, such as `head`, has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # keeps Python from reporting it at its end
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
            return 128 + stop.number  # the shell's exit code of a signal
        except SystemExit as stop:  # tyro has shown help or what is wrong with the arguments
            return FAILED if stop.code else 0


def _run(argv: list[str]) -> int:
    """Shows the help or the version, or runs the command that `argv` names.

    Raises:
        MfjaxError: it names no command.
    """
    first, *rest = argv or [""]
    if first in ("-h", "--help"):
        print(table.overview())
        return 0
    if first == "--version":
        print(f"mfjax {mfjax.__version__}")
        return 0
    names = table.commands_starting(first)
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
    # Joins the lines of an argument's help, since Tyro keeps the line breaks of the source.
    function.__doc__ = re.sub(r"(?<=\S)\n {8}(?=\S)", " ", inspect.getdoc(function) or "")
    return tyro.cli(function, prog=f"mfjax {name}", args=arguments, config=(DisallowNone, FlagCreatePairsOff))


def _stop_requested() -> "tuple[type[StopRequestedError], ...]":
    """Returns the error of a training that was asked to stop; nothing if training was not imported, and so not run."""
    module = sys.modules.get("mfjax.training.stopping")
    return (module.StopRequestedError,) if module else ()


def _keep_programs() -> None:
    """Makes JAX keep compiled programs in the user's cache folder, unless the environment names another one.

    JAX reads these variables when it is first imported. With a largest size it locks the folder, so that processes can
    share it. Messages of jaxlib are silenced, since on CPUs it reports errors about features of the machine that don't
    matter to cached programs; real errors are raised anyway.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mfjax" / "compiled"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(cache)
    os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(CACHE_BYTES))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(LEAST_COMPILE_SECONDS))
    for program in cache.glob("*-cache"):  # JAX fails to read a program whose process ended while writing it
        if not program.with_name(f"{program.name.removesuffix('-cache')}-atime").exists():
            with suppress(OSError):
                if time.time() - program.stat().st_mtime > WRITE_SECONDS:
                    program.unlink()
