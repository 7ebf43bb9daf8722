"""The position of a visible image under an infrared one that another camera took: found, kept in a file, applied.

`Alignment` (`rig`) is the one notion of it, `geometry` its arithmetic, `frames` says what an output in one camera's
view needs of both sources, `warping` resamples one, `preview` draws both on each other, `estimate` finds it, and
`Tracker` (`tracking`) follows it through a sequence.
"""

import importlib
from typing import TYPE_CHECKING, Any

from mfjax.alignment.rig import LEAST_CONFIDENCE, MODELS, Alignment, Model, ModelChoice

if TYPE_CHECKING:
    from mfjax.alignment.tracking import Tracker

__all__ = ["LEAST_CONFIDENCE", "MODELS", "Alignment", "Model", "ModelChoice", "Tracker"]


def __getattr__(name: str) -> Any:
    if name == "Tracker":  # it takes the estimator, which reading a rig file does without
        return importlib.import_module("mfjax.alignment.tracking").Tracker
    raise AttributeError(f"module 'mfjax.alignment' has no attribute {name!r}")
