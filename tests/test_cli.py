"""The command as a user calls it: files, messages and exit code."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from mfjax import images
from mfjax.cli import main
from mfjax.inference.batches import Batches

ROOT = Path(__file__).parents[1]


def picture(*shape, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.fixture
def pair(tmp_path):
    """Returns an infrared file 12x16 and a visible one 24x32 in colour."""
    images.write(tmp_path / "ir.png", picture(12, 16))
    images.write(tmp_path / "vis.png", picture(24, 32, 3))
    return tmp_path / "ir.png", tmp_path / "vis.png"


@pytest.fixture
def folders(tmp_path):
    """Two folders with the pairs a and b of those sizes."""
    for folder, shape in (("ir", (12, 16)), ("vis", (24, 32, 3))):
        (tmp_path / folder).mkdir()
        for name in "ab":
            images.write(tmp_path / folder / f"{name}.png", picture(*shape))
    return tmp_path / "ir", tmp_path / "vis"


@pytest.fixture
def fuse(tiny_weights, capsys):
    """A function that runs `mfjax fuse` and returns the exit code and the lines of standard error."""

    def run(*arguments):
        code = main(["fuse", *map(str, arguments), "--model", str(tiny_weights)])
        return code, capsys.readouterr().err.splitlines()

    return run


def refused(result, message):
    """Whether a run ended with exit code 2 and one line that has this in it."""
    code, lines = result
    return code == 2 and len(lines) == 1 and re.search(message, lines[0])


def test_a_pair_of_files_is_fused_in_colour_at_the_larger_size(pair, fuse, tmp_path):
    assert fuse(*pair, "--out", tmp_path / "out.png") == (0, [])
    assert images.read(tmp_path / "out.png").shape == (24, 32, 3)


def test_size_and_colour_options_reach_the_result(pair, fuse, tmp_path):
    assert fuse(*pair, "--out", tmp_path / "out.png", "--height", 18, "--color", "gray") == (0, [])
    assert images.read(tmp_path / "out.png").shape == (18, 24)


def test_sr_writes_both_sources_beside_the_result(pair, fuse, tmp_path):
    assert fuse(*pair, "--out", tmp_path / "new" / "out.png", "--sr") == (0, [])
    found = {path.name: images.read(path).shape for path in (tmp_path / "new").iterdir()}
    assert found == {"out.png": (24, 32, 3), "out_ir.png": (24, 32), "out_vis.png": (24, 32, 3)}


def test_two_folders_are_fused_pair_by_pair(folders, fuse, tmp_path):
    assert fuse(*folders, "--out", tmp_path / "out") == (0, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


def test_the_summary_says_what_was_written(folders, tiny_weights, tmp_path, capsys):
    main(["fuse", *map(str, folders), "--out", str(tmp_path / "out"), "--model", str(tiny_weights)])
    assert "2 of 2 pairs fused" in capsys.readouterr().out


def test_finished_pairs_are_left_alone_if_asked(folders, tiny_weights, tmp_path, capsys):
    arguments = ["fuse", *map(str, folders), "--out", str(tmp_path / "out"), "--model", str(tiny_weights), "--sr"]
    assert main(arguments) == 0
    (tmp_path / "out" / "a.png").write_bytes(b"mine")
    (tmp_path / "out" / "b_vis.png").unlink()
    capsys.readouterr()
    assert main([*arguments, "--skip-finished"]) == 0
    assert "1 of 1 pairs fused (1 were there)" in capsys.readouterr().out
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    assert (tmp_path / "out" / "b_vis.png").exists()


def test_a_finished_file_is_left_alone_if_asked(pair, fuse, tmp_path):
    (tmp_path / "out.png").write_bytes(b"mine")
    assert fuse(*pair, "--out", tmp_path / "out.png", "--skip-finished") == (0, [])
    assert (tmp_path / "out.png").read_bytes() == b"mine"


def test_two_processes_share_the_pairs_of_two_folders(folders, tiny_weights, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for folder in folders:
        (folder / "a.png").write_bytes(b"no image")  # the first process's
    options = "--model", str(tiny_weights), "--engine", "xla", "--distributed"
    command = sys.executable, "-m", "mfjax", "fuse", *map(str, folders), "--out", str(tmp_path / "out"), *options
    processes = [
        subprocess.Popen([*command, f"{address},2,{i}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for i in range(2)
    ]
    (said, errors), (other, _) = (process.communicate(timeout=120) for process in processes)
    assert [process.returncode for process in processes] == [1, 0]
    assert "0 of 1 pairs fused" in said
    assert "error: a: " in errors
    assert "1 of 1 pairs fused" in other
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


def test_processes_that_are_to_share_two_files_are_refused(pair, fuse, tmp_path):
    arguments = *pair, "--out", tmp_path / "out.png", "--distributed", "127.0.0.1:1,2,0"
    assert refused(fuse(*arguments), "shares the pairs of two folders")


def test_folders_are_fused_by_all_devices_at_once_and_a_bad_file_is_reported(folders, fuse, tmp_path, monkeypatch):
    for folder, shape in zip(folders, ((12, 16), (24, 32, 3)), strict=True):
        images.write(folder / "c.png", picture(*shape))
    (folders[0] / "b.png").write_bytes(b"no image")
    assert fuse(*folders, "--out", tmp_path / "alone", "--engine", "xla", "--tile", 96)[0] == 1
    counts = []
    call = Batches.__call__

    def counted(self, ir, *rest, **places):
        counts.append(len(ir))
        return call(self, ir, *rest, **places)

    monkeypatch.setattr(Batches, "__call__", counted)
    code, (line,) = fuse(*folders, "--out", tmp_path / "out", "--engine", "xla")
    assert (code, counts) == (1, [2])
    assert line.startswith("error: b: ")
    for name in ("a.png", "c.png"):
        made, expected = (images.read(tmp_path / folder / name).astype(int) for folder in ("out", "alone"))
        assert np.abs(made - expected).max() <= 1


def test_a_bad_file_in_a_folder_is_reported_and_the_rest_done(folders, fuse, tmp_path):
    (folders[0] / "a.png").write_bytes(b"no image")
    code, (line,) = fuse(*folders, "--out", tmp_path / "out")
    assert code == 1
    assert line.startswith("error: a: ")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


def test_unpaired_names_in_folders_are_listed_and_the_rest_done(folders, fuse, tmp_path):
    (folders[0] / "a.png").rename(folders[0] / "c.png")
    code, lines = fuse(*folders, "--out", tmp_path / "out")
    assert code == 1
    assert lines == ["error: no visible image for c.png", "error: no infrared image for a.png"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


def test_warnings_about_a_pair_of_folders_name_it(folders, fuse, tmp_path, black_network):
    images.write(folders[0] / "a.png", picture(12, 15))
    code, (line,) = fuse(*folders, "--out", tmp_path / "out")
    assert code == 0
    assert line.startswith("warning: a: infrared is 12x15 (4:5) but visible is 24x32 (3:4): 7 % apart")


def test_sixteen_bits_stay_so_in_png_and_lose_eight_in_jpeg_with_a_warning(pair, fuse, tmp_path):
    images.write(pair[0], picture(12, 16, dtype=np.uint16))
    assert fuse(*pair, "--out", tmp_path / "out.png") == (0, [])
    assert images.read(tmp_path / "out.png").dtype == np.uint16
    code, (line,) = fuse(*pair, "--out", tmp_path / "out.jpg")
    assert code == 0
    assert "out.jpg: stored in 8 bits" in line
    assert images.read(tmp_path / "out.jpg").dtype == np.uint8


@pytest.mark.parametrize("option", [("--ir-range", "auto"), ("--ir-range", "7000,7255")])
def test_raw_thermal_data_warns_unless_a_range_is_given(option, pair, fuse, tmp_path):
    images.write(pair[0], picture(12, 16).astype(np.uint16) + 7000)
    code, (line,) = fuse(*pair, "--out", tmp_path / "out.png")
    assert code == 0
    assert "stretched as by" in line
    assert "--ir-range auto" in line
    assert fuse(*pair, "--out", tmp_path / "out.png", *option) == (0, [])


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_file_is_refused(missing, pair, fuse, tmp_path):
    pair[missing].unlink()
    assert refused(fuse(*pair, "--out", tmp_path / "out.png"), f"{pair[missing].name}: no such file")


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_an_unreadable_file_is_refused(content, pair, fuse, tmp_path):
    pair[0].write_bytes(content)
    assert refused(fuse(*pair, "--out", tmp_path / "out.png"), "ir.png: ")
    assert not (tmp_path / "out.png").exists()


def test_an_image_of_one_pixel_is_refused(pair, fuse, tmp_path):
    # A bitmap by hand, since `images.write` need not write what `images.read` refuses.
    one_pixel = b"BM:\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0" + bytes(24) + b"\xff\xff\xff\0"
    (tmp_path / "one.bmp").write_bytes(one_pixel)
    assert refused(fuse(tmp_path / "one.bmp", pair[1], "--out", tmp_path / "out.png"), "1x1")


def test_views_of_different_aspects_are_refused_unless_stretched(pair, fuse, tmp_path, black_network):
    images.write(pair[0], picture(12, 32))
    out = "--out", tmp_path / "out.png"
    assert refused(fuse(*pair, *out), r"12x32 \(3:8\) but visible is 24x32 \(3:4\): .*--stretch")
    assert not (tmp_path / "out.png").exists()
    assert fuse(*pair, *out, "--stretch") == (0, [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--height", 0), "height is 0"),
        (("--width", -3), "width is -3"),
        (("--tile", 0), "--tile is 0"),
        (("--scale", 0), "scale is 0"),
        (("--scale", 0.001), "output would be 0x0"),
        (("--scale", 2, "--height", 8), "not both"),
        (("--height", 100_000, "--width", 100_000), "100000x100000 .* GB"),
        (("--scale", 10_000), "240000x320000 .* GB"),
        (("--ir-range", "wide"), "--ir-range is 'wide'"),
        (("--ir-range", "9,3"), "infrared range is"),
    ],
)
def test_an_impossible_option_is_refused(options, message, pair, fuse, tmp_path):
    assert refused(fuse(*pair, "--out", tmp_path / "out.png", *options), message)
    assert not (tmp_path / "out.png").exists()


def test_colour_of_a_gray_visible_image_is_refused(pair, fuse, tmp_path):
    images.write(tmp_path / "gray.png", picture(24, 32))
    gray = fuse(pair[0], tmp_path / "gray.png", "--out", tmp_path / "out.png", "--color", "color")
    assert refused(gray, "no colour")


def test_nan_in_a_float_image_is_refused(pair, fuse, tmp_path):
    import cv2  # `images.write` refuses to make such a file

    image = np.zeros((12, 16), np.float32)
    image[3, 3] = np.nan
    cv2.imwrite(str(tmp_path / "nan.tif"), image)
    assert refused(fuse(tmp_path / "nan.tif", pair[1], "--out", tmp_path / "out.png"), "NaN")


def test_a_float_image_in_degrees_is_refused_with_the_option_that_takes_it(pair, fuse, tmp_path):
    images.write(tmp_path / "celsius.tif", np.linspace(-20, 80, 192, dtype=np.float32).reshape(12, 16))
    arguments = tmp_path / "celsius.tif", pair[1], "--out", tmp_path / "out.png"
    assert refused(fuse(*arguments), "from -20 to 80, outside .*--ir-range auto")
    assert fuse(*arguments, "--ir-range", "auto") == (0, [])


def test_a_folder_of_results_that_is_named_like_an_image_is_refused(folders, fuse, tmp_path):
    assert refused(fuse(*folders, "--out", tmp_path / "out.png"), "named like an image")


def test_a_file_with_a_folder_is_refused(pair, folders, fuse, tmp_path):
    assert refused(fuse(folders[0], pair[1], "--out", tmp_path / "out.png"), "two files or two folders")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("out.gif", "unknown suffix '.gif'"),
        ("out", "out: the name has no suffix, which says the format; use one of .bmp"),
        (".", "is a folder"),
        ("vis.png/out.png", "vis.png: can't be written to"),
        ("vis.png", "is a source and would be overwritten"),
        ("./ir.png", "is a source and would be overwritten"),
    ],
)
def test_an_output_that_can_not_be_is_refused_before_the_model_runs(out, message, pair, fuse, tmp_path, monkeypatch):
    monkeypatch.setattr("mfjax.inference.files.fuse_pair", lambda *_, **__: pytest.fail("the model ran"))
    before = [path.read_bytes() for path in pair]
    assert refused(fuse(*pair, "--out", tmp_path / out), message)
    assert [path.read_bytes() for path in pair] == before


def test_a_super_resolved_source_never_replaces_a_source(pair, fuse, tmp_path):
    source = pair[0].rename(tmp_path / "out_ir.png")
    assert refused(fuse(source, pair[1], "--out", tmp_path / "out.png", "--sr"), "out_ir.png is a source")


def test_a_folder_in_the_place_of_a_super_resolved_source_is_refused(pair, fuse, tmp_path):
    (tmp_path / "out_vis.png").mkdir()
    assert refused(fuse(*pair, "--out", tmp_path / "out.png", "--sr"), "out_vis.png is a folder")


def test_a_folder_of_sources_is_refused_as_output(folders, fuse, tmp_path):
    assert refused(
        fuse(*folders, "--out", folders[1]), "vis holds sources, and the next run would take .*; choose another"
    )
    link = tmp_path / "link"
    link.symlink_to(folders[0])
    assert refused(fuse(*folders, "--out", link), "link holds sources")
    assert refused(fuse(*folders, "--recursive", "--out", folders[0] / "fused"), "ir/fused is searched for sources")


def test_a_result_among_sources_is_said_and_refused_where_it_hides_them(folders, fuse, tmp_path):
    pair = [next(folder.glob("*a.*")) for folder in folders]
    code, lines = fuse(*pair, "--out", folders[1] / "fused.png")
    assert code == 0
    assert lines == [
        f"warning: {folders[1] / 'fused.png'}: lies among sources: if their folder is fused, it will be taken for one"
    ]
    assert refused(fuse(*pair, "--out", pair[1].with_suffix(".tif")), "would keep their folders from being fused")


@pytest.fixture
def shots(tmp_path):
    """Returns a folder with two shots of a drone's cameras in it, and a file of another format."""
    (tmp_path / "shots").mkdir()
    for number in (1, 2):
        images.write(tmp_path / "shots" / f"DJI_000{number}_T.JPG", picture(12, 16))
        images.write(tmp_path / "shots" / f"DJI_000{number}_W.JPG", picture(24, 32, 3))
    (tmp_path / "shots" / "DJI_0001.MP4").touch()
    return tmp_path / "shots"


def test_a_folder_with_both_kinds_is_fused_and_what_was_guessed_and_ignored_is_said(shots, fuse, tmp_path):
    code, lines = fuse(shots, "--out", tmp_path / "out")
    assert code == 0
    assert lines == [
        "warning: infrared images are those with 'T' in their names, visible ones those with 'W'",
        f"warning: {shots}: ignored 1 file of other formats (DJI_0001.MP4)",
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["DJI_0001.png", "DJI_0002.png"]
    assert refused(fuse(shots, "--out", shots), "shots holds sources, and the next run would take")


def test_names_that_a_pattern_tells_are_fused(shots, fuse, tmp_path):
    (shots / "DJI_0001.MP4").unlink()
    arguments = shots, "--out", tmp_path / "out", "--pattern", "DJI_{name}_T.JPG", "*_{name}_W.JPG"
    assert fuse(*arguments) == (0, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0001.png", "0002.png"]


def test_sub_folders_are_fused_into_the_same_ones_if_asked(folders, fuse, tmp_path):
    for folder in folders:
        for light in ("day", "night"):
            (folder / light).mkdir()
            (folder / light / "a.png").write_bytes((folder / "a.png").read_bytes())
        (folder / "a.png").unlink()
        (folder / "b.png").unlink()
    code, (line,) = fuse(*folders, "--out", tmp_path / "out")
    assert code == 2
    assert "ir has no images" in line
    assert "2 folders (day, night; --recursive reads them)" in line
    assert fuse(*folders, "--recursive", "--out", tmp_path / "out", "--sr") == (0, [])
    assert (tmp_path / "out/day/a_ir.png").exists()
    assert (tmp_path / "out/night/a.png").exists()


def test_pairs_of_a_list_are_fused(shots, fuse, tmp_path):
    (tmp_path / "list.csv").write_text("ir,vis,name\nshots/DJI_0001_T.JPG,shots/DJI_0002_W.JPG,mine\n")
    assert fuse("--pairs", tmp_path / "list.csv", "--out", tmp_path / "out") == (0, [])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.png"]
    (tmp_path / "list.csv").write_text("ir,vis\nshots/DJI_0001_T.JPG,shots/DJI_0003_W.JPG\n")
    assert refused(fuse("--pairs", tmp_path / "list.csv", "--out", tmp_path / "out"), "line 2: .*0003_W.JPG: no such")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name IR and VIS, a folder with both kinds of images, or a list of pairs by --pairs"),
        (("ir.png",), r"ir.png is one image, without a visible camera's photo in it, .*; name the visible image, too"),
        (("ir.png", "vis.png", "--recursive"), "--pattern and --recursive are for folders"),
        ((".", "--pairs", "list.csv"), "--pairs lists all files; leave IR, VIS"),
        (("--pairs", "list.csv"), "list.csv: no such file"),
        ((".", "--pattern", "T.png", "{name}.png"), r"--pattern 'T.png' must have \{name\} once"),
    ],
)
def test_sources_that_do_not_belong_together_are_refused(arguments, message, pair, fuse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(fuse(*arguments, "--out", "out"), message)


def test_two_results_of_one_name_are_refused(folders, fuse, tmp_path):
    images.write(folders[0] / "a_ir.png", picture(12, 16))
    images.write(folders[1] / "a_vis.png", picture(24, 32, 3))
    assert refused(fuse(*folders, "--out", tmp_path / "out"), "2 results would be called a.png")


def test_a_file_as_output_of_two_folders_is_refused(folders, pair, fuse):
    assert refused(fuse(*folders, "--out", pair[0]), "is a file")


def test_an_unknown_model_is_refused_with_those_there_are(pair, tmp_path, capsys):
    code = main(["fuse", *map(str, pair), "--out", str(tmp_path / "out.png"), "--model", "nothing"])
    assert refused((code, capsys.readouterr().err.splitlines()), r"model 'nothing' not found; available: \[")


def test_weights_of_another_architecture_are_refused(pair, tiny_weights, tmp_path, capsys):
    data = tiny_weights.read_bytes().replace(rb"\"blocks\": 1", rb"\"blocks\": 2")
    (tmp_path / "other.safetensors").write_bytes(data)
    code = main(
        [
            "fuse",
            *map(str, pair),
            "--out",
            str(tmp_path / "out.png"),
            "--model",
            str(tmp_path / "other.safetensors"),
        ]
    )
    assert refused((code, capsys.readouterr().err.splitlines()), "another architecture")


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (OSError("disk full"), 2)])
def test_a_run_that_is_stopped_while_it_writes_leaves_what_was_there(stop, code, pair, fuse, tmp_path, monkeypatch):
    written = []

    def fsync(descriptor):
        written.append(descriptor)
        if len(written) == 3:  # the last of the three
            raise stop

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "out_ir.png").write_bytes(b"of an earlier run")
    before = set(tmp_path.iterdir())
    assert fuse(*pair, "--out", tmp_path / "out.png", "--sr")[0] == code
    assert set(tmp_path.iterdir()) == before
    assert (tmp_path / "out_ir.png").read_bytes() == b"of an earlier run"


def test_training_that_is_asked_to_stop_says_how_it_goes_on_and_ends_with_the_signals_code(
    tmp_path, capsys, monkeypatch
):
    from mfjax.training.stopping import StopRequestedError

    def train(*arguments, **options):
        raise StopRequestedError("stopped after step 2; the same command goes on", signal.SIGTERM)

    monkeypatch.setattr("mfjax.training.loop.train", train)
    monkeypatch.setattr("mfjax.evaluation.settings.setting_pairs", lambda root: [])
    table = ["reproduce", "table2", "data", "--recipe", "ablation"]
    for command in (["train", "--workdir", str(tmp_path)], [*table, "--out", str(tmp_path)]):
        assert main(command) == 128 + 15
        assert capsys.readouterr().err == "warning: stopped after step 2; the same command goes on\n"


@pytest.mark.parametrize("arguments", [[], ["fuse"], ["fuse", "a"], ["fuse", "a", "b"], ["melt"]])
def test_incomplete_arguments_are_refused(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err


def test_help_names_every_option(capsys):
    assert main(["fuse", "--help"]) == 0
    out = capsys.readouterr().out
    for option in ("out", "height", "width", "scale", "color", "sr", "stretch", "model", "ir-range"):
        assert f"--{option} " in out


def test_help_and_argument_errors_do_without_jax():
    program = (
        "import sys; from mfjax.cli import main; main(['fuse', '--help']); "
        "main(['fuse', 'a', 'b', '--out', 'c']); sys.exit('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == "error: a: no such file or folder\n"


@pytest.mark.parametrize("command", [["fuse.py"], ["-m", "mfjax", "fuse"]])
def test_the_script_and_the_module_are_the_command(command):
    done = subprocess.run(
        [sys.executable, *command, "a", "b", "--out", "c.png"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "error: a: no such file or folder\n")


@pytest.mark.parametrize("processes", ["here", "host:port,2,0", "127.0.0.1:9911,2,2", "127.0.0.1:9911,2,-1"])
def test_processes_of_a_job_that_are_named_wrongly_are_told_the_form(processes, tmp_path, capsys):
    assert main(["train", "--distributed", processes, "--workdir", str(tmp_path)]) == 2
    assert (
        f"--distributed is '{processes}'; it is auto, or HOST:PORT,N,I with I from 0 to N-1" in capsys.readouterr().err
    )


def test_programs_are_kept_in_the_users_cache_and_those_of_killed_processes_removed(tmp_path, monkeypatch):
    least = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_COMPILATION_CACHE_MAX_SIZE", least):
        monkeypatch.setenv(name, "")  # so that what it was is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "mfjax" / "compiled"
    folder.mkdir(parents=True)
    for name in ("whole-cache", "whole-atime", "broken-cache", "begun-cache"):
        (folder / name).touch()
    for name in ("whole-cache", "broken-cache"):
        os.utime(folder / name, (0, 0))
    assert main(["--help"]) == 0
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(folder)
    assert int(os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"]) > 0  # so JAX locks it
    assert float(os.environ[least]) < 1  # JAX's default, below which most programs of fusing stay
    assert {path.name for path in folder.iterdir()} == {"whole-cache", "whole-atime", "begun-cache"}


def test_engine_precision_and_tile_reach_the_model(pair, fuse, tmp_path, monkeypatch):
    from mfjax.inference.backends import xla

    asked = []
    make = xla.Extractor
    monkeypatch.setattr(xla, "Extractor", lambda *args: asked.append(args[-1]) or make(*args))
    flags = "--engine", "xla", "--precision", "bfloat16"
    assert fuse(*pair, "--out", tmp_path / "out.png", *flags)[0] == 0
    assert asked == ["bfloat16"]
    assert refused(
        fuse(*pair, "--out", tmp_path / "out.png", "--tile", 8), "tile is 8; for these sizes it must be at least"
    )


def test_mistake_of_the_code_keeps_its_traceback(pair, fuse, tmp_path, monkeypatch):
    def mistaken(*arguments, **options):
        raise ValueError("a mistake")

    monkeypatch.setattr("mfjax.inference.files.fuse_pair", mistaken)
    with pytest.raises(ValueError, match="a mistake") as error:
        fuse(*pair, "--out", tmp_path / "out.png")
    assert error.traceback[-1].name == "mistaken"


def test_quiet_fusing_says_errors_only(folders, fuse, tmp_path, capsys, tiny_weights):
    images.write(folders[0] / "a.png", picture(12, 15))  # of another aspect, which is warned of
    assert fuse(*folders, "--out", tmp_path / "out", "--quiet") == (0, [])
    assert main(["fuse", *map(str, folders), "--out", str(tmp_path), "--model", str(tiny_weights), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    (folders[0] / "b.png").write_bytes(b"no image")
    code, (line,) = fuse(*folders, "--out", tmp_path / "out", "--quiet")
    assert (code, line[:9]) == (1, "error: b:")
    assert main(["fuse", "nowhere", "neither", "--out", "out"]) == 2
    assert "error: nowhere" in capsys.readouterr().err  # what is asked of one call is not of the next


def test_json_says_what_was_written_what_failed_and_what_was_there(folders, tiny_weights, tmp_path, capsys):
    command = ["fuse", *map(str, folders), "--out", str(tmp_path / "out"), "--model", str(tiny_weights), "--json"]
    (folders[0] / "b.png").write_bytes(b"no image")
    (folders[0] / "c.png").write_bytes(b"")
    assert main(command) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["fused"] == [
        {
            "name": "a",
            "sources": {"ir": str(folders[0] / "a.png"), "vis": str(folders[1] / "a.png")},
            "written": {"fused": str(tmp_path / "out" / "a.png")},
            "height": 24,
            "width": 32,
        }
    ]
    assert [each["name"] for each in told["failed"]] == ["b"]
    assert "not an image" in told["failed"][0]["error"]
    assert told["unpaired"] == ["no visible image for c.png"]
    assert main([*command, "--skip-finished"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["fused"], told["skipped"]) == ([], ["a"])


def test_json_of_two_files_is_of_the_same_form(pair, tiny_weights, tmp_path, capsys):
    out = tmp_path / "out.png"
    assert main(["fuse", *map(str, pair), "--out", str(out), "--model", str(tiny_weights), "--sr", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    written = {"fused": str(out), "ir": str(tmp_path / "out_ir.png"), "vis": str(tmp_path / "out_vis.png")}
    assert [each["written"] for each in told["fused"]] == [written]
    assert (told["failed"], told["skipped"]) == ([], [])


# What files hold besides the two pictures.


def test_thermal_in_the_fourth_channel_is_fused_with_the_colours_of_the_same_file(fuse, tmp_path):
    both = np.dstack([picture(12, 16, 3), picture(12, 16, seed=1)])
    (tmp_path / "rgbt.png").write_bytes(cv2.imencode(".png", both)[1].tobytes())
    code, lines = fuse(f"{tmp_path}/rgbt.png[3]", tmp_path / "rgbt.png", "--out", tmp_path / "out.png")
    assert code == 0
    assert len(lines) == 1
    assert "rgbt.png: alpha dropped; FILE[3] (band=3) reads it" in lines[0]


def test_one_file_for_both_sources_is_refused_with_the_way_out(pair, fuse, tmp_path):
    result = fuse(pair[1], pair[1].parent / "." / pair[1].name, "--out", tmp_path / "out.png")
    assert refused(result, r"is given for both sources; give two files, choose .*vis\.png\[3\].*leave VIS out")


def turned_on_its_side(path):
    """Writes a visible picture as a phone held upright does: stored lying, with EXIF orientation 6."""
    tifffile.imwrite(path, picture(12, 30, 3), photometric="rgb", metadata=None, extratags=[(274, 3, 1, 6, True)])


def test_an_orientation_that_parts_the_views_is_named_with_its_way_out(fuse, tmp_path):
    images.write(tmp_path / "ir.png", picture(30, 12))
    turned_on_its_side(tmp_path / "phone.tif")
    arguments = (tmp_path / "ir.png", tmp_path / "phone.tif", "--out", tmp_path / "out.png")
    for align in ("none", "auto", "each"):
        code, lines = fuse(*arguments, "--align", align)
        assert code == 2
        assert "they can't show the same view; pass --exif, which turns" in lines[-1]
        assert "phone.tif as its EXIF orientation says" in lines[-1]
    assert fuse(*arguments, "--exif") == (0, [])
    assert images.read(tmp_path / "out.png").shape == (30, 12, 3)


def test_folders_are_turned_too(fuse, tmp_path):
    for name in ("ir", "vis"):
        (tmp_path / name).mkdir()
    images.write(tmp_path / "ir" / "a.png", picture(30, 12))
    turned_on_its_side(tmp_path / "vis" / "a.tif")
    assert fuse(tmp_path / "ir", tmp_path / "vis", "--out", tmp_path / "out", "--exif") == (0, [])
    assert images.read(tmp_path / "out" / "a.png").shape == (30, 12, 3)


@pytest.mark.parametrize("ir_dtype", [np.uint8, np.uint16])
def test_a_visible_image_of_16_bits_in_colour_gives_such_a_result(ir_dtype, fuse, tmp_path):
    images.write(tmp_path / "ir.png", picture(12, 16, dtype=ir_dtype))
    images.write(tmp_path / "vis.png", picture(12, 16, 3, dtype=np.uint16))
    assert fuse(tmp_path / "ir.png", tmp_path / "vis.png", "--out", tmp_path / "out.png") == (0, [])
    fused = images.read(tmp_path / "out.png")
    assert fused.dtype == np.uint16
    assert fused.shape == (12, 16, 3)
    assert np.any(fused % 257)  # more than 8 bits, stretched


@pytest.mark.parametrize("folders", [False, True])
def test_results_keep_the_visible_files_metadata_and_the_infrared_one_none(folders, fuse, tmp_path):
    metadata = images.Metadata(icc=bytes(16) + b"RGB " + bytes(108), dpi=(300, 300))
    for name in ("ir", "vis"):
        (tmp_path / name).mkdir()
    images.write(tmp_path / "ir" / "a.png", picture(12, 16))
    images.write(tmp_path / "vis" / "a.png", picture(12, 16, 3), metadata=metadata)
    sources = [tmp_path / "ir", tmp_path / "vis"]
    out = tmp_path / "out"
    if not folders:
        sources, out = [each / "a.png" for each in sources], out / "a.png"
    assert fuse(*sources, "--out", out, "--sr") == (0, [])
    kept = {name: images.open(tmp_path / "out" / f"{name}.png").metadata for name in ("a", "a_vis", "a_ir")}
    assert [kept[name].icc == metadata.icc for name in kept] == [True, True, False]
    assert [kept[name].dpi is not None for name in kept] == [True, True, False]


def test_quality_reaches_the_file_and_is_refused_for_a_lossless_one(pair, fuse, tmp_path):
    for quality in (10, 90):
        assert fuse(*pair, "--out", tmp_path / f"{quality}.jpg", "--quality", quality) == (0, [])
    assert (tmp_path / "10.jpg").stat().st_size < (tmp_path / "90.jpg").stat().st_size
    assert refused(fuse(*pair, "--out", tmp_path / "out.png", "--quality", 50), r"\.png is lossless and has no quality")
