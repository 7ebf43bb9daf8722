"""Scoring methods on a benchmark of the field, beside the values that others published on it."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from numpy.typing import NDArray

from mfjax import images
from mfjax.data import fingerprints
from mfjax.errors import MfjaxError
from mfjax.evaluation import boards
from mfjax.evaluation.boards import Board, Row, listing
from mfjax.evaluation.scoring import Evaluation, Method, Model, evaluate, find_pairs
from mfjax.evaluation.tables import ARROWS, LOST_CAPTION, lost_table
from mfjax.messages import quietly
from mfjax.metrics import METRICS, STRUCTURE_LOST
from mfjax.pairing import Pair

logger = logging.getLogger("mfjax")


class Form(NamedTuple):
    """A metric in the form of published tables: one of mfjax's metrics times a factor."""

    metric: str
    factor: float = 1.0
    note: str = ""  # the difference from mfjax's metric, in words


# Metrics by their names in published tables, in the form of CDDFuse's Python code, which made many of these tables.
FORMS = {
    "EN": Form("EN"),
    "SD": Form("Q_STD"),
    "SF": Form("SF"),
    "AG": Form(
        "AG_central", note="of central differences, summed and divided by (h − 1)(w − 1), which gives up to 1 % more"
    ),
    "MI": Form("MI", math.log(2), "in nats: mfjax's MI, in bits, times 0.693, within 2 %"),
    "SCD": Form("SCD"),
    "VIF": Form("VIF"),
    "Qabf": Form("Qabf"),
    "SSIM": Form(
        "SSIM_L1",
        2.0,
        "the sum over both sources, with constants for levels up to 1 on levels up to 255: twice mfjax's SSIM_L1, "
        "within 0.05; mfjax's SSIM is a mean, and higher",
    ),
}
COLUMNS = (*FORMS, *STRUCTURE_LOST)
SCORED = (*(form.metric for form in FORMS.values()), *STRUCTURE_LOST)


@dataclass(frozen=True)
class BenchmarkResult:
    """Scores of methods on a benchmark."""

    board: Board
    evaluation: Evaluation  # scores by mfjax's own metrics
    remarks: Mapping[str, str]
    """For each method, a remark on whether it was trained on the board's images."""

    def text(self) -> str:
        """Returns a section of a page in Markdown: published rows, measured rows, and notes on both."""
        heads = [f"{name} {ARROWS[METRICS[metric].best]}" for name, metric in zip(COLUMNS, SCORED, strict=True)]
        lines = [_line("method", *heads, "from"), "|---" * (len(heads) + 2) + "|"]
        for row in self.board.rows:
            lines.append(_line(row.method, *(_published(row, name) for name in COLUMNS), _origin(row)))
        for method, means in zip(self.evaluation.methods, self.evaluation.means(), strict=True):
            lines.append(_line(f"`{method}`", *_measured(means), self.remarks[method]))
        lost = ["", LOST_CAPTION, "", lost_table(self.evaluation, "markdown")]
        return "\n".join(
            [f"## {self.board.name}: {self.board.title}", "", self._about(), "", *lines, "", *_forms(), *lost]
        )

    def _about(self) -> str:
        published = (
            "Rows that name a source are as it prints them; nothing in them was measured here, and protocols differ."
            if self.board.rows
            else "No published rows come with mfjax."
        )
        said = f"Means over {len(self.board.names)} pairs ({self.board.cite}). {published} {self.board.note}"
        return said.strip()


def benchmark(
    board: str | Board,
    pairs: Path | Sequence[Pair],
    methods: Mapping[str, Method],
    *,
    allow_seen: bool = False,
    resize: bool = False,
    show: Callable[[Pair, NDArray, NDArray, Mapping[str, NDArray]], None] | None = None,
    progress: Callable[[Iterable[Pair]], Iterable[Pair]] = iter,
) -> BenchmarkResult:
    """Scores methods on a benchmark of the field.

    Args:
        board: its name, one of `boards.available()`, or the board itself where its names had to be given.
        pairs: the folder with `ir` and `vis`, or its pairs; others than the board's are left out, which is logged.
        methods: the methods by their names: a `Model`, which must not have been trained on any of the board's images,
            or `folder_of_results`.
        allow_seen: score a model even if it was trained on some of the board's images; its row then says so.
        resize: as of `evaluate`.
        show: as of `evaluate`.
        progress: as of `evaluate`.

    Raises:
        MfjaxError: pairs are missing, or a model was trained on some of them; or as `evaluate`.
        FileNotFoundError, MemoryError: as `evaluate`.
    """
    board = boards.read(board) if isinstance(board, str) else board
    chosen = boards.select(board, find_pairs(pairs) if isinstance(pairs, Path) else pairs)
    remarks = {name: _remark(method, name, board, chosen, allow_seen) for name, method in methods.items()}
    scores = evaluate(chosen, methods, SCORED, resize=resize, show=show, progress=progress)
    return BenchmarkResult(board, scores, remarks)


def seen_pairs(seen: fingerprints.Seen, pairs: Sequence[Pair]) -> list[str]:
    """Returns the names of the pairs of which a model was trained on an image.

    Args:
        seen: the images that it was trained on.
        pairs: the pairs.
    """
    if not seen.images:
        return []
    with quietly():  # warnings about a file come when it is scored
        return [
            pair.name
            for pair in pairs
            if any(fingerprints.fingerprints(images.read(file)) & seen.images for file in (pair.ir, pair.vis))
        ]


def _remark(method: Method, name: str, board: Board, pairs: Sequence[Pair], allow_seen: bool) -> str:
    """Returns the remark of a method's row on its training.

    Raises:
        MfjaxError: it was trained on images of the board, and that is not allowed.
    """
    if not isinstance(method, Model):
        return "images that were given"
    try:
        seen = fingerprints.from_metadata(method.fuser.metadata)
    except MfjaxError as error:
        raise MfjaxError(f"{name}: {error}") from error
    if known := seen_pairs(seen, pairs):
        said = f"trained on {len(known)} of the {len(pairs)} pairs"
        if not allow_seen:
            raise MfjaxError(
                f"{name} was {said}: {listing(known)}; its numbers would mean nothing beside others': choose another "
                "model, or score it all the same, marked, with --allow-seen (allow_seen=True)"
            )
        logger.warning("%s was %s of %s: %s", name, said, board.name, listing(known))
        return f"**{said}**"
    if seen.unknown:
        logger.warning(
            "whether %s was trained on pairs of %s is not known: %s", name, board.name, "; ".join(sorted(seen.unknown))
        )
        return "not known whether it was trained on any of them"
    return "trained on none of them"


def _published(row: Row, name: str) -> str:
    return " / ".join(row.values.get(name, ()))


def _measured(means: NDArray) -> list[str]:
    factors = [form.factor for form in FORMS.values()] + [1.0] * len(STRUCTURE_LOST)
    return [f"{factor * mean:.3f}" for factor, mean in zip(factors, means, strict=True)]


def _origin(row: Row) -> str:
    how = f"{', '.join(row.verified)} verified on its images" if row.verified else "not verified on images"
    return "; ".join(filter(None, (row.source, how, row.note)))


def _forms() -> list[str]:
    """Returns the lines that explain how the columns follow from mfjax's metrics."""
    plain = [f"{name} is {form.metric}" for name, form in FORMS.items() if name != form.metric and not form.note]
    return [
        "Measured rows have the form of CDDFuse's evaluation code, which many of the published ones were made by:",
        "",
        f"- {', '.join(plain)}",
        *(f"- {name}: {form.note}" for name, form in FORMS.items() if form.note),
        f"- {' and '.join(STRUCTURE_LOST)}: share of the windows in which that source has the stronger structure and "
        "the fused image does not follow it; mfjax's own, so nobody publishes it",
    ]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
