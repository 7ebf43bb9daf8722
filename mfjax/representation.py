"""Objects in one line, as a notebook shows them: arrays by their size and type, configs by what differs in them."""

import dataclasses
from typing import Any


def array(value: Any) -> str:
    """Returns an array's shape and type, such as "480x640x3 uint8", or "none" for None.

    Args:
        value: the array, of NumPy or JAX, or None.
    """
    return "none" if value is None else f"{'x'.join(map(str, value.shape))} {value.dtype}"


def arrays(of: Any) -> str:
    """Returns a named tuple of arrays as its class and its fields' shapes and types. It serves as a `__repr__`.

    Args:
        of: the named tuple.
    """
    shown = ", ".join(f"{name} {array(value)}" for name, value in of._asdict().items())
    return f"{type(of).__name__}({shown})"


def config(of: Any) -> str:
    """Returns a config as the call that makes it, without arguments at their defaults. It serves as a `__repr__`.

    Args:
        of: an instance of a dataclass; those among its values are shown likewise.
    """
    arguments = []
    for field in dataclasses.fields(of):
        if not field.repr:
            continue
        value = getattr(of, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if value != default:
            arguments.append(f"{field.name}={config(value) if dataclasses.is_dataclass(value) else repr(value)}")
    return f"{type(of).__name__}({', '.join(arguments)})"
