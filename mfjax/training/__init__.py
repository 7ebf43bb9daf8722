"""Training in two phases (Section III.E).

The names below are imported when they are first used, so that fusion targets, which also describe how a model was
trained, can be used without the packages that training needs.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfjax.data.config import DataConfig
    from mfjax.model import ModelConfig
    from mfjax.training.config import TrainConfig
    from mfjax.training.loop import train
    from mfjax.training.targets import Enhanced, Sources, Structure, Teacher
    from mfjax.training.validation import ValidationConfig

__all__ = [
    "DataConfig",
    "Enhanced",
    "ModelConfig",
    "Sources",
    "Structure",
    "Teacher",
    "TrainConfig",
    "ValidationConfig",
    "train",
]

_HOMES = {
    "DataConfig": "mfjax.data.config",
    "Enhanced": "mfjax.training.targets",
    "Structure": "mfjax.training.targets",
    "ModelConfig": "mfjax.model",
    "Sources": "mfjax.training.targets",
    "Teacher": "mfjax.training.targets",
    "TrainConfig": "mfjax.training.config",
    "ValidationConfig": "mfjax.training.validation",
    "train": "mfjax.training.loop",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mfjax.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
