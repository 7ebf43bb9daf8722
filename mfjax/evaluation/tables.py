"""An evaluation as a table: for the screen, for other programs, for a paper, for a README."""

import csv
import io
import math
from typing import Any, Literal

from numpy.typing import NDArray

from mfjax.evaluation.ranking import LEVEL, rank
from mfjax.evaluation.scoring import Evaluation
from mfjax.metrics import METRICS

ARROWS = {"higher": "↑", "lower": "↓", "zero": "→0"}
LATEX_ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$", "zero": r"$\rightarrow 0$"}


def legend(evaluation: Evaluation) -> str:
    """What the numbers and marks in a table mean."""
    means = f"Means over {len(evaluation.pairs)} pairs"
    if len(evaluation.methods) == 1:
        return f"{means}."
    return (
        f"{means} (on how many pairs first, second). ~ marks means that are not significantly behind the best one "
        f"(paired bootstrap, {LEVEL:.0%})."
    )


def table(evaluation: Evaluation, style: Literal["text", "markdown", "latex"]) -> str:
    """A row a method, a column a metric, the best mean of each marked, with counts of first and second places.

    In text the best is marked by *, in Markdown and LaTeX it is bold and the second underlined. Of a method that is
    alone there are means only.
    """
    means = evaluation.means()
    ranking = None if len(evaluation.methods) == 1 else rank(evaluation)
    arrows = LATEX_ARROWS if style == "latex" else ARROWS
    name = _escaped if style == "latex" else str
    rows = [["method", *(f"{name(metric)} {arrows[METRICS[metric].best]}" for metric in evaluation.metrics)]]
    for row, method in enumerate(evaluation.methods):
        cells = []
        for column in range(len(evaluation.metrics)):
            mean = f"{means[row, column]:.4f}"
            if ranking is None:
                cells.append(mean)
                continue
            counts = f"({ranking.firsts[row, column]},{ranking.seconds[row, column]})"
            near = "~" if ranking.p_value[row, column] > LEVEL else ""
            cells.append(f"{_marked(mean, int(ranking.place[row, column]), style)}{near} {counts}")
        rows.append([name(method), *cells])
    if style == "markdown":
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if style == "latex":
        body = [" & ".join(row).replace("~", r"\textasciitilde{}") + r" \\" for row in rows]
        head = rf"\begin{{tabular}}{{l{'r' * len(evaluation.metrics)}}}"
        return "\n".join([head, r"\hline", body[0], r"\hline", *body[1:], r"\hline", r"\end{tabular}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))] for row in rows]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def as_csv(evaluation: Evaluation) -> str:
    """A line for every method and pair, full precision, empty where a metric is undefined; then the methods' means."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["method", "pair", *evaluation.metrics])
    for method, of_method in zip(evaluation.methods, evaluation.values, strict=True):
        for pair, values in zip(evaluation.pairs, of_method, strict=True):
            writer.writerow([method, pair, *(_number(value) for value in values)])
    for method, values in zip(evaluation.methods, evaluation.means(), strict=True):
        writer.writerow([method, "mean", *(_number(value) for value in values)])
    return out.getvalue()


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Returns an evaluation for JSON: means and every score, None where one is undefined or infinite."""
    methods = []
    for method, means, values in zip(evaluation.methods, evaluation.means(), evaluation.values, strict=True):
        of_pairs = {pair: _by_metric(evaluation, row) for pair, row in zip(evaluation.pairs, values, strict=True)}
        methods.append({"name": method, "means": _by_metric(evaluation, means), "pairs": of_pairs})
    undefined = [
        {"method": method, "pair": pair, "metric": metric, "why": why}
        for (method, pair, metric), why in evaluation.reasons.items()
    ]
    best = {metric: METRICS[metric].best for metric in evaluation.metrics}
    return {"best": best, "methods": methods, "undefined": undefined}


def _by_metric(evaluation: Evaluation, values: NDArray) -> dict[str, float | None]:
    return {
        metric: float(value) if math.isfinite(value) else None
        for metric, value in zip(evaluation.metrics, values, strict=True)
    }


def _marked(text: str, place: int, style: str) -> str:
    marks = {
        ("text", 1): "*{}",
        ("markdown", 1): "**{}**",
        ("markdown", 2): "<u>{}</u>",
        ("latex", 1): r"\textbf{{{}}}",
        ("latex", 2): r"\underline{{{}}}",
    }
    return marks.get((style, place), "{}").format(text)


def _number(value: float) -> str:
    return "" if value != value else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\textbackslash{}").replace("_", r"\_").replace("&", r"\&").replace("%", r"\%")
