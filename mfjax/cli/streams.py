"""The standard streams of a command, made so that nothing that is printed can fail.

A stream may be closed, its reader may have gone, the disk of its file may be full, or its encoding may lack characters.
"""

import codecs
import os
import sys
from contextlib import suppress

PIPE_CLOSED = 141  # the shell's exit code of a program whose reader has gone: 128 and SIGPIPE

# What stands for a character where a stream can't hold it; others are shown by their numbers, such as \u70ed.
EQUIVALENTS = {"…": "...", "×": "x", "·": ".", "−": "-", "–": "-", "°": " deg", "²": "^2", "₁": "1", "½": "1/2"}
EQUIVALENTS |= {"↑": "+", "↓": "-", "→": "->", "√": "sqrt", "λ": "lambda", "π": "pi", "σ": "sigma", "Δ": "d"}
HANDLER = "mfjax.equivalents"


def make_safe() -> None:
    """Makes the standard output and error stream take any text, for the rest of the process.

    Closed streams are opened on the null device, at their own numbers, which files of this process would get otherwise.
    """
    codecs.register_error(HANDLER, _equivalent)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their numbers
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is the closed stream's own
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not what tests or notebooks put in its place
            stream.reconfigure(errors=HANDLER)


def flush() -> None:
    """Writes what the standard output still holds.

    Raises:
        BrokenPipeError: its reader has gone.
        OSError: it can't be written, as on a full disk; the message says so.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        error.filename = "standard output"
        raise


def abandon() -> None:
    """Drops what the standard output still holds, so that Python does not report it at its end."""
    # A stream that tests put in its place has no number: a ValueError.
    with suppress(OSError, ValueError), open(os.devnull, "w", encoding="utf-8") as null:
        os.dup2(null.fileno(), sys.stdout.fileno())


def _equivalent(error: UnicodeError) -> tuple[str | bytes, int]:
    """Returns what stands for the first character that a stream can't hold, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    if character in EQUIVALENTS:
        return EQUIVALENTS[character], error.start + 1
    one = UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    return codecs.backslashreplace_errors(one)
