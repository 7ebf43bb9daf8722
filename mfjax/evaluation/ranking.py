"""Ranking methods by their means and by pairs, with the significance of differences."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax.evaluation.lost import mean
from mfjax.evaluation.scoring import Evaluation
from mfjax.metrics import METRICS

RESAMPLES = 10_000
LEVEL = 0.05  # level of significance
FEW = 10  # pairs below which nothing is called significant: a bootstrap of so few is far too sure


class Ranking(NamedTuple):
    """The ranks of methods by each metric; every array is `[methods, metrics]`."""

    place: NDArray[np.int_]  # rank of the method's mean, from 1; methods with equal means share a place
    firsts: NDArray[np.int_]  # pairs on which the method is best, as the paper's Table IV counts
    seconds: NDArray[np.int_]  # pairs on which it is second
    p_value: NDArray[np.float64]  # significance of being behind the best method, by paired bootstrap; NaN for the best


def rank(evaluation: Evaluation, *, seed: int = 0) -> Ranking:
    """Returns the places of the means, counts of first and second places on pairs, and p-values against the best.

    Methods that score the same on a pair share a place, so there may be several first and no second. For the p-value,
    pairs are drawn with replacement 10,000 times; it is the share of draws in which a method's mean is as good as that
    of the best one, or better. Pairs on which either is undefined don't count.

    Args:
        evaluation: the scores.
        seed: seed of the draws.
    """
    goodness = _goodness(evaluation.values, evaluation.metrics)
    means = _goodness(evaluation.means(), evaluation.metrics)
    place = _places(means)
    places = _places(goodness)
    firsts, seconds = (np.sum(places == n, axis=1) for n in (1, 2))
    draws = np.random.default_rng(seed).integers(goodness.shape[1], size=(RESAMPLES, goodness.shape[1]))
    p_value = np.full(means.shape, np.nan)
    for metric in range(means.shape[1]):
        if np.isnan(means[:, metric]).all():
            continue
        best = int(np.nanargmax(means[:, metric]))
        for method in range(len(means)):
            if place[method, metric] > 1:
                both = evaluation.values[[best, method], :, metric]
                both[:, np.isnan(both).any(axis=0)] = 0  # zeros favour neither
                drawn = np.stack([values[draws].mean(axis=1) for values in both])[..., None]  # [2, draws, 1]
                first, other = _goodness(drawn, evaluation.metrics[metric : metric + 1])
                p_value[method, metric] = np.mean(other >= first)
    return Ranking(place, firsts, seconds, p_value)


def mean_ranks(evaluation: Evaluation) -> NDArray[np.float64]:
    """Returns each method's mean place over the evaluation's metrics, `[methods]`, by its means over pairs.

    A metric that is undefined for a method does not count for it; if all are, its mean place is NaN.

    Args:
        evaluation: the scores.
    """
    place = _places(_goodness(evaluation.means(), evaluation.metrics))
    return mean(np.where(place, place, np.nan))


def _goodness(values: NDArray, metrics: tuple[str, ...]) -> NDArray:
    """Returns values whose signs are turned so that more is better; the last axis is that of metrics."""
    turned = values.copy()
    for column, name in enumerate(metrics):
        best = METRICS[name].best
        if best == "lower":
            turned[..., column] *= -1
        elif best == "zero":
            turned[..., column] = -np.abs(turned[..., column])
    return turned


def _places(goodness: NDArray) -> NDArray:
    """Returns places from 1 along the first axis, that of methods: the number of better ones plus 1; 0 for NaN."""
    better = np.sum(goodness[None] > goodness[:, None], axis=1)
    return np.where(np.isnan(goodness), 0, better + 1)
