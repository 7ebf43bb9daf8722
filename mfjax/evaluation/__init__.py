"""Comparing fusion methods on a folder of pairs or a benchmark: scores, ranks, significance, reports.

`reproduce` runs the paper's experiments.
"""

import importlib
from typing import TYPE_CHECKING, Any

from mfjax.evaluation.benchmarks import benchmark
from mfjax.evaluation.ranking import Ranking, mean_ranks, rank
from mfjax.evaluation.results import folder_of_results
from mfjax.evaluation.scoring import Evaluation, Method, Model, evaluate

if TYPE_CHECKING:
    from mfjax.evaluation.reproduction import reproduce

__all__ = [
    "Evaluation",
    "Method",
    "Model",
    "Ranking",
    "benchmark",
    "evaluate",
    "folder_of_results",
    "mean_ranks",
    "rank",
    "reproduce",
]


def __getattr__(name: str) -> Any:
    if name == "reproduce":  # it imports JAX, which scoring images does without
        return importlib.import_module("mfjax.evaluation.reproduction").reproduce
    raise AttributeError(f"module 'mfjax.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
