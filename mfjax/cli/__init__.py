"""The command `mfjax`, which turns arguments into one call, and errors that a user can cause into one line.

A command is a function whose arguments are its flags and whose docstring is its help; `table` lists all. Packages that
take long to import, such as JAX, are imported only by the commands that need them, and when they do.
"""

import difflib
import inspect
import logging
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

import mfjax
from mfjax.cli import address_space, platforms, programs, signals, streams, table
from mfjax.cli.messages import to_standard_error
from mfjax.errors import MfjaxError
from mfjax.messages import one_line

if TYPE_CHECKING:  # it takes the packages of training
    from mfjax.training.stopping import StopRequestedError

FAILED, INTERRUPTED = 2, 130  # exit codes; the second is the shell's for Ctrl-C, as 128 and a number are for signals

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
        0; 1 if some of several files failed; 2 if the command failed; 130 if it was interrupted; 143 or 129 if SIGTERM
        or SIGHUP ended it; 141 if the reader of its output has gone.
    """
    streams.make_safe()
    argv = list(sys.argv[1:] if argv is None else argv)
    if with_traceback := "--traceback" in argv:
        argv.remove("--traceback")
    not_kept = programs.keep()
    with to_standard_error(), programs.failures_said_once():
        if not_kept and not {"-h", "--help", "--version"} & {*argv}:
            logger.warning("%s", not_kept)
        try:
            with signals.raised():
                code = _run(argv)
                streams.flush()
                return code
        except BrokenPipeError:  # the reader of the output, such as `head`, has gone
            streams.abandon()
            return streams.PIPE_CLOSED
        except USER_ERRORS as error:
            return _fail(one_line(error), with_traceback)
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_PACKAGES or with_traceback:
                raise
            return _fail(f"training needs {error.name}, which is not installed: pip install 'mfjax[train]'")
        except (RuntimeError, AssertionError):
            if with_traceback or not (problem := platforms.problem()):
                raise
            return _fail(problem)
        except KeyboardInterrupt:  # while no handler was set, as after a second Ctrl-C
            return _fail("interrupted", with_traceback, INTERRUPTED)
        except signals.EndedError as ended:
            return _fail(str(ended), with_traceback, 128 + ended.number)
        except _stop_requested() as stop:
            logger.warning("%s", stop)
            return 128 + stop.number


def _fail(line: str, with_traceback: bool = False, code: int = FAILED) -> int:
    """Logs an error, drops what the standard output can't take, and returns the exit code."""
    if with_traceback:
        traceback.print_exc()
    logger.error("%s", line)
    try:
        streams.flush()
    except OSError:
        streams.abandon()
    return code


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
    address_space.prepare()
    import tyro
    from tyro.conf import DisallowNone, FlagCreatePairsOff

    function = table.COMMANDS[name].function(arguments)
    # Joins the lines of an argument's help, since Tyro keeps the line breaks of the source.
    function.__doc__ = re.sub(r"(?<=\S)\n {8}(?=\S)", " ", inspect.getdoc(function) or "")
    try:
        return tyro.cli(function, prog=f"mfjax {name}", args=arguments, config=(DisallowNone, FlagCreatePairsOff))
    except SystemExit as stop:  # tyro has shown help or what is wrong with the arguments
        return FAILED if stop.code else 0


def _stop_requested() -> "tuple[type[StopRequestedError], ...]":
    """Returns the error of a training that was asked to stop; nothing if training was not imported, and so not run."""
    module = sys.modules.get("mfjax.training.stopping")
    return (module.StopRequestedError,) if module else ()
