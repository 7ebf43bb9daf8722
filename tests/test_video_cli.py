import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from mfjax import Alignment, images, weights
from mfjax.cli import main, progress, video
from mfjax.video import Frame


@pytest.fixture
def sequences(tmp_path):
    """A function that writes two folders of so many small images, of which every eighth is the same."""

    def write(count):
        rng = np.random.default_rng(0)
        for name in ("ir", "vis"):
            (tmp_path / name).mkdir()
            pictures = [rng.integers(0, 255, (24, 32), dtype=np.uint8) for _ in range(8)]
            files = [images.encode(picture, tmp_path / "any.png") for picture in pictures]
            for i in range(count):
                (tmp_path / name / f"{i:04d}.png").write_bytes(files[i % 8])
        return str(tmp_path / "ir"), str(tmp_path / "vis")

    return write


@pytest.fixture
def fast_main(black_network, tiny_weights):
    """The command line with a small model that does not compile its last layers."""

    def run(*arguments):
        return main(["video", *map(str, arguments), "--model", str(tiny_weights), "--engine", "xla"])

    return run


def test_images_are_fused_to_images_without_pyav(fast_main, sequences, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert fast_main(*sequences(3), "--out", tmp_path / "out") == 0
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    printed = capsys.readouterr()
    assert "out: 3 frames of 24x32" in printed.out
    assert "note: images are taken as 25 frames a second; rate (--rate) says another" in printed.err


def test_a_summary_as_json(fast_main, sequences, tmp_path, capsys):
    assert fast_main(*sequences(3), "--out", tmp_path / "a.mp4", "--json", "--quiet", "--seconds", "0.07") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["height"], told["width"], told["notes"]) == (2, 24, 32, [])


def test_images_are_resumed_at_the_first_one_that_is_missing(fast_main, sequences, tmp_path, capsys):
    sources = sequences(5)
    assert fast_main(*sources, "--out", tmp_path / "out") == 0
    for name in ("00003.png", "00004.png"):
        (tmp_path / "out" / name).unlink()
    assert fast_main(*sources, "--out", tmp_path / "out", "--resume") == 0
    printed = capsys.readouterr()
    assert "2 frames of 24x32 (3 were there)" in printed.out
    assert "goes on after the first 3 frames" in printed.err
    assert len([*(tmp_path / "out").iterdir()]) == 5


def test_a_video_is_resumed(fast_main, sequences, tmp_path, capsys):
    sources = sequences(70)
    assert fast_main(*sources, "--out", tmp_path / "a.mp4", "--seconds", "2.4") == 0
    assert fast_main(*sources, "--out", tmp_path / "a.mp4", "--resume") == 0
    assert "20 frames of 24x32 (50 were there)" in capsys.readouterr().out
    assert fast_main(*sources, "--out", tmp_path / "a.mp4", "--resume", "--scale", "2") == 2
    assert "was made with other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name IR and VIS, or two cameras by --live IR_DEV VIS_DEV"),
        (["{ir}", "{vis}", "--live", "0", "1"], "name IR and VIS, or two cameras"),
        (["{ir}", "{vis}", "--view", "overlap"], "add --align auto or --align RIG.json"),
        (["{ir}", "{vis}", "--bits", "16"], "a video has 8 bits; write images"),
        (["{ir}", "{vis}", "--start", "-1"], "--start is -1"),
        (["{ir}", "{vis}", "--crf", "60"], "crf is 60; it is from 0"),
        (["--live", "0", "1", "--resume"], "leave --resume and --start out"),
        (["{ir}"], "is one source; name the visible one, too"),
    ],
)
def test_flags_that_do_not_go_together_are_one_line(fast_main, sequences, tmp_path, capsys, arguments, message):
    ir, vis = sequences(2)
    arguments = [each.format(ir=ir, vis=vis) for each in arguments]
    assert fast_main(*arguments, "--out", tmp_path / "a.mp4") == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "a.mp4").exists()


def test_an_output_of_another_kind_is_refused(fast_main, sequences, tmp_path, capsys):
    assert fast_main(*sequences(2), "--out", tmp_path / "a.avi") == 2
    assert "is none of what a video is written to" in capsys.readouterr().err


def test_sources_are_not_overwritten(fast_main, sequences, tmp_path, capsys):
    ir, vis = sequences(3)
    before = {each: each.read_bytes() for each in (tmp_path / "vis").iterdir()}
    for flags in ([], ["--resume"]):
        assert fast_main(ir, vis, "--out", tmp_path / "vis" / "%04d.png", *flags) == 2
        errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1
        assert errors[0].endswith(".png is a source and would be overwritten; choose another output")
    assert {each: each.read_bytes() for each in (tmp_path / "vis").iterdir()} == before


def test_a_hidden_source_is_not_moved_by_resuming(fast_main, sequences, tmp_path, capsys):
    source, other = tmp_path / ".a.part.mkv", tmp_path / "b.mkv"
    assert fast_main(*sequences(3), "--out", other) == 0
    shutil.copy(other, source)
    assert fast_main(source, other, "--out", tmp_path / "a.mkv", "--resume") == 2
    assert ".a.part.mkv is a source and would be overwritten" in capsys.readouterr().err
    assert source.exists()
    assert not (tmp_path / "a.mkv").exists()


def test_ctrl_c_leaves_a_video_that_plays(sequences, tmp_path, tiny_weights):
    av = pytest.importorskip("av")
    sources, out = sequences(2000), tmp_path / "a.mp4"
    command = [sys.executable, "-m", "mfjax", "video", *sources, "--out", str(out), "--model", str(tiny_weights)]
    with subprocess.Popen([*command, "--engine", "xla"], stderr=subprocess.PIPE, text=True, env=os.environ) as child:
        for _ in range(1200):
            if out.exists() and out.stat().st_size > 2000:
                break
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        errors = child.communicate(timeout=60)[1]
    assert child.returncode == 130, errors
    assert "the same command with --resume goes on" in errors
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5


def test_progress_is_a_line_every_half_minute_without_a_terminal(monkeypatch, capsys):
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    shown = progress.Progress("a.mp4", 100, "frame", done=40)
    for _ in range(4):
        shown.step()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("a.mp4: 42 of about 100 frames, 0.0 frames/s, ")
    assert lines[0].endswith("min left")


def test_the_comment_tells_settings_apart():
    assert video._comment({"a": 1}) == video._comment({"a": 1}) != video._comment({"a": 2})


def test_a_part_of_sequences_plays_from_its_begin_and_is_resumed(fast_main, sequences, tmp_path, capsys):
    av = pytest.importorskip("av")
    sources = sequences(95)
    assert fast_main(*sources, "--out", tmp_path / "a.mp4", "--start", "1", "--seconds", "2.4") == 0
    assert fast_main(*sources, "--out", tmp_path / "a.mp4", "--start", "1", "--resume") == 0
    assert "20 frames of 24x32 (50 were there)" in capsys.readouterr().out
    with av.open(str(tmp_path / "a.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([i / 25 for i in range(70)], abs=2e-3)


def test_a_video_is_not_resumed_with_another_rig_or_model_of_the_same_name(
    black_network, sequences, tmp_path, tiny_weights, capsys
):
    rig, model, out = (tmp_path / name for name in ("rig.json", "model.safetensors", "a.mp4"))
    place, trained = Alignment.identity((24, 32), (24, 32)), weights.load(tiny_weights)
    sources = sequences(70)

    def run(*arguments):
        command = ["video", *sources, "--out", out, "--align", rig, "--model", model, "--engine", "xla", *arguments]
        return main([*map(str, command)])

    place.save(rig)
    shutil.copy(tiny_weights, model)
    assert run("--seconds", "2.4") == 0
    replace(place, matrix=np.array([[1, 0, 0.1], [0, 1, 0], [0, 0, 1]])).save(rig)
    assert run("--resume") == 2
    place.save(rig)
    weights.save(model, trained.config, trained.params, {"recipe": "for longer"})
    assert run("--resume") == 2
    assert capsys.readouterr().err.count("was made with other settings") == 2
    shutil.copy(tiny_weights, model)
    assert run("--resume") == 0
    assert "20 frames of 24x32 (50 were there)" in capsys.readouterr().out


def test_ctrl_c_is_the_usual_end_of_a_live_recording(monkeypatch, black_network, tiny_weights, tmp_path, capsys):
    taken = iter(range(6))

    class Endless:
        duration, rate, is_live = None, 25.0, True

        def __init__(self, device, *, heat=False):
            self.name = f"camera {device}"

        def frames(self, start=0.0):
            for i in range(10_000):
                yield Frame(np.full((24, 32), i % 256, np.uint8), i / 25)

    def written(self, frame):
        if next(taken, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(video, "Camera", Endless)
    monkeypatch.setattr(video.numbering.ImageWriter, "write", written)
    arguments = ["--live", "0", "2", "--out", str(tmp_path / "out"), "--model", str(tiny_weights), "--engine", "xla"]
    assert main(["video", *arguments, "--ir-range", "full"]) == 0
    printed = capsys.readouterr()
    assert "out: 6 frames of 24x32" in printed.out
    assert "out: has 6 frames" in printed.err
    assert "--resume" not in printed.err
