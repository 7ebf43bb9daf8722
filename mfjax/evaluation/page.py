"""An evaluation as one self-contained HTML file: tables, and the images of every pair beside each other."""

import base64
from collections.abc import Mapping
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.evaluation.ranking import LEVEL, rank
from mfjax.evaluation.scoring import Evaluation, at_size
from mfjax.evaluation.tables import ARROWS, LOST_CAPTION, legend, lost_rows, ranks
from mfjax.metrics import METRICS
from mfjax.pairing import Pair

WIDTH = 420  # width of an image on the page, pixels
QUALITY = 88  # JPEG quality of the images, percent

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.first { font-weight: 700; } .second { text-decoration: underline; }
small { color: #666; font-weight: 400; }
.pair { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0 0 1.6rem; }
figure { margin: 0; } figcaption { font-size: 13px; color: #555; } img { display: block; max-width: 100%; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1rem; color: #444; }
"""


class Page:
    """The page of an evaluation, which collects the images while pairs are scored."""

    def __init__(self) -> None:
        self.figures: dict[str, str] = {}

    def show(self, pair: Pair, ir: NDArray, vis: NDArray, fused: Mapping[str, NDArray]) -> None:
        """Keeps the images of a pair, scaled to one width.

        Args:
            pair: the pair.
            ir: its infrared image.
            vis: its visible image.
            fused: the fused images by method.
        """
        shown = {"infrared": ir, "visible": vis, **fused}
        self.figures[pair.name] = "".join(_figure(name, image) for name, image in shown.items())

    def html(self, evaluation: Evaluation, title: str) -> str:
        """Returns the page as HTML.

        Args:
            evaluation: the scores of the pairs.
            title: the page's title.
        """
        parts = [
            f"<h1>{escape(title)}</h1>",
            _means(evaluation),
            f"<p>{escape(legend(evaluation))} Bold is best, underlined second. {escape(ranks(evaluation))}</p>",
            *_lost(evaluation),
            "<h2>Metrics</h2>",
            _metrics(evaluation),
            "<h2>Pairs</h2>",
        ]
        for column, name in enumerate(evaluation.pairs):
            parts += [f"<h3>{escape(name)}</h3>", f'<div class="pair">{self.figures.get(name, "")}</div>']
            parts.append(_scores(evaluation, column))
        head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _means(evaluation: Evaluation) -> str:
    ranking, means = rank(evaluation), evaluation.means()
    rows = []
    for row, method in enumerate(evaluation.methods):
        cells = []
        for column in range(len(evaluation.metrics)):
            mark = {1: "first", 2: "second"}.get(int(ranking.place[row, column]), "")
            near = "~" if ranking.p_value[row, column] > LEVEL else ""
            counts = f"{ranking.firsts[row, column]}, {ranking.seconds[row, column]}"
            cells.append(f'<span class="{mark}">{means[row, column]:.4f}</span>{near} <small>({counts})</small>')
        rows.append([escape(method), *cells])
    return _table(_heads(evaluation), rows)


def _lost(evaluation: Evaluation) -> list[str]:
    """Returns the table of lost structure under its caption, or nothing if that was not scored."""
    if evaluation.lost is None:
        return []
    heads, *rows = ([escape(cell) for cell in row] for row in lost_rows(evaluation))
    return [f"<p>{escape(LOST_CAPTION)}</p>", _table(heads, rows)]


def _scores(evaluation: Evaluation, column: int) -> str:
    """Returns the table of one pair's scores, with the reasons of undefined ones as tooltips."""
    rows = []
    for row, method in enumerate(evaluation.methods):
        cells = []
        for metric, value in zip(evaluation.metrics, evaluation.values[row, column], strict=True):
            why = evaluation.reasons.get((method, evaluation.pairs[column], metric), "")
            cells.append(f'<span title="{escape(why)}">{value:.4f}</span>')
        rows.append([escape(method), *cells])
    return _table(_heads(evaluation), rows)


def _metrics(evaluation: Evaluation) -> str:
    entries = []
    for name in evaluation.metrics:
        metric = METRICS[name]
        source = f" {metric.source}." if metric.source else ""
        said = f"{metric.formula}{source} Agrees with: {metric.agrees_with}."
        entries.append(f"<dt>{escape(name)} {ARROWS[metric.best]}</dt><dd>{escape(said)}</dd>")
    return f"<dl>{''.join(entries)}</dl>"


def _heads(evaluation: Evaluation) -> list[str]:
    return ["method", *(f"{escape(name)} {ARROWS[METRICS[name].best]}" for name in evaluation.metrics)]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(name: str, image: NDArray) -> str:
    height = max(1, round(image.shape[0] * WIDTH / image.shape[1]))
    small = images.from_float(np.clip(at_size(images.to_float(image), (height, WIDTH)), 0, 1))
    _, data = cv2.imencode(".jpg", small if small.ndim == 2 else small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    encoded = base64.b64encode(data.tobytes()).decode()
    size = f"{image.shape[0]}×{image.shape[1]}"
    picture = f'<img src="data:image/jpeg;base64,{encoded}" width="{WIDTH}" height="{height}" alt="{escape(name)}">'
    return f"<figure>{picture}<figcaption>{escape(name)} <small>{size}</small></figcaption></figure>"
