"""How good a fused image is, and how near a super-resolved one comes to the truth, measured.

`score` gives the field's fusion metrics by name; `METRICS` says of each what it means and whose numbers it matches;
`@metric` adds one.
"""

import importlib
import pkgutil

from mfjax import plugins
from mfjax.metrics.common import Image, UndefinedError
from mfjax.metrics.quality import psnr, ssim
from mfjax.metrics.registry import FIELD, METRICS, PAPER, STRUCTURE_LOST, Metric, default_names, metric, sort
from mfjax.metrics.scores import Scores, score

for _file in pkgutil.iter_modules(__path__):  # a metric that nothing names is there, too
    importlib.import_module(f"{__name__}.{_file.name}")
plugins.load("mfjax.metrics")
sort()

DEFAULT = default_names()

__all__ = [
    "DEFAULT",
    "FIELD",
    "METRICS",
    "PAPER",
    "STRUCTURE_LOST",
    "Image",
    "Metric",
    "Scores",
    "UndefinedError",
    "metric",
    "psnr",
    "score",
    "ssim",
]
