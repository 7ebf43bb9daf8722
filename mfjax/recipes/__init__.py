"""Trainings by name: a module each, whose docstring says what it takes and gives, and whose `config` is the recipe.

`mfjax train --recipe small` and `configs/small.py` are the module `mfjax.recipes.small`.
"""

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from mfjax.errors import MfjaxError

if TYPE_CHECKING:  # it takes JAX and the packages of training
    from mfjax.training.config import TrainConfig


def available() -> list[str]:
    """Returns the names of the recipes, sorted."""
    return sorted(file.name for file in pkgutil.iter_modules(__path__))


def load(name_or_file: str | Path) -> "TrainConfig":
    """Returns a recipe of this package by its name, or the one that a Python file defines as `config`.

    Args:
        name_or_file: one of `available()`, or a file's path.

    Raises:
        MfjaxError: it is neither, or the file can't be run or defines no recipe.
    """
    if str(name_or_file) in available():
        config: TrainConfig = importlib.import_module(f"{__name__}.{name_or_file}").config
        return config
    path = Path(name_or_file)
    if not path.suffix and not path.exists():
        raise MfjaxError(f"recipe {str(name_or_file)!r} not found; available: {', '.join(available())}, or a file.py")
    from mfjax.training.config import read_config

    return read_config(path)
