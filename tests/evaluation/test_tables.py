"""Reports of an evaluation."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from mfjax.evaluation import Evaluation
from mfjax.evaluation.lost import LostStructure
from mfjax.evaluation.page import Page
from mfjax.evaluation.tables import LOST_CAPTION, as_csv, folded, legend, lost_table, ranks, table
from mfjax.pairing import Pair


@pytest.fixture(scope="module")
def evaluation():
    values = np.array([[[0.5, -0.25]] * 3, [[0.25, 0.125]] * 3])
    values[1, 2, 0] = np.nan
    reasons = {("other_one", "p2", "Q_MI"): "it is <constant>"}
    return Evaluation(("ours", "other_one"), ("p0", "p1", "p2"), ("Q_MI", "Q_SF"), values, reasons)


def test_table_for_the_screen_has_aligned_columns_and_marks_the_best(evaluation):
    lines = table(evaluation, "text").splitlines()
    assert lines[0].split() == ["method", "Q_MI", "↑", "Q_SF", "→0"]
    assert lines[1].split() == ["ours", "*0.5000", "(3,0)", "-0.2500", "(0,3)"]
    assert lines[2].split() == ["other_one", "0.2500", "(0,2)", "*0.1250", "(3,0)"]
    assert len({len(line) for line in lines}) == 1


def test_markdown_and_latex_mark_first_and_second(evaluation):
    markdown = table(evaluation, "markdown").splitlines()
    assert markdown[1] == "| --- | --- | --- |"
    assert markdown[2] == "| ours | **0.5000** (3,0) | <u>-0.2500</u> (0,3) |"
    latex = table(evaluation, "latex")
    assert r"other\_one & \underline{0.2500} (0,2) & \textbf{0.1250} (3,0) \\" in latex
    assert latex.startswith(r"\begin{tabular}{lrr}")


def test_method_that_is_alone_has_means_and_no_places(evaluation):
    alone = Evaluation(("ours",), evaluation.pairs, evaluation.metrics, evaluation.values[:1])
    assert table(alone, "markdown").splitlines()[2] == "| ours | 0.5000 | -0.2500 |"
    assert legend(alone) == "Means over 3 pairs."


def test_mean_that_is_not_significantly_behind_is_marked():
    values = np.array([[[1.0], [0.0]] * 5, [[0.0], [0.75]] * 5])
    near = Evaluation(("a", "b"), tuple(f"p{i}" for i in range(10)), ("EN",), values)
    assert "0.3750~ (5,5)" in table(near, "text")
    assert "5%" in legend(near)


def test_few_pairs_are_called_too_few_and_nothing_is_significant(evaluation):
    assert "~" not in table(evaluation, "text")
    assert legend(evaluation).endswith("too few to say which differences are more than chance.")


def test_a_wide_table_is_folded_into_blocks_that_fit_and_repeat_the_methods(evaluation):
    text = table(evaluation, "text")
    assert folded(text, 80) == text
    first, second = (block.splitlines() for block in folded(text, 30).split("\n\n"))
    assert [line.split()[0] for line in first] == [line.split()[0] for line in second]
    assert first[0].split() == ["method", "Q_MI", "↑"]
    assert second[1].split() == ["ours", "-0.2500", "(0,3)"]
    assert max(map(len, first + second)) <= 30


def test_csv_has_every_number_in_full_and_the_means(evaluation):
    rows = list(csv.reader(io.StringIO(as_csv(evaluation))))
    assert rows[0] == ["method", "pair", "Q_MI", "Q_SF"]
    assert rows[1] == ["ours", "p0", "0.5", "-0.25"]
    assert rows[6] == ["other_one", "p2", "", "0.125"]
    assert rows[7:] == [["ours", "mean", "0.5", "-0.25"], ["other_one", "mean", "0.25", "0.125"]]


@pytest.fixture(scope="module")
def evaluation_with_lost(evaluation):
    shares = np.array([[[0.1, 0.2], [0.3, 0.2], [0.5, np.nan]], [[0.1, 0]] * 3])
    return replace(evaluation, lost=LostStructure(shares, np.array([False, False, True])))


def test_lost_structure_has_a_table_of_its_own_by_day_and_by_night(evaluation_with_lost):
    markdown = lost_table(evaluation_with_lost, "markdown").splitlines()
    assert markdown[0].startswith(
        "| method | infrared, all (3) | infrared, day (2) | infrared, night (1) | visible, all"
    )
    assert markdown[2] == "| ours | 0.300 | 0.200 | 0.500 | 0.200 | 0.200 | – |"
    text = lost_table(evaluation_with_lost, "text").splitlines()
    assert text[2].split() == ["other_one", "0.100", "0.100", "0.100", "0.000", "0.000", "0.000"]
    assert r"other\_one & 0.100" in lost_table(evaluation_with_lost, "latex")
    html = Page().html(evaluation_with_lost, "title")
    assert "<th>infrared, night (1)</th>" in html
    assert LOST_CAPTION.split(",")[0].replace("'", "&#x27;") in html


def test_csv_says_of_each_pair_what_was_lost_and_its_light_and_has_means_of_both(evaluation_with_lost):
    rows = list(csv.reader(io.StringIO(as_csv(evaluation_with_lost))))
    assert rows[0] == ["method", "pair", "Q_MI", "Q_SF", "structure_lost_ir", "structure_lost_vis", "light"]
    assert rows[3] == ["ours", "p2", "0.5", "-0.25", "0.5", "", "night"]
    assert [row[:2] for row in rows[7:]] == [
        [method, group] for group in ("mean", "mean by day", "mean by night") for method in ("ours", "other_one")
    ]
    assert rows[11] == ["ours", "mean by night", "0.5", "-0.25", "0.5", "", ""]


def test_mean_ranks_are_said_of_several_methods(evaluation):
    assert ranks(evaluation) == "Mean rank over the table's 2 metrics: other_one 1.50, ours 1.50."
    assert ranks(Evaluation(("ours",), evaluation.pairs, evaluation.metrics, evaluation.values[:1])) == ""


def test_page_holds_all_images_and_reasons_and_needs_nothing_from_outside(evaluation):
    page = Page()
    image = np.random.default_rng(0).integers(0, 256, (30, 40), dtype=np.uint8)
    for name in evaluation.pairs:
        colour = np.stack([image] * 3, axis=-1)
        page.show(Pair(name, None, None), image, colour, {"ours": image, "other_one": image})
    html = page.html(evaluation, "a <title>")
    assert html.count("data:image/jpeg;base64,") == 4 * 3
    assert "<h1>a &lt;title&gt;</h1>" in html
    assert 'title="it is &lt;constant&gt;"' in html
    assert "http" not in html
