"""`mfjax data`, as a user meets it."""

import builtins

import numpy as np
import pytest

from mfjax import images
from mfjax.alignment.estimate import Estimate
from mfjax.cli import main
from mfjax.data.pairs import LumaPair
from mfjax.data.sets import sheet as sheets
from mfjax.data.sets.built import BuiltPairs
from mfjax.data.sets.sheet import GAP, LINE, WIDTH, evenly_spaced, sheet
from mfjax.data.synthetic import scene, write_folder
from mfjax.inference import views


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    write_folder(root, 3, 1, ir_size=(60, 80), vis_size=(120, 160))
    (root / "ir" / "lone.png").write_bytes((root / "ir" / "00001.png").read_bytes())
    return root


@pytest.fixture
def built(own, tmp_path, capsys):
    assert main(["data", "build", "pair_folder", "--from", str(own), "--to", str(tmp_path)]) == 0
    capsys.readouterr()
    return tmp_path


def test_build_says_what_was_kept_and_where_the_reasons_are(own, tmp_path, capsys):
    assert main(["data", "build", "pair_folder", "--from", str(own), "--to", str(tmp_path)]) == 0
    said = capsys.readouterr()
    folder = tmp_path / "pair_folder" / "1.0.0"
    assert said.out.splitlines() == [
        f"{folder}: kept 3 of 4; left out 1: 1 incomplete",
        f"the reasons are in {folder / 'left_out.json'}",
    ]
    assert said.err == ""


def test_own_pairs_are_named_as_fuse_takes_them(own, tmp_path, capsys):
    (shots := tmp_path / "shots").mkdir()
    for number in (1, 2):
        for side in ("ir", "vis"):
            source = own / side / f"0000{number}.png"
            (shots / f"{number}_{'T' if side == 'ir' else 'W'}.png").write_bytes(source.read_bytes())
    assert main(["data", "build", "pair_folder", "--from", str(shots), "--to", str(tmp_path / "built")]) == 0
    said = capsys.readouterr()
    assert "kept 2 of 2" in said.out
    assert said.err == "warning: infrared images are those with 'T' in their names, visible ones those with 'W'\n"


@pytest.fixture
def shots(own, tmp_path):
    """A folder of a drone's shots, each with a third image by another lens."""
    (folder := tmp_path / "shots").mkdir()
    for number in (1, 2):
        for lens, side in (("T", "ir"), ("W", "vis"), ("Z", "vis")):
            (folder / f"{number}_{lens}.png").write_bytes((own / side / f"0000{number}.png").read_bytes())
    return folder


def test_own_pairs_are_told_by_patterns_in_sub_folders(shots, tmp_path, capsys):
    flags = ["--pattern", "{name}_T.png", "{name}_W.png", "--recursive", "--to", str(tmp_path / "built")]
    assert main(["data", "build", "pair_folder", "--from", str(shots.parent), *flags]) == 0
    said = capsys.readouterr()
    assert "kept 2 of 2" in said.out
    assert said.err == "warning: ignored images that are named like neither pattern: 1_Z.png, 2_Z.png\n"


def test_own_pairs_are_told_by_a_list(shots, tmp_path, capsys):
    (shots / "list.csv").write_text("ir,vis,name\n2_T.png,2_Z.png,second\n")
    assert main(["data", "build", "pair_folder", "--pairs", str(shots / "list.csv"), "--to", str(tmp_path / "b")]) == 0
    assert "kept 1 of 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["kaist", "--from", ".", "--recursive"], "are for pair_folder; kaist has names of its own"),
        (["pair_folder"], "name --from, a folder, or a list of pairs by --pairs LIST.csv, and not both"),
        (["pair_folder", "--pairs", "a.csv", "--recursive"], "leave --pattern and --recursive out"),
    ],
)
def test_ways_of_pairing_that_have_no_effect_are_refused(flags, message, capsys):
    assert main(["data", "build", *flags]) == 2
    assert message in capsys.readouterr().err


def test_absent_files_are_one_line_that_says_where_to_get_them(tmp_path, capsys):
    assert main(["data", "build", "kaist", "--from", str(tmp_path / "nowhere")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'nowhere'} is not a folder. ")
    assert "https://soonminhwang.github.io/rgbt-ped-detection/" in line
    assert "lwir/I00000.jpg" in line


def test_show_writes_a_sheet_with_a_row_for_each_pair(built, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert main(["data", "show", "pair_folder", "--from", str(built), "--pairs", "2", "--out", str(out)]) == 0
    assert images.read(out).shape == (LINE + 2 * (240 + GAP + LINE), 3 * WIDTH + 4 * GAP, 3)
    assert capsys.readouterr().out == f"{out}: pair_folder, pairs, 2 of 3 pairs\n"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["kaist"], "kaist holds no built data set; mfjax data build makes one"),
        (["pair_folder", "--split", "train"], "has no split train; name one of its own"),
        (["pair_folder", "--pairs", "0"], "--pairs is 0; it must be at least 1"),
    ],
)
def test_what_can_not_be_shown_is_said_in_one_line(built, flags, message, capsys):
    assert main(["data", "show", *flags, "--from", str(built)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [cut, flip, *(lambda path, text=text: path.write_text(text) for text in ("", "[1]", "{}", "[" * 9999))],
    ids=["cut", "flip", "empty", "list", "object", "deep"],
)
@pytest.mark.parametrize("file", ["index.json", "dataset_info.json", "features.json", "*.array_record-*"])
def test_a_damaged_file_of_a_data_set_is_named_in_one_line(file, damage, built, tmp_path, capsys):
    [path] = built.glob(f"pair_folder/1.0.0/{file}")
    damage(path)
    assert main(["data", "show", "pair_folder", "--from", str(built), "--out", str(tmp_path / "sheet.png")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {path.parent}")
    assert path.name.partition("-0")[0] in line
    assert line.endswith("build the data set anew")


def test_what_a_killed_build_left_is_replaced(own, tmp_path):
    unfinished = tmp_path / "pair_folder" / "incomplete.AAAAAA_1.0.0", tmp_path / "pair_folder" / "1.0.0"
    for folder in unfinished:
        folder.mkdir(parents=True)
        (folder / "pair_folder-pairs.array_record-00000-of-00001").write_bytes(b"half")
    assert main(["data", "build", "pair_folder", "--from", str(own), "--to", str(tmp_path)]) == 0
    assert [path.name for path in (tmp_path / "pair_folder").iterdir()] == ["1.0.0"]
    assert len(BuiltPairs(tmp_path / "pair_folder")) == 3


def test_files_of_others_in_the_place_of_a_data_set_are_kept(own, tmp_path, capsys):
    (tmp_path / "pair_folder" / "1.0.0").mkdir(parents=True)
    (tmp_path / "pair_folder" / "1.0.0" / "mine.txt").write_text("")
    assert main(["data", "build", "pair_folder", "--from", str(own), "--to", str(tmp_path)]) == 2
    assert "holds files that no data set has" in capsys.readouterr().err


def test_missing_package_is_one_line_that_names_the_extra(own, monkeypatch, tmp_path, capsys):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith(("tensorflow_datasets", "mfjax.data.sets.builders")):
            raise ModuleNotFoundError(f"No module named {name!r}", name="tensorflow_datasets")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["data", "build", "pair_folder", "--from", str(own), "--to", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensorflow_datasets, which is not installed: pip install 'mfjax[train]'" in line


def test_edges_that_lie_on_one_another_are_gray_and_others_coloured():
    image = images.from_float(scene(1, 120, 160).ir)
    rows = slice(LINE + GAP, LINE + GAP + 240)
    overlay = slice(3 * GAP + 2 * WIDTH, 3 * GAP + 3 * WIDTH)
    same = sheet([LumaPair("same", image, image)], "")[rows, overlay]
    moved = sheet([LumaPair("moved", image, np.roll(image, 12, axis=1))], "")[rows, overlay]
    np.testing.assert_array_equal(same[..., 0], same[..., 1])
    assert np.abs(moved[..., 0].astype(int) - moved[..., 1]).mean() > 20


def test_sheet_says_a_wrong_scale_that_the_score_does_not_see(monkeypatch):
    image, said = images.from_float(scene(1, 120, 160).ir), []
    larger = Estimate(np.array([[1.05, 0, -0.025], [0, 1.05, -0.025], [0, 0, 1]]), 0.97, 1.0)
    monkeypatch.setattr(sheets, "estimate", lambda ir, vis, start: larger)
    monkeypatch.setattr(sheets, "_text", lambda words: said.append(words) or np.zeros((1, 3 * WIDTH + 4 * GAP, 3)))
    sheet([LumaPair("larger", image, image), LumaPair("small", image[:40], image[:40])], "")
    assert said[1].endswith("; align: 3.1 % of the width off, scale 1.050, rotation +0.0 degrees (0.97)")
    assert "align:" not in said[2]
    monkeypatch.setattr(sheets, "estimate", lambda ir, vis, start: larger._replace(confidence=0.2))
    sheet([LumaPair("doubtful", image, image)], "")
    assert said[-1].endswith("; align: not sure (0.20)")


def test_pairs_shown_are_spread_over_all():
    assert evenly_spaced(101, 5) == [0, 25, 50, 75, 100]
    assert evenly_spaced(2, 8) == [0, 1]


@pytest.fixture
def wide(tmp_path, monkeypatch):
    """Pairs whose visible images show a quarter more to each side, and an estimator that finds it with a confidence."""
    for number in (1, 2, 3):
        seen = scene(number, 120, 160, colour=False)
        images.write_all(
            {
                make_folder(tmp_path / "wide" / "ir") / f"{number}.png": seen.ir[20:100, 27:134],
                make_folder(tmp_path / "wide" / "vis") / f"{number}.png": seen.vis,
            }
        )
    to_ir = np.array([[160 / 107, 0, -27 / 107], [0, 120 / 80, -20 / 80], [0, 0, 1]])

    def find(confidence):
        estimate = Estimate(to_ir, confidence, 0.5)
        monkeypatch.setattr(views, "estimate_rig", lambda irs, viss, **options: (estimate, [estimate] * len(irs)))

    return find


def make_folder(path):
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_build_with_align_cuts_visible_images_to_what_infrared_sees(wide, tmp_path, capsys):
    wide(0.9)
    command = ["data", "build", "pair_folder", "--from", str(tmp_path / "wide"), "--to", str(tmp_path), "--align"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "kept 3 of 3" in said.out
    assert "--align 120x160: estimated from 3 pairs" in said.err
    pair = BuiltPairs(tmp_path / "pair_folder")[0]
    expected = images.from_float(scene(1, 120, 160, colour=False).vis, np.uint8)[20:100, 27:134]
    assert np.abs(pair.vis.astype(int) - expected).max() <= 2


def test_build_aligns_the_pairs_of_a_list(wide, tmp_path, capsys):
    wide(0.9)
    (tmp_path / "wide" / "list.csv").write_text("ir,vis,name\nir/1.png,vis/1.png,first\n")
    listed = ["--pairs", str(tmp_path / "wide" / "list.csv"), "--to", str(tmp_path), "--align"]
    assert main(["data", "build", "pair_folder", *listed]) == 0
    said = capsys.readouterr()
    assert "kept 1 of 1" in said.out
    assert "--align 120x160: estimated from " in said.err


def test_build_with_align_is_refused_where_nothing_can_be_aligned(wide, tmp_path, capsys):
    wide(0.1)
    command = ["data", "build", "pair_folder", "--from", str(tmp_path / "wide"), "--to", str(tmp_path), "--align"]
    assert main(command) == 2
    assert "no pairs could be aligned reliably" in capsys.readouterr().err
    assert not (tmp_path / "pair_folder").exists()
