"""What commands say while they work, and when they are interrupted."""

import subprocess
import sys

import numpy as np
import pytest

from mfjax import images
from mfjax.cli import main, progress
from mfjax.inference import files

WITHOUT_TRAIN = """
import sys
for name in ("grain", "importlib_resources", "tensorboardX", "tensorflow_datasets"):
    sys.modules[name] = None
from mfjax.cli import main
sys.exit(main(["train", "--help"]))
"""


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until its only number is changed."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_an_image_that_takes_long_is_announced_and_followed_by_a_line_every_half_minute(clock, capsys):
    watch = progress.WithinImages("large.png")
    for seconds, share in ((0, 0.0), (5, 0.0001), (7, 0.0101), (25, 0.1), (45, 0.2), (55, 0.25), (205, 1.0)):
        clock[0] = 100 + seconds
        watch((9600, 12800), share)
    assert capsys.readouterr().err.splitlines() == [
        "large.png: 9600x12800 pixels, which will take about 3 min",
        "large.png: 20% done, about 3 min left",
    ]


def test_an_image_that_takes_less_than_half_a_minute_is_not_worth_a_line(clock, capsys):
    watch = progress.WithinImages("small.png")
    for seconds, share in ((0, 0.0), (20, 0.2), (22, 0.4), (28, 0.9), (29, 1.0)):
        clock[0] = 100 + seconds
        watch((480, 640), share)
    assert capsys.readouterr().err == ""


def test_an_interrupted_folder_says_how_many_pairs_are_done_and_how_to_go_on(
    tmp_path, tiny_weights, monkeypatch, capsys
):
    for kind in ("ir", "vis"):
        (tmp_path / kind).mkdir()
        for i in range(3):
            images.write(tmp_path / kind / f"{i}.png", np.full((8, 10), 40 * i, np.uint8))
    write, written = files.write, []

    def interrupted(job, *rest, **options):
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(job)
        write(job, *rest, **options)

    monkeypatch.setattr(files, "write", interrupted)
    folders = [str(tmp_path / kind) for kind in ("ir", "vis")]
    assert main(["fuse", *folders, "--out", str(tmp_path / "out"), "--model", str(tiny_weights)]) == 130
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "warning: 1 of 3 pairs are fused; the same command with --skip-finished goes on",
        "error: interrupted",
    ]


def test_help_on_training_needs_none_of_its_packages():
    done = subprocess.run([sys.executable, "-c", WITHOUT_TRAIN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--data.roots" in done.stdout
