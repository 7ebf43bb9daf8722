"""The names of engines and precisions, which can be checked before JAX is imported."""

import importlib.util
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from mfjax.errors import MfjaxError

# The engines are the files in `backends`, listed without importing them, so that adding one changes no other file.
ENGINES = ("auto", *sorted(file.name for file in pkgutil.iter_modules([str(Path(__file__).parent / "backends")])))

if TYPE_CHECKING:
    Engine = str
else:
    Engine = Literal[ENGINES]  # lets the help of commands list the engines
Precision = Literal["auto", "float32", "bfloat16"]

NEEDED = {"openvino": ("openvino", "onnx")}  # packages that an engine needs, of mfjax's extra `cpu`


def check_engine(engine: str, precision: str) -> None:
    """Raises MfjaxError if the engine or the precision is unknown, or the engine is not installed.

    Args:
        engine: one of `Engine`.
        precision: one of `Precision`.
    """
    for name, value, words in (("engine", engine, Engine), ("precision", precision, Precision)):
        if value not in get_args(words):
            raise MfjaxError(f"{name} is {value!r}; it is one of {', '.join(get_args(words))}")
    if lacking := missing(engine):
        raise MfjaxError(
            f"engine is {engine!r}, for which {' and '.join(lacking)} must be installed: pip install 'mfjax[cpu]'"
        )


def missing(engine: str) -> list[str]:
    """Returns the packages that an engine needs and that are not installed.

    Args:
        engine: one of `Engine`.
    """
    return [name for name in NEEDED.get(engine, ()) if importlib.util.find_spec(name) is None]
