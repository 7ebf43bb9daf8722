"""Fusion methods beside each other on a folder of pairs or a benchmark: scores, places, significance, reports."""

from mfjax.evaluation.benchmarks import benchmark
from mfjax.evaluation.ranking import Ranking, mean_ranks, rank
from mfjax.evaluation.scoring import Evaluation, Method, Model, evaluate, folder_of_results

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
]
