"""Fusion methods beside each other on a folder of pairs: scores, places, significance, reports."""

from mfjax.evaluation.ranking import Ranking, rank
from mfjax.evaluation.scoring import Evaluation, Method, evaluate, folder_of_results, model

__all__ = ["Evaluation", "Method", "Ranking", "evaluate", "folder_of_results", "model", "rank"]
