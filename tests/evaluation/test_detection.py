"""Boxes found in fused images against the boxes of rendered people and cars."""

import shutil
import sys

import pytest

from mfjax.cli import main
from mfjax.data import synthetic
from mfjax.evaluation.detection import score_boxes, section

pytest.importorskip("pycocotools")


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    synthetic.write_folder(root, 4, 30, ir_size=(96, 128), labels=True)
    return root / "labels"


def predicted(labels, folder, *, move=0.0, confidence=0.9):
    """Writes the labels as a detector's boxes, moved to the right by a share of their width, and returns the folder."""
    folder.mkdir()
    for file in labels.glob("[0-9]*.txt"):
        lines = []
        for line in file.read_text().splitlines():
            kind, x, *rest = line.split()
            x = min(1.0, float(x) + move * float(rest[1]))
            lines.append(" ".join([kind, f"{x:.6f}", *rest, str(confidence)]) + "\n")
        (folder / file.name).write_text("".join(lines))
    return folder


def test_perfect_prediction_scores_one_in_every_class(labels, tmp_path):
    scores = score_boxes(labels, predicted(labels, tmp_path / "p"))
    assert [*scores] == ["person", "car"]
    for each in scores.values():
        assert each.labels > 3
        assert each.map50 == pytest.approx(1)
        assert each.map50_95 == pytest.approx(1)


def test_boxes_that_are_a_little_beside_score_less_the_more_overlap_is_wanted(labels, tmp_path):
    # Moved by a fifth of its width, a box overlaps by (1 − 0.2) / (1 + 0.2), two thirds: enough for four of ten.
    for each in score_boxes(labels, predicted(labels, tmp_path / "p", move=0.2)).values():
        assert each.map50 > 0.9  # those at the right edge move less, and the crowd's may meet another's label
        assert each.map50_95 == pytest.approx(0.4, abs=0.1)
    for each in score_boxes(labels, predicted(labels, tmp_path / "far", move=0.6)).values():
        assert each.map50 < 0.3


def test_precision_of_one_class_is_that_of_a_count_by_hand(tmp_path):
    for name in ("labels", "found"):
        (tmp_path / name).mkdir()
    (tmp_path / "labels" / "a.txt").write_text("7 0.2 0.2 0.1 0.1\n7 0.7 0.7 0.1 0.1\n")
    # Right, wrong, right: precision 1 up to a recall of a half, then 2/3. COCO takes 101 recalls, 51 of them up to 0.5.
    (tmp_path / "found" / "a.txt").write_text("7 0.2 0.2 0.1 0.1 0.9\n7 0.5 0.5 0.1 0.1 0.8\n7 0.7 0.7 0.1 0.1 0.7\n")
    scores = score_boxes(tmp_path / "labels", tmp_path / "found")
    assert scores["7"].map50 == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_image_without_predictions_counts_as_nothing_found_and_is_said(labels, tmp_path, caplog):
    found = predicted(labels, tmp_path / "p")
    (found / "00030.txt").unlink()
    (found / "other.txt").write_text("")
    scores = score_boxes(labels, found)
    assert min(each.map50 for each in scores.values()) < 1
    assert "no file for 1 of 4 images, which counts as nothing found: 00030" in caplog.text
    assert "has no such image: other" in caplog.text


def test_boxes_of_a_class_that_no_label_has_are_left_out_and_said(labels, tmp_path, caplog):
    found = predicted(labels, tmp_path / "p")
    with (found / "00030.txt").open("a") as file:
        file.write("5 0.5 0.5 0.1 0.1 1.0\n")
    assert min(each.map50 for each in score_boxes(labels, found).values()) == pytest.approx(1)
    assert "boxes of class 5" in caplog.text


@pytest.mark.parametrize(
    "line",
    ["0 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.1 0.1 0.9 1", "0 0.5 0.5 0 0.1 0.9", "0 50 50 10 10 0.9", "car 1 1 1 1 1"],
)
def test_line_that_is_no_box_is_named(line, labels, tmp_path):
    found = predicted(labels, tmp_path / "p")
    (found / "00031.txt").write_text(f"\n{line}\n")
    with pytest.raises(ValueError, match=r"00031\.txt, line 2 is .*; it must be 'class x y width height confidence'"):
        score_boxes(labels, found)


def test_command_prints_a_row_a_class_and_their_mean_and_writes_them(labels, tmp_path, capsys):
    found, half = predicted(labels, tmp_path / "p"), predicted(labels, tmp_path / "q", move=0.6)
    flags = ["--results", f"good={found}", "--results", f"bad={half}", "--out", str(tmp_path / "out")]
    page = tmp_path / "page.md"
    assert main(["detection", str(labels), *flags, "--page", str(page)]) == 0
    out = capsys.readouterr().out
    assert [line.split("|")[2].strip() for line in out.splitlines() if line.startswith("|")][2:] == [
        "all",
        "person",
        "car",
    ] * 2
    assert "| `good` | all | " in out
    assert " | 1.0000 | 1.0000 |" in out
    assert (tmp_path / "out" / "detection.md").read_text().strip() in page.read_text()
    assert section({"good": score_boxes(labels, found)}, "labels").count("\n|") == 5


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "name it by --results NAME=PREDICTIONS"),
        (["--results", "a=nowhere"], "nowhere is not a folder"),
        (["--results", "a=.", "--results", "a=x"], "two methods are called a"),
    ],
)
def test_detection_that_lacks_something_says_what(flags, message, labels, capsys):
    assert main(["detection", str(labels), *flags]) == 2
    assert message in capsys.readouterr().err


def test_folder_of_other_images_or_without_labels_is_refused(labels, tmp_path):
    (tmp_path / "x.txt").write_text("0 0.5 0.5 0.1 0.1 0.9")
    with pytest.raises(ValueError, match="has no file for any image"):
        score_boxes(labels, tmp_path)
    empty = tmp_path / "empty"
    shutil.copytree(labels, empty)
    for file in empty.glob("[0-9]*.txt"):
        file.write_text("")
    with pytest.raises(ValueError, match="labels nothing"):
        score_boxes(empty, empty)


def test_package_that_is_missing_is_named_with_how_to_get_it(labels, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools.cocoeval", None)
    with pytest.raises(ValueError, match=r"pip install 'mfjax\[detection\]'"):
        score_boxes(labels, predicted(labels, tmp_path / "p"))
