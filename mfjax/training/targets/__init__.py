"""Fusion targets: the images that phase two trains the fused image towards, one file each (see `targets.base`)."""

import importlib
import pkgutil

from mfjax.training.targets.base import TARGETS, Target, describe_json, from_json, register
from mfjax.training.targets.enhanced import Enhanced
from mfjax.training.targets.sources import Sources
from mfjax.training.targets.structure import Structure
from mfjax.training.targets.teacher import Teacher

for _file in pkgutil.iter_modules(__path__):  # a target that nothing names is there, too
    importlib.import_module(f"{__name__}.{_file.name}")

__all__ = ["TARGETS", "Enhanced", "Sources", "Structure", "Target", "Teacher", "describe_json", "from_json", "register"]
