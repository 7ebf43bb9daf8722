"""The layouts of the data sets' files as their authors publish them, a file each (see `base`)."""

import importlib
import pkgutil

from mfjax import plugins
from mfjax.data.sets.layouts.base import (
    LAYOUTS,
    SAME,
    Candidate,
    Candidates,
    Layout,
    View,
    paired,
    register,
    with_subfolders,
)

for _file in pkgutil.iter_modules(__path__):  # a data set that nothing names is there, too
    importlib.import_module(f"{__name__}.{_file.name}")
plugins.load("mfjax.data.sets")

__all__ = [
    "LAYOUTS",
    "SAME",
    "Candidate",
    "Candidates",
    "Layout",
    "View",
    "paired",
    "register",
    "with_subfolders",
]
