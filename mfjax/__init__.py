"""Infrared and visible image fusion at any input and output resolution.

    fused = mfjax.fuse(ir, vis, size=(480, 640))  # arrays in, an array out
    fuser = mfjax.load("default")  # .fused .ir .vis = fuser(ir, vis)

The names below are imported when they are first used, since JAX takes a second or two.
"""

import importlib
from typing import TYPE_CHECKING, Any

from mfjax.errors import MfjaxError

if TYPE_CHECKING:
    from mfjax import (
        alignment,
        data,
        evaluation,
        images,
        interop,
        losses,
        metrics,
        model,
        onnx,
        recipes,
        training,
        video,
        weights,
    )
    from mfjax.alignment import Alignment
    from mfjax.inference.aligning import align
    from mfjax.inference.fuser import Fuser
    from mfjax.inference.fusion import Fusion
    from mfjax.inference.loading import fuse, load
    from mfjax.inference.pure import fuse_luma
    from mfjax.inference.showing import show
    from mfjax.model import FusionNetwork, ModelConfig

    __version__: str

__all__ = [
    "Alignment",
    "Fuser",
    "Fusion",
    "FusionNetwork",
    "MfjaxError",
    "ModelConfig",
    "__version__",
    "align",
    "alignment",
    "data",
    "evaluation",
    "fuse",
    "fuse_luma",
    "images",
    "interop",
    "load",
    "losses",
    "metrics",
    "model",
    "onnx",
    "recipes",
    "show",
    "training",
    "video",
    "weights",
]

_HOMES = {
    "mfjax.alignment": ("Alignment",),
    "mfjax.inference.aligning": ("align",),
    "mfjax.inference.fusion": ("Fusion",),
    "mfjax.inference.fuser": ("Fuser",),
    "mfjax.inference.loading": ("fuse", "load"),
    "mfjax.inference.pure": ("fuse_luma",),
    "mfjax.inference.showing": ("show",),
    "mfjax.model": ("FusionNetwork", "ModelConfig"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    if name in __all__:
        return importlib.import_module(f"mfjax.{name}")  # `training` and `onnx` need the packages of their extras
    raise AttributeError(f"module 'mfjax' has no attribute {name!r}")


def _version() -> str:
    """Returns the version that was installed, which is that of the newest tag; "unknown" of files on a path alone."""
    from importlib import metadata

    try:
        return metadata.version("mfjax")
    except metadata.PackageNotFoundError:
        return "unknown"


def __dir__() -> list[str]:
    return sorted(__all__)
