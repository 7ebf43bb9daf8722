"""The experiment that measures alignments."""

import json

import numpy as np
import pytest

from mfjax.alignment.estimate import Estimate
from mfjax.alignment.random_warps import Warps
from mfjax.cli import alignment_experiment, main
from mfjax.cli.progress import shown
from mfjax.data.synthetic import write_folder
from mfjax.evaluation.alignment import measure, opencv_peers, scenes, section
from mfjax.evaluation.alignment.measuring import Result, Score, View, read, views


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs") / "streets"
    write_folder(root, 2, 5, ir_size=(60, 80), vis_size=(180, 240))
    return root


def unmoved(ir, vis):
    return Estimate(np.eye(3), 0.95, 1.0)


def test_infrared_has_at_most_half_the_resolution_of_visible(folder):
    rng = np.random.default_rng(0)
    third, same = read(scenes([folder])[0].files), (np.zeros((96, 128), np.uint8),) * 2
    for (ir, vis), share in ((third, 1 / 3), (same, 1 / 2)):
        seen = views(rng, ir, vis, None)
        assert seen.ir.shape[1] / seen.vis.shape[1] == pytest.approx(share, abs=0.01)
    moved = views(rng, *third, Warps())
    assert not np.allclose(moved.matrix, np.eye(3), atol=0.01)


def test_every_method_sees_the_same_views_and_other_ones_for_another_warp(folder):
    seen = []
    method = lambda ir, vis: seen.append(vis)
    measure(scenes([folder]), {"one": method, "other": method}, model="similarity", per_pair=2)
    assert len(seen) == 8
    np.testing.assert_array_equal(seen[0], seen[1])
    assert seen[0].shape != seen[4].shape or not np.array_equal(seen[0], seen[4])


def test_kept_results_are_not_measured_again(folder, tmp_path):
    calls = []

    def method(ir, vis):
        calls.append(1)
        return np.eye(3)

    options = {"model": "similarity", "kept": tmp_path / "kept.jsonl"}
    first = measure(scenes([folder]), {"it": method}, per_pair=1, **options)
    with options["kept"].open("a") as file:
        file.write('{"method": "it", "mod')  # an interrupted run leaves half a line
    second = measure(scenes([folder]), {"it": method}, per_pair=2, **options)
    assert len(calls) == 4
    assert second[:2] == first


def test_kept_results_are_of_the_same_views(folder, tmp_path):
    options = {"model": "similarity", "per_pair": 1, "kept": tmp_path / "kept.jsonl"}
    pairs = scenes([folder])
    measure(pairs, {"it": unmoved}, **options)
    [second] = measure(pairs[1:], {"it": unmoved}, **options)  # it is the first one now, and has other warps
    [anew] = measure(pairs[1:], {"it": unmoved}, **(options | {"kept": None}))
    assert second.score.error == anew.score.error


def test_table_counts_refusals_and_maps_that_are_wrong_but_confident():
    scores = [
        Score(0.5, 1, 0.95, False),
        Score(12.0, 1, 0.99, False),
        Score(4.0, 3, 0.3, True),
        Score(40, 1, 0.6, False),
    ]
    results = [Result(View("it", "similarity", "set", "pair", 0, warp, 0), each) for warp, each in enumerate(scores)]
    table = section(results, title="4 views")
    assert "| it | 8.0 | 31.6 | 25% | 25% | 25% | 50% | 50% | 25% | 25.0% | 1.00 |" in table
    assert "| 0.9 to 1 | 50% | 0.97 | 6.2 | 50% | 50% | 50% | 50% |" in table


def test_peers_find_a_shift_of_one_image(folder):
    _, vis = read(scenes([folder])[0].files)
    one, other = (vis[4:164, left : left + 200].astype(np.float32) / 255 for left in (10, 20))
    found = {name: method(one, other) for name, method in opencv_peers("similarity").items()}
    for name in ("phase correlation", "ECC, affine", "SIFT on edges, RANSAC, affine"):
        np.testing.assert_allclose(found[name], [[1, 0, 0.05], [0, 1, 0], [0, 0, 1]], atol=0.01)


def test_command_writes_its_section_and_continues(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(alignment_experiment, "own_method", lambda model: unmoved)
    page, out = tmp_path / "align.md", tmp_path / "out"
    page.write_text("# Words\n")
    command = ["evaluate", str(folder), "--experiment", "alignment", "--warps", "1", "--out", str(out)]
    assert main([*command, "--page", str(page), "--align-model", "similarity"]) == 0
    assert "| mfjax, similarity |" in capsys.readouterr().out
    assert "alignment of streets, similarity" in page.read_text()
    lines = (out / "alignment.jsonl").read_text().splitlines()
    assert main([*command, "--json", "--align-model", "similarity"]) == 0
    assert json.loads(capsys.readouterr().out)["similarity"]["mfjax, similarity"]["views"] == 2
    assert (out / "alignment.jsonl").read_text().splitlines() == lines


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--experiment", "alignment", "--stretch"], "--stretch has no effect on --experiment alignment"),
        (["--warps", "3"], "--warps and --align-model are for --experiment alignment"),
        (["--experiment", "alignment", "--warps", "-1"], "--warps is -1; it is 0 or more"),
    ],
)
def test_flags_without_effect_are_refused(folder, flags, message, capsys):
    assert main(["evaluate", str(folder), *flags]) == 2
    assert message in capsys.readouterr().err


def test_progress_is_lines_where_it_is_piped(monkeypatch, capsys):
    monkeypatch.setattr("mfjax.cli.progress.EVERY", 0.0)
    assert [*shown("abc", 3, name="letters", unit="view")] == [*"abc"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"letters: {i} of about 3 views" for i in (1, 2, 3)]
    assert all(line.endswith(", 0 s left") for line in lines)
