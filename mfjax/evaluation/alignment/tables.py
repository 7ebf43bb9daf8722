"""Results of the experiment `alignment` as sections of a page in Markdown, and for JSON."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfjax.evaluation.alignment.measuring import Result, Score

LIMITS = (1, 2, 3, 5, 10)  # pixels at 512 pixels width
CONFIDENT, WRONG = 0.9, 10  # a map of at least this confidence that is off by more pixels is wrong but confident
BINS = (0, 0.5, 0.7, 0.9, 1.0)


def section(results: Sequence[Result], *, title: str) -> str:
    """Returns two tables: errors of all methods, and how far the confidences of those that tell one can be relied on.

    Args:
        results: results on the same views for all methods.
        title: the head of the first column, such as "40 pairs, 20 warps each".
    """
    shares = [f"below {limit}" for limit in LIMITS]
    heads = [title, "median", "90 %", *shares, "refused", "wrong but confident", "seconds"]
    lines = [_line(heads), "|---" * len(heads) + "|"]
    for name, some in _by_method(results).items():
        told = summary(some)
        below = [f"{told['below'][str(limit)]:.0%}" for limit in LIMITS]
        wrong = "–" if told["wrong_but_confident"] is None else f"{told['wrong_but_confident']:.1%}"
        numbers = [f"{told['median']:.1f}", f"{told['p90']:.1f}", *below, f"{told['refused']:.0%}", wrong]
        lines.append(_line([name, *numbers, f"{told['seconds']:.2f}"]))
    for name, some in _by_method(results).items():
        if all(each.confidence is not None for each in some):
            lines += ["", *_reliability(name, some)]
    return "\n".join(lines)


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """Returns the numbers of one method.

    Args:
        scores: its scores.
    """
    errors = np.array([each.error for each in scores])
    sure = [each.confidence is not None and each.confidence >= CONFIDENT for each in scores]
    tells = any(each.confidence is not None for each in scores)
    return {
        "views": len(scores),
        "median": float(np.median(errors)),
        "p90": float(np.percentile(errors, 90)),
        "below": {str(limit): float(np.mean(errors < limit)) for limit in LIMITS},
        "refused": float(np.mean([each.refused for each in scores])),
        "wrong_but_confident": float(np.mean(np.array(sure) & (errors > WRONG))) if tells else None,
        "seconds": float(np.median([each.seconds for each in scores])),
    }


def as_dict(results: Sequence[Result]) -> dict[str, Any]:
    """Returns the numbers of all methods by their names, for JSON.

    Args:
        results: the results.
    """
    return {name: summary(some) for name, some in _by_method(results).items()}


def _reliability(name: str, scores: Sequence[Score]) -> list[str]:
    """Returns the lines of a table of a method's errors by its confidence."""
    errors: NDArray = np.array([each.error for each in scores])
    confidence: NDArray = np.array([each.confidence for each in scores])
    heads = [f"confidence of {name}", "share", "mean confidence", "median", *(f"below {n}" for n in LIMITS[1:])]
    lines = [_line(heads), "|---" * len(heads) + "|"]
    for low, high in itertools.pairwise(BINS):
        use = (confidence >= low) & ((confidence < high) | (high == BINS[-1]))
        if use.any():
            below = (f"{np.mean(errors[use] < limit):.0%}" for limit in LIMITS[1:])
            numbers = f"{use.mean():.0%}", f"{confidence[use].mean():.2f}", f"{np.median(errors[use]):.1f}"
            lines.append(_line([f"{low:g} to {high:g}", *numbers, *below]))
    return lines


def _by_method(results: Sequence[Result]) -> dict[str, list[Score]]:
    names = dict.fromkeys(view.method for view, _ in results)
    return {name: [score for view, score in results if view.method == name] for name in names}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
