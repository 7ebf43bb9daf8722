"""What fusing can be done by: names only, which are known before JAX is."""

import importlib.util
from typing import Literal, get_args

from mfjax.errors import MfjaxError

Engine = Literal["auto", "xla", "openvino"]
Precision = Literal["auto", "float32", "bfloat16"]


def check_engine(engine: str, precision: str) -> None:
    """Raises ValueError if one of both is another word than it can be, or the engine is not installed."""
    for name, value, words in (("engine", engine, Engine), ("precision", precision, Precision)):
        if value not in get_args(words):
            raise MfjaxError(f"{name} is {value!r}; it is one of {', '.join(get_args(words))}")
    if engine == "openvino" and not has_openvino():
        raise MfjaxError("engine is 'openvino', which is not installed: pip install 'mfjax[cpu]'")


def has_openvino() -> bool:
    """Whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None
