"""Reads the header of a weights file without its parameters, and without JAX."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple


class Header(NamedTuple):
    """The header of a safetensors file."""

    tensors: dict[str, Any]  # by name: `dtype`, `shape` and where the numbers lie
    metadata: dict[str, str]  # all strings, those included that `weights.save` adds

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return sum(math.prod(tensor["shape"]) for tensor in self.tensors.values())


def read(path: Path) -> Header:
    """Returns the header of a weights file that is known to be one.

    Args:
        path: the file. Its first 8 bytes are the header's length, little-endian; the header is JSON.
    """
    with path.open("rb") as file:
        tensors: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    metadata = tensors.pop("__metadata__", {})
    return Header(tensors, metadata)
