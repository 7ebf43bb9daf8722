"""`mfjax evaluate`, as a user calls it."""

import errno
import json

import cv2
import numpy as np
import pytest

from mfjax.cli import main
from mfjax.metrics import PAPER


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("ir", "vis", "max"):
        (data / name).mkdir()
    for i in range(2):
        ir, vis = rng.integers(0, 256, (2, 20, 24), dtype=np.uint8)
        for name, image in (("ir", ir), ("vis", vis), ("max", np.maximum(ir, vis))):
            cv2.imwrite(str(data / name / f"{i}.png"), image)
    return data


def test_results_of_another_method_and_a_model_are_scored_side_by_side(
    data, black_network, tiny_weights, tmp_path, capsys
):
    flags = ["--results", f"maximum={data / 'max'}", "--model", str(tiny_weights), "--metrics", "EN", "Q_STD", "EN"]
    assert main(["evaluate", str(data), *flags, "--out", str(tmp_path / "report")]) == 0
    header, maximum, tiny = capsys.readouterr().out.splitlines()[:3]
    assert header.split() == ["method", "EN", "↑", "Q_STD", "↑"]
    assert maximum.startswith("maximum")
    assert tiny.split() == ["tiny", "0.0000", "(0,2)", "0.0000", "(0,2)"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "scores.csv",
        "table.md",
        "table.tex",
        "report.html",
    }


def test_models_whose_files_have_one_name_can_be_given_names(data, black_network, tiny_weights, tmp_path, capsys):
    for run in ("a", "lr=1"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "model.safetensors").write_bytes(tiny_weights.read_bytes())
    a, b = (str(tmp_path / run / "model.safetensors") for run in ("a", "lr=1"))
    assert main(["evaluate", str(data), "--model", f"first={a}", "--model", b, "--metrics", "EN"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:3]] == ["first", "model"]
    assert main(["evaluate", str(data), "--model", a, "--model", b]) == 2
    assert "two methods are called model; give one of them another name" in capsys.readouterr().err


def test_pairs_of_different_aspects_and_raw_thermal_images_can_be_fused(black_network, tiny_weights, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name, image in (
        ("ir", rng.integers(7000, 7256, (12, 32), np.uint16)),
        ("vis", rng.integers(0, 256, (24, 32), np.uint8)),
    ):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), image)
    command = ["evaluate", str(tmp_path), "--model", str(tiny_weights), "--metrics", "Q_STD"]
    assert main(command) == 2
    assert "error: 0: infrared is 12x32" in capsys.readouterr().err
    assert main([*command, "--stretch"]) == 0
    assert "--ir-range auto" in capsys.readouterr().err
    assert main([*command, "--stretch", "--ir-range", "auto"]) == 0
    assert capsys.readouterr().err == ""


def test_papers_six_and_the_lost_structure_are_shown_by_default(data, capsys):
    assert main(["evaluate", str(data), "--results", f"maximum={data / 'max'}"]) == 0
    header = capsys.readouterr().out.splitlines()[0]
    names = [word for word in header.split() if word not in ("↑", "↓", "→0")]
    assert names == ["method", *PAPER, "structure_lost_ir", "structure_lost_vis"]


def test_mean_rank_over_the_fields_metrics_and_what_was_lost_follow_the_table(data, capsys):
    results = [f"{flag}={data / folder}" for flag, folder in (("maximum", "max"), ("infrared", "ir"))]
    flags = [word for each in results for word in ("--results", each)]
    assert main(["evaluate", str(data), *flags, "--metrics", "field"]) == 0
    out = capsys.readouterr().out
    assert "Mean rank over the field's 14 metrics: " in out
    [line] = [line for line in out.splitlines() if line.startswith("infrared ") and "(" not in line]
    assert line.split()[1] == "0.000"  # of infrared, a copy of it loses nothing


def test_results_of_another_size_are_scored_if_asked_and_said_in_a_line(data, tmp_path, capsys):
    (tmp_path / "cut").mkdir()
    for i in range(2):
        cv2.imwrite(str(tmp_path / "cut" / f"fused_{i}.png"), np.eye(16, dtype=np.uint8) * 255)
    command = ["evaluate", str(data), "--results", f"other={tmp_path / 'cut'}", "--metrics", "EN"]
    assert main(command) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: 0: the fused image of other is 16x16, but the pair is 20x24: ")
    assert main([*command, "--resize"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"warning: {data}: pairs are those of ir and vis, not of max",
        f"warning: {tmp_path / 'cut'}: fused images are those with 'fused' in their names",
        "warning: resampled before they were scored: other's 0 from 16x16 to 20x24, other's 1 from 16x16 to 20x24",
    ]
    capsys.readouterr()
    assert main([*command, "--resize", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["resampled"]
    assert told == [{"method": "other", "pair": name, "from": [16, 16], "to": [20, 24]} for name in "01"]


def test_pairs_of_a_list_are_scored(data, tmp_path, capsys):
    (tmp_path / "list.csv").write_text(f"ir,vis\n{data}/ir/0.png,{data}/vis/0.png\n")
    flags = ["--pairs", str(tmp_path / "list.csv"), "--results", f"max={data / 'max'}", "--metrics", "EN"]
    assert main(["evaluate", *flags, "--out", str(tmp_path / "out")]) == 0
    assert "Means over 1 pairs" in capsys.readouterr().out
    assert main(["evaluate", str(data), *flags]) == 2
    assert (
        "name DATA, a folder of pairs, or a list of pairs by --pairs LIST.csv, and not both" in capsys.readouterr().err
    )
    assert main(["evaluate", "--results", f"max={data / 'max'}"]) == 2
    assert "name DATA" in capsys.readouterr().err


def test_options_of_models_are_refused_without_a_model(data, capsys):
    for option in (["--stretch"], ["--detail", "0.5"]):
        assert main(["evaluate", str(data), "--results", f"max={data / 'max'}", *option]) == 2
        assert "--stretch, --ir-range and --detail are for models" in capsys.readouterr().err


def test_undefined_scores_are_said_once_each(data, black_network, tiny_weights, capsys):
    assert main(["evaluate", str(data), "--model", str(tiny_weights), "--metrics", "CC"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "undefined" in line]
    assert len(said) == 2
    assert "CC of tiny on 0: an image, or a difference of two, is constant" in said[0]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--results", "maximum"], "--results is 'maximum'; it is a name and a folder"),
        (["--results", "maximum=nowhere"], "nowhere is not a folder"),
        (["--metrics", "Q_XY"], "there is no metric Q_XY; available: paper, lost, field, all, variants, Q_TE"),
        (["--model", "nowhere"], "nowhere"),
        (["--metrics"], "--metrics names none; name at least one metric"),
        (
            ["--results", "a=x", "--results", "a=y"],
            "two methods are called a; give one of them another name",
        ),
        (["--results", "default=x", "--model", "default"], "two methods are called default"),
        (["--model", "mine=nowhere"], "model 'nowhere' not found"),
        (["--ir-range", "warm"], "--ir-range is 'warm'"),
    ],
)
def test_what_can_not_be_evaluated_is_said_in_one_line(data, flags, message, capsys):
    assert main(["evaluate", str(data), *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_folder_without_pairs_is_told_what_is_wanted(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "it needs two folders, such as ir and vis, or images of both kinds" in capsys.readouterr().err


def test_json_has_the_means_and_every_score_and_null_where_one_is_undefined(data, tmp_path, capsys):
    (tmp_path / "flat").mkdir()
    for i in range(2):
        cv2.imwrite(str(tmp_path / "flat" / f"{i}.png"), np.full((20, 24), 9, np.uint8))
    flags = ["--results", f"max={data / 'max'}", "--results", f"flat={tmp_path / 'flat'}", "--metrics", "Q_STD", "Q_MI"]
    assert main(["evaluate", str(data), *flags, "--json", "--quiet", "--out", str(tmp_path / "report")]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["best"] == {"Q_STD": "higher", "Q_MI": "higher"}
    maximum, flat = told["methods"]
    assert maximum["means"]["Q_STD"] == pytest.approx(np.mean([pair["Q_STD"] for pair in maximum["pairs"].values()]))
    assert flat["means"] == {"Q_STD": 0, "Q_MI": None}
    assert flat["pairs"] == {name: {"Q_STD": 0, "Q_MI": None} for name in "01"}
    assert (maximum["mean_rank"], flat["mean_rank"]) == (1, 2)
    assert flat["lost"]["all"] == {"ir": 1, "vis": 1}
    assert {*maximum["lost"]} == {"all", "day", "night"}
    assert set(told["night"]) <= {"0", "1"}
    assert {each["why"] for each in told["undefined"]} == {"an image is constant, so it has no range to stretch"}
    assert err == ""
    assert (tmp_path / "report" / "scores.csv").exists()


def test_quiet_evaluation_prints_the_table_and_nothing_else(data, tmp_path, capsys):
    flags = ["--results", f"max={data / 'max'}", "--metrics", "EN"]
    assert main(["evaluate", str(data), *flags, "--quiet", "--out", str(tmp_path / "report")]) == 0
    out, err = capsys.readouterr()
    first = [line.split()[0] for line in out.splitlines() if line]
    assert first == ["method", "max", "Means", "Share", "method", "max"]
    assert err == ""


def test_of_reports_on_a_full_disk_none_is_written(data, tmp_path, monkeypatch, capsys):
    synced = []

    def full(number):
        synced.append(number)
        if len(synced) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    flags = ["--results", f"maximum={data / 'max'}", "--metrics", "EN", "--out", str(tmp_path / "report")]
    assert main(["evaluate", str(data), *flags]) == 2
    assert f"No space left on device: '{tmp_path}/report/table.tex'" in capsys.readouterr().err
    assert list((tmp_path / "report").iterdir()) == []


def test_metrics_are_named_in_upper_or_lower_case(data, capsys):
    flags = ["--results", f"maximum={data / 'max'}", "--metrics", "q_std", "En"]
    assert main(["evaluate", str(data), *flags]) == 0
    head = capsys.readouterr().out.splitlines()[0].split()
    assert head[0] == "method"
    assert [name for name in head if name[0].isalpha()] == ["method", "Q_STD", "EN"]
