"""The field's benchmarks by name."""

import logging
from typing import get_args

import cv2
import numpy as np
import pytest

from mfjax import evaluation, weights
from mfjax.cli import main
from mfjax.cli.evaluate import BenchmarkName
from mfjax.data import fingerprints, synthetic
from mfjax.evaluation import benchmarks, boards
from mfjax.evaluation.benchmarks import FORMS
from mfjax.inference.loading import load
from mfjax.metrics import METRICS, STRUCTURE_LOST, score

NAMED = [name for name in boards.available() if name != "m3fd300"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Returns 25 rendered pairs with the names of tno25's, and a method that takes the brighter source."""
    root = tmp_path_factory.mktemp("tno25")
    synthetic.write_folder(root, 1, 34, ir_size=(48, 64))
    ir, vis = (cv2.imread(str(root / side / "00034.png"), cv2.IMREAD_GRAYSCALE) for side in ("ir", "vis"))
    for side in ("ir", "vis"):
        (root / side / "00034.png").unlink()
    (root / "max").mkdir()
    for number in range(1, 26):
        first, second = np.roll(ir, number, axis=1), np.roll(vis, number, axis=1)
        for side, image in (("ir", first), ("vis", second), ("max", np.maximum(first, second))):
            cv2.imwrite(str(root / side / f"{number:02}.png"), image)
    return root


def read(root, name):
    return [cv2.imread(str(root / side / f"{name}.png"), cv2.IMREAD_GRAYSCALE) for side in ("ir", "vis", "max")]


def pairs_named(folder, names):
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for side in ("ir", "vis"):
        (folder / side).mkdir()
        for name in names:
            cv2.imwrite(str(folder / side / f"{name}.png"), image)
    return folder


@pytest.mark.parametrize("name", NAMED)
def test_every_board_has_its_pairs_and_a_citation_and_rows_of_known_metrics(name):
    board = boards.read(name)
    assert board.cite
    assert board.title
    for row in board.rows:
        assert row.method
        assert row.source
        assert set(row.verified) <= row.values.keys() <= FORMS.keys()
        assert all(float(value) > 0 for values in row.values.values() for value in values)


def test_official_lists_have_the_names_of_their_authors():
    assert [len(boards.read(name).names) for name in NAMED] == [361, 50, 21, 25, 21]
    assert boards.read("msrs361").names[0] == "00004N"
    assert "FLIR_00211" in boards.read("roadscene50").names
    assert "walkingnight" in boards.read("vifb").names


def test_values_that_two_sources_of_a_method_disagree_on_are_both_given():
    [film] = [row for row in boards.read("msrs361").rows if row.method == "FILM"]
    assert film.values["SD"] == ("43.2", "43.64")


def test_board_whose_names_are_not_known_takes_a_file_of_as_many_as_it_has(tmp_path):
    with pytest.raises(ValueError, match="m3fd300's 300 pairs don't come with mfjax; give them by --names FILE"):
        boards.read("m3fd300")
    listed = tmp_path / "names.txt"
    listed.write_text("\n".join(f"{n:05}" for n in range(299)))
    with pytest.raises(ValueError, match="has 299 names, but m3fd300 300 pairs"):
        boards.read("m3fd300", listed)
    listed.write_text("\n".join(f"{n:05}" for n in range(300)))
    assert boards.read("m3fd300", listed).names[-1] == "00299"
    with pytest.raises(ValueError, match="come with mfjax; leave --names out"):
        boards.read("msrs361", listed)
    with pytest.raises(ValueError, match=r"nowhere: no text file"):
        boards.read("m3fd300", tmp_path / "nowhere")


def test_pairs_that_are_missing_are_an_error_and_others_are_left_out_and_said(tmp_path, caplog):
    board = boards.read("tno21")
    pairs = evaluation.scoring.find_pairs(pairs_named(tmp_path, [*map(str, range(1, 22)), "x", "y"]))
    assert [pair.name for pair in boards.select(board, pairs)] == [str(n) for n in range(1, 22)]
    assert "left out, as they are not among tno21's 21 pairs: x, y" in caplog.text
    with pytest.raises(ValueError, match="2 of tno21's 21 pairs are missing: 01, 02; a part of a benchmark"):
        boards.select(board, pairs[2:])


def test_two_pairs_of_one_of_its_names_are_refused(tmp_path):
    pairs = evaluation.scoring.find_pairs(pairs_named(tmp_path, [*map(str, range(1, 22)), "007"]))
    with pytest.raises(ValueError, match="007 and 7 are one name to tno21"):
        boards.select(boards.read("tno21"), pairs)


def test_measured_row_has_the_form_of_the_published_ones(root):
    results = evaluation.folder_of_results(root / "max", evaluation.scoring.find_pairs(root))
    result = evaluation.benchmark("tno25", root, {"max": results})
    [line] = [line for line in result.text().splitlines() if line.startswith("| `max`")]
    cells = [cell.strip() for cell in line.split("|")[2:-2]]
    scores = []
    for number in range(1, 26):
        scores.append(score(*read(root, f"{number:02}"), names=tuple(METRICS)))
    mean = lambda name: np.mean([each[name] for each in scores])
    expected = [mean(name) for name in ("EN", "Q_STD", "SF", "AG_central")]
    expected += [np.log(2) * mean("MI"), mean("SCD"), mean("VIF"), mean("Qabf"), 2 * mean("SSIM_L1")]
    expected += [mean(name) for name in STRUCTURE_LOST]
    assert [float(cell) for cell in cells] == pytest.approx(expected, abs=6e-4)


def test_forms_are_within_what_is_said_of_those_of_the_fields_python_code(root):
    scores = score(*read(root, "05"), names=tuple(METRICS))
    ir, vis, fused = (image.astype(float) for image in read(root, "05"))
    ours = {name: form.factor * scores[form.metric] for name, form in FORMS.items()}

    def nats(x, y):
        joint = np.histogram2d(x.ravel(), y.ravel(), bins=256, range=[[0, 256]] * 2)[0] / x.size
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        there = joint > 0
        return np.sum(joint[there] * np.log(joint[there] / apart[there]))

    def ssim(x, y):  # windows of 7×7 pixels of one weight, sample moments, levels up to 2
        mean = lambda image: cv2.blur(image, (7, 7))[3:-3, 3:-3]
        c1, c2, share = 0.02**2, 0.06**2, 49 / 48
        mx, my = mean(x), mean(y)
        vx, vy, both = share * (mean(x * x) - mx**2), share * (mean(y * y) - my**2), share * (mean(x * y) - mx * my)
        return np.mean((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))

    assert ours["MI"] == pytest.approx(nats(ir, fused) + nats(vis, fused), rel=0.02)
    assert ours["SSIM"] == pytest.approx(ssim(ir, fused) + ssim(vis, fused), abs=0.05)
    dy, dx = np.gradient(fused)
    assert 1 <= ours["AG"] / np.mean(np.sqrt((dx**2 + dy**2) / 2)) < 1.04  # of a small image


def test_command_prints_published_rows_beside_the_measured_one_and_writes_them(
    root, black_network, tiny_weights, tmp_path, capsys
):
    page = tmp_path / "results.md"
    flags = ["--benchmark", "tno25", "--model", str(tiny_weights), "--out", str(tmp_path / "out"), "--page", str(page)]
    assert main(["evaluate", str(root), *flags]) == 0
    out, err = capsys.readouterr()
    assert "| CDDFuse | 7.12 | 46.00 | 13.15 |  | 2.19 |" in out
    assert "EN, SD, SF verified on its images" in out
    assert "its README; not verified on images |" in out
    assert "| `tiny` | 0.000 |" in out
    assert "not known whether it was trained on any of them" in out
    assert "whether tiny was trained on pairs of tno25 is not known: its file does not say" in err
    assert (tmp_path / "out" / "tno25.md").read_text().strip() in page.read_text()
    assert (tmp_path / "out" / "scores.csv").is_file()


def test_model_that_was_trained_on_pairs_of_a_board_is_refused_or_marked(
    root, black_network, tiny_config, tiny_params, tmp_path, capsys
):
    def model(seen):
        path = tmp_path / "mine.safetensors"
        weights.save(path, tiny_config, tiny_params, {"seen": fingerprints.to_text(seen)})
        return path

    known = fingerprints.fingerprint(cv2.imread(str(root / "ir" / "07.png"), cv2.IMREAD_GRAYSCALE))
    command = ["evaluate", str(root), "--benchmark", "tno25", "--model"]
    path = str(model(fingerprints.Seen(frozenset({known}))))
    assert main([*command, path]) == 2
    assert "mine was trained on 1 of the 25 pairs: 07; its numbers would mean nothing" in capsys.readouterr().err
    assert main([*command, path, "--allow-seen"]) == 0
    assert "| **trained on 1 of the 25 pairs** |" in capsys.readouterr().out
    assert main([*command, str(model(fingerprints.Seen(frozenset({b"12345678"}))))]) == 0
    out, err = capsys.readouterr()
    assert "| trained on none of them |" in out
    assert err.splitlines() == [f"warning: {root}: pairs are those of ir and vis, not of max"]


def test_black_images_that_scenes_share_say_nothing_of_training(root, tiny_weights):
    assert fingerprints.fingerprint(np.zeros((8, 8), np.uint8)) is None
    assert benchmarks.seen_pairs(fingerprints.Seen(), []) == []
    assert fingerprints.KEY not in load(tiny_weights).metadata


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--benchmark", "msrs361"], "361 of msrs361's 361 pairs are missing: 00004N, 00008N"),
        (["--benchmark", "m3fd300"], "don't come with mfjax"),
        (["--benchmark", "tno25", "--metrics", "EN"], "--benchmark tno25 has metrics of its own; leave --metrics out"),
        (["--allow-seen"], "--allow-seen and --page are for a --benchmark; name one, or leave them out"),
        (["--names", "x"], "--names, --allow-seen and --page are for a --benchmark"),
        (["--page", "x"], "--names, --allow-seen and --page are for a --benchmark"),
        (["--benchmark", "tno25", "--model", "nowhere"], "model 'nowhere' not found"),
    ],
)
def test_benchmark_that_can_not_be_run_says_why(root, flags, message, capsys):
    assert main(["evaluate", str(root), *flags]) == 2
    assert message in capsys.readouterr().err


def test_flags_name_every_board():
    assert [*get_args(BenchmarkName)] == boards.available()


def test_search_for_seen_images_says_nothing_of_the_files(root, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    image = np.dstack([np.arange(256, dtype=np.uint8).reshape(16, 16)] * 4)
    for side in ("ir", "vis"):
        (tmp_path / side).mkdir()
        cv2.imwrite(str(tmp_path / side / "a.png"), image)
    pairs = evaluation.scoring.find_pairs(tmp_path)
    assert benchmarks.seen_pairs(fingerprints.Seen(frozenset({b"12345678"})), pairs) == []
    assert not caplog.records
