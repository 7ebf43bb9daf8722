"""Metrics of fused images, and of super-resolved images against the truth.

`score` returns the field's fusion metrics by name. `METRICS` describes each metric and names the code whose numbers it
matches. `@metric` adds one. `psnr` and `ssim` compare an image with a reference.
"""

import importlib
import pkgutil

from mfjax import plugins
from mfjax.metrics.common import Image, UndefinedError
from mfjax.metrics.quality import psnr, ssim
from mfjax.metrics.registry import FIELD, METRICS, PAPER, STRUCTURE_LOST, Metric, default_names, metric, sort_metrics
from mfjax.metrics.scores import Scores, score

for _file in pkgutil.iter_modules(__path__):  # every file registers its metrics
    importlib.import_module(f"{__name__}.{_file.name}")
plugins.load("mfjax.metrics")
sort_metrics()

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
