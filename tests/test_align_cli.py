"""mfjax align, and mfjax fuse with --align and --view."""

import json

import numpy as np
import pytest

from mfjax import Alignment, images
from mfjax.alignment.estimate import Estimate
from mfjax.cli import main
from mfjax.inference import files, views

IR, VIS = (24, 32), (48, 64)
WIDER = np.array([[1.5, 0, -0.25], [0, 1.5, -0.25], [0, 0, 1.0]])


@pytest.fixture
def folder(tmp_path):
    """A folder with two pairs."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        for kind, size in (("ir", IR), ("vis", VIS)):
            (tmp_path / kind).mkdir(exist_ok=True)
            images.write(tmp_path / kind / f"{name}.png", rng.integers(0, 256, size).astype(np.uint8))
    return tmp_path


@pytest.fixture
def found(monkeypatch):
    """A function that makes the estimator find a map with a confidence, and the cheap one a shift or none."""

    def find(confidence=0.9, off=None):
        def estimate(ir, vis, model="auto", **options):
            return Estimate(WIDER, confidence, 0.5, model="similarity" if model == "auto" else model)

        monkeypatch.setattr(views, "estimate", estimate)
        monkeypatch.setattr(
            views,
            "estimate_rig",
            lambda irs, viss, model, **_: (estimate(irs, viss, model), [estimate(irs, viss, model)] * len(irs)),
        )
        monkeypatch.setattr(files, "looks_misaligned", lambda ir, vis: off)

    return find


def pair(folder):
    return [str(folder / "ir" / "a.png"), str(folder / "vis" / "a.png")]


def test_a_rig_file_and_a_preview_are_written_and_the_result_is_told(folder, found, capsys):
    found()
    rig, preview = folder / "rig.json", folder / "p.png"
    assert main(["align", *pair(folder), "--out", str(rig), "--preview", str(preview)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "confidence 0.90, expected error 0.5 px at 512 px width"
    assert out[1].startswith("shift +0.0 % right and +0.0 % down")
    assert out[1].endswith("scale 1.500, rotation +0.00°, overlap 44 %")
    assert out[2] == f"{rig}: estimated from one pair, similarity"
    np.testing.assert_array_equal(Alignment.load(rig).matrix, WIDER)
    assert images.read(preview).shape == (600, 1600, 3)


def test_sources_are_not_overwritten(folder, found, capsys, tmp_path):
    found()
    for outputs, named in (
        (["--preview", str(folder / "vis" / "a.png")], "is a source and would be overwritten"),
        (["--out", str(folder / "ir")], "is a folder; choose another output"),
    ):
        before = (folder / "vis" / "a.png").read_bytes()
        assert main(["align", *pair(folder), *outputs]) == 2
        assert named in capsys.readouterr().err
        assert (folder / "vis" / "a.png").read_bytes() == before
    listed = tmp_path / "list.csv"
    listed.write_text(f"ir,vis\n{','.join(pair(folder))}\n")
    assert main(["align", "--pairs", str(listed), "--out", str(listed)]) == 2
    assert "is the list of pairs and would be overwritten" in capsys.readouterr().err
    assert main(["align", *pair(folder), "--out", str(tmp_path / "new" / "rig.json"), "--quiet"]) == 0
    assert (tmp_path / "new" / "rig.json").is_file()


def test_folders_give_one_rig(folder, found, capsys):
    found()
    assert main(["align", str(folder), "--out", str(folder / "rig.json"), "--model", "homography", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pairs"], told["scale"]) == (2, pytest.approx(1.5))
    rig = Alignment.load(folder / "rig.json")
    assert (rig.model, rig.found) == ("homography", "estimated from 2 pairs")


def test_what_can_not_be_aligned_is_refused_in_one_line_and_nothing_is_written(folder, found, capsys):
    found(0.1)
    rig = folder / "rig.json"
    assert main(["align", *pair(folder), "--out", str(rig)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "confidence 0.10, 0.5 is needed" in line
    assert "--align none" in line
    assert not rig.exists()


def test_fusing_by_auto_is_refused_likewise(folder, found, black_network, capsys):
    found(0.1)
    out = folder / "fused.png"
    assert main(["fuse", *pair(folder), "--out", str(out), "--align", "auto", "--model", "small"]) == 2
    assert "confidence 0.10" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(("view", "size"), [("visible", (48, 64)), ("infrared", (32, 43)), ("overlap", (32, 42))])
def test_a_rig_file_and_a_view_give_an_image_of_its_size(folder, black_network, view, size):
    Alignment(WIDER, IR, VIS).save(folder / "rig.json")
    options = ["--align", str(folder / "rig.json"), "--view", view, "--model", "small"]
    assert main(["fuse", *pair(folder), "--out", str(folder / "fused.png"), *options]) == 0
    assert images.read(folder / "fused.png").shape == size


def test_the_pairs_of_a_folder_have_one_rig_which_is_said(folder, found, black_network, capsys):
    found()
    out = folder / "out"
    assert main(["fuse", str(folder), "--out", str(out), "--align", "auto", "--model", "small"]) == 0
    assert "one place for all pairs: shift +0.0 % right" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]


def test_each_pair_of_a_folder_may_have_its_own_place_which_is_said(folder, found, black_network, capsys):
    command = ["fuse", str(folder / "ir"), str(folder / "vis"), "--out", str(folder / "o"), "--align", "each"]
    found()
    assert main(command) == 0
    said = capsys.readouterr().err
    for name in ("a", "b"):
        assert f"note: {name}: aligned by shift" in said
    found(confidence=0.2)
    assert main(command) == 1
    assert "error: a: the infrared and the visible image have too little in common" in capsys.readouterr().err


def test_the_place_of_two_files_is_said_with_its_confidence(folder, found, black_network, capsys):
    found()
    options = ["--out", str(folder / "fused.png"), "--align", "auto", "--model", "small"]
    assert main(["fuse", *pair(folder), *options]) == 0
    assert "--align auto: shift +0.0 % right" in (told := capsys.readouterr().err)
    assert "confidence" in told


def test_an_alignment_that_is_neither_a_word_nor_a_file_is_refused_with_what_may_be_given(folder, capsys):
    assert main(["fuse", *pair(folder), "--out", str(folder / "fused.png"), "--align", "yes"]) == 2
    assert "yes: no such file; --align takes auto, each, track, none or a rig file" in capsys.readouterr().err


@pytest.mark.parametrize("many", [False, True], ids=["files", "folders"])
def test_images_that_are_clearly_off_are_a_warning_that_names_them_once(folder, found, black_network, capsys, many):
    found(off=0.08)
    sources = [str(folder / "ir"), str(folder / "vis")] if many else pair(folder)
    out = folder / ("out" if many else "fused.png")
    assert main(["fuse", *sources, "--out", str(out), "--model", "small"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "ghosts" in line]
    assert str(folder / "ir" / "a.png") in line
    assert "about 8 % of the width apart" in line


def test_align_none_is_silent(folder, found, black_network, capsys):
    found(off=0.08)
    assert main(["fuse", *pair(folder), "--out", str(folder / "f.png"), "--align", "none", "--model", "small"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("black_network")
def test_a_rig_by_which_a_pair_is_clearly_off_is_doubted(folder, capsys, monkeypatch):
    rig = folder / "rig.json"
    Alignment(WIDER, (24, 32), (48, 64)).save(rig)
    seen = []
    monkeypatch.setattr(views, "looks_misaligned", lambda ir, vis, matrix: seen.append(matrix) or 0.07)
    assert main(["fuse", *pair(folder), "--out", str(folder / "o.png"), "--align", str(rig)]) == 0
    assert "by the rig, their edges lie about 7 % of the width apart" in capsys.readouterr().err
    np.testing.assert_array_equal(seen, [WIDER])


def test_stretching_what_is_aligned_is_refused(folder, capsys):
    assert main(["fuse", *pair(folder), "--out", str(folder / "o.png"), "--align", "auto", "--stretch"]) == 2
    assert "leave it out with --align" in capsys.readouterr().err


def test_a_view_without_an_alignment_is_refused(folder, capsys):
    assert main(["fuse", *pair(folder), "--out", str(folder / "f.png"), "--view", "infrared"]) == 2
    assert "--view infrared is of aligned images; add --align auto or --align RIG.json" in capsys.readouterr().err


def test_a_file_that_is_no_rig_is_refused_naming_it(folder, capsys):
    command = ["fuse", *pair(folder), "--out", str(folder / "f.png"), "--align", str(folder / "ir" / "a.png")]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {folder / 'ir' / 'a.png'}: is no JSON")
