"""An evaluation as text, Markdown, LaTeX, CSV and JSON."""

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mfjax.evaluation.lost import by_light, mean
from mfjax.evaluation.ranking import FEW, LEVEL, mean_ranks, rank
from mfjax.evaluation.scoring import Evaluation
from mfjax.metrics import FIELD, METRICS, STRUCTURE_LOST

ARROWS = {"higher": "↑", "lower": "↓", "zero": "→0"}
LATEX_ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$", "zero": r"$\rightarrow 0$"}


LOST_CAPTION = """\
Share of each source's structure that fusing lost, lower is better (by day or by night is told by the visible image):"""

Style = Literal["text", "markdown", "latex"]


def legend(evaluation: Evaluation) -> str:
    """Returns the sentence that explains the numbers and marks in a table.

    Args:
        evaluation: the scores in the table.
    """
    means = f"Means over {len(evaluation.pairs)} pairs"
    if len(evaluation.methods) == 1:
        return f"{means}."
    if len(evaluation.pairs) < FEW:
        return f"{means} (on how many pairs first, second): too few to say which differences are more than chance."
    return (
        f"{means} (on how many pairs first, second). ~ marks means that are not significantly behind the best one "
        f"(paired bootstrap, {LEVEL:.0%})."
    )


def ranks(evaluation: Evaluation) -> str:
    """Returns a line with the methods' mean ranks over the table's metrics; empty if there is only one method.

    Args:
        evaluation: the scores in the table.
    """
    if len(evaluation.methods) == 1:
        return ""
    ordered = sorted(zip(mean_ranks(evaluation), evaluation.methods, strict=True))
    of = "the field's" if set(evaluation.metrics) == set(FIELD) else "the table's"
    listed = ", ".join(f"{method} {rank:.2f}" for rank, method in ordered)
    return f"Mean rank over {of} {len(evaluation.metrics)} metrics: {listed}."


def folded(text: str, width: int) -> str:
    """Returns a table as text in blocks that are no wider than a terminal, each with the first column.

    Args:
        text: the table, of which every column but the first is aligned to the right, two spaces apart.
        width: characters of a line. A single column may be wider.
    """
    lines = text.splitlines()
    if max(map(len, lines)) <= width:
        return text
    cells = [re.split(r" {2,}", line) for line in lines]
    columns = list(zip(*cells, strict=True))
    room = [max(map(len, column)) + 2 for column in columns]
    blocks: list[list[int]] = [[]]
    for column in range(1, len(columns)):
        if blocks[-1] and room[0] + sum(room[each] for each in blocks[-1]) + room[column] - 2 > width:
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(_drawn([[row[0], *(row[n] for n in block)] for row in cells], "text") for block in blocks)


def table(evaluation: Evaluation, style: Style) -> str:
    """Returns a table of means, with a row for each method and a column for each metric.

    Counts of first and second places follow each mean. The best mean is marked by * in text; in Markdown and LaTeX it
    is bold and the second one underlined. With only one method there are means only.

    Args:
        evaluation: the scores.
        style: "text", "markdown" or "latex".
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
            near = "~" if len(evaluation.pairs) >= FEW and ranking.p_value[row, column] > LEVEL else ""
            cells.append(f"{_marked(mean, int(ranking.place[row, column]), style)}{near} {counts}")
        rows.append([name(method), *cells])
    return _drawn(rows, style)


def lost_table(evaluation: Evaluation, style: Style) -> str:
    """Returns a table of the share of each source's structure that methods lost, over all pairs, by day and by night.

    Groups without a pair in which the source has structure have a dash.

    Args:
        evaluation: the scores, which include lost structure.
        style: "text", "markdown" or "latex".
    """
    rows = lost_rows(evaluation)
    if style == "latex":
        rows = [[_escaped(row[0]), *row[1:]] for row in rows]
    return _drawn(rows, style)


def lost_rows(evaluation: Evaluation) -> list[list[str]]:
    """Returns the cells of `lost_table`, row by row, with the heads first.

    Args:
        evaluation: the scores, which include lost structure.
    """
    assert evaluation.lost is not None
    columns = evaluation.lost.columns()
    rows = [["method", *columns]]
    for row, method in enumerate(evaluation.methods):
        rows.append([method, *("–" if np.isnan(shares[row]) else f"{shares[row]:.3f}" for shares in columns.values())])
    return rows


def _drawn(rows: list[list[str]], style: Style) -> str:
    """Returns rows of cells as a table; the first row has the heads."""
    if style == "markdown":
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if style == "latex":
        body = [" & ".join(row).replace("~", r"\textasciitilde{}") + r" \\" for row in rows]
        head = rf"\begin{{tabular}}{{l{'r' * (len(rows[0]) - 1)}}}"
        return "\n".join([head, r"\hline", body[0], r"\hline", *body[1:], r"\hline", r"\end{tabular}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))] for row in rows]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def as_csv(evaluation: Evaluation) -> str:
    """Returns CSV with a line for every method and pair, in full precision, and lines with the methods' means.

    Undefined scores are empty. The columns include lost structure and, as the last one, day or night; the means are
    those over all pairs, by day and by night.

    Args:
        evaluation: the scores.
    """
    values, metrics, lost = evaluation.values, evaluation.metrics, evaluation.lost
    groups = {"mean": np.ones(len(evaluation.pairs), bool)}
    lights: list[list[str]] = [[] for _ in evaluation.pairs]
    if lost is not None:
        new = [column for column, name in enumerate(STRUCTURE_LOST) if name not in metrics]
        values = np.concatenate([values, lost.shares[..., new]], axis=-1)
        metrics += tuple(STRUCTURE_LOST[column] for column in new)
        groups = {
            "mean" + ("" if light == "all" else f" by {light}"): chosen
            for light, chosen in by_light(lost.night).items()
        }
        lights = [["night" if night else "day"] for night in lost.night]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["method", "pair", *metrics, *(["light"] if lost is not None else [])])
    for method, method_scores in zip(evaluation.methods, values, strict=True):
        for pair, scores, light in zip(evaluation.pairs, method_scores, lights, strict=True):
            writer.writerow([method, pair, *(_number(value) for value in scores), *light])
    for group, chosen in groups.items():
        blank = [""] if lost is not None else []
        for method, means in zip(evaluation.methods, mean(values[:, chosen]), strict=True):
            writer.writerow([method, group, *(_number(value) for value in means), *blank])
    return out.getvalue()


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Returns an evaluation for JSON: means and every score, None where one is undefined or infinite.

    Lost structure is given over all pairs, by day and by night; the pairs of the night are listed, and so are the fused
    images that were resampled, with both sizes as rows and columns.

    Args:
        evaluation: the scores.
    """
    several, lost = len(evaluation.methods) > 1, evaluation.lost
    mean_rank = mean_ranks(evaluation) if several else np.full(1, np.nan)
    methods: list[dict[str, Any]] = []
    for row, (method, means) in enumerate(zip(evaluation.methods, evaluation.means(), strict=True)):
        values = zip(evaluation.pairs, evaluation.values[row], strict=True)
        by_pair = {pair: _by_name(evaluation.metrics, scores) for pair, scores in values}
        methods.append({"name": method, "means": _by_name(evaluation.metrics, means), "pairs": by_pair})
        if several:
            methods[-1] |= _by_name(["mean_rank"], mean_rank[[row]])
        if lost is not None:
            shares = {light: mean(lost.shares[:, chosen])[row] for light, chosen in by_light(lost.night).items()}
            methods[-1]["lost"] = {light: _by_name(["ir", "vis"], both) for light, both in shares.items()}
    reasons = evaluation.reasons.items()
    return {
        "best": {metric: METRICS[metric].best for metric in evaluation.metrics},
        "methods": methods,
        "night": [] if lost is None else [pair for pair, at in zip(evaluation.pairs, lost.night, strict=True) if at],
        "undefined": [{"method": of, "pair": pair, "metric": name, "why": why} for (of, pair, name), why in reasons],
        "resampled": [
            {"method": of, "pair": pair, "from": [*before], "to": [*after]}
            for (of, pair), (before, after) in evaluation.resampled.items()
        ],
    }


def _by_name(names: Sequence[str], values: NDArray) -> dict[str, float | None]:
    """Returns values by their names, None for NaN and infinity, which JSON does not have."""
    return {name: float(x) if math.isfinite(x) else None for name, x in zip(names, values, strict=True)}


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
