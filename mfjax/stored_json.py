"""Reads JSON from files that may be damaged."""

import json
from typing import Any

DEEPEST = 32  # levels of lists and objects, of which no file here has half as many


def loads(text: str | bytes) -> Any:
    """Returns the value of JSON text; whatever is wrong with it is a ValueError.

    Args:
        text: the text, or its bytes in UTF-8.

    Raises:
        ValueError: it is no JSON, or it is nested so deeply that walking through it would exhaust Python's stack.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_depth(value, DEEPEST)
    return value


def _check_depth(value: Any, levels: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0:
        raise ValueError("nested too deeply")
    for each in inner:
        if isinstance(each, dict | list):
            _check_depth(each, levels - 1)
