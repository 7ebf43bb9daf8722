"""The models: safetensors files with their architecture in the header, some bundled with the package."""

from mfjax.weights.bundled import available, find
from mfjax.weights.storage import Weights, load, save, write_whole

__all__ = ["Weights", "available", "find", "load", "save", "write_whole"]
