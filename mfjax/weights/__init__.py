"""Trained models: safetensors files with their architecture in the header, some bundled with the package."""

from mfjax.weights.bundled import available, find
from mfjax.weights.storage import Weights, load, save

__all__ = ["Weights", "available", "find", "load", "save"]
