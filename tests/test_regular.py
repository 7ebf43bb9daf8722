"""Only regular files are read: a pipe or a device is refused at once, wherever it lies."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import mfjax
from mfjax import MfjaxError, images
from mfjax.alignment import Alignment
from mfjax.cli import main
from mfjax.data.sets.built import INDEX, _read_index
from mfjax.pairing import read_list
from mfjax.training import history, log, seen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")


READERS = images.read, images.read_thermal, images.has_photo, read_list, Alignment.load, mfjax.load


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path / "pipe.png"


@pytest.mark.parametrize("read", READERS)
def test_a_pipe_is_refused_by_name(read, pipe):
    with pytest.raises(MfjaxError, match=r"pipe\.png: is a pipe or device, not a file"):
        read(pipe)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (history.FILE, history._read),
        (log.FILE, lambda folder: log._drop_after(folder / log.FILE, 5)),
        (seen.FILE, seen.read),
        (INDEX, lambda folder: _read_index(folder / INDEX)),
    ],
)
def test_a_pipe_in_a_runs_or_a_data_sets_folder_is_refused_by_name(name, read, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(MfjaxError, match=f"{name}: is a pipe or device, not a file"):
        read(tmp_path)


def test_a_device_that_never_ends_is_refused_by_name():
    with pytest.raises(MfjaxError, match="/dev/zero: is a pipe or device"):
        images.read(Path("/dev/zero"))


def test_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(MfjaxError, match="is a folder, not a file"):
        images.read(tmp_path)


def test_a_pipe_among_the_files_of_a_folder_fails_alone(tmp_path, tiny_weights, capsys):
    for side in ("ir", "vis"):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "a.png", np.arange(64, dtype=np.uint8).reshape(8, 8))
    os.mkfifo(tmp_path / "ir" / "b.png")
    images.write(tmp_path / "vis" / "b.png", np.arange(64, dtype=np.uint8).reshape(8, 8))
    folders = [str(tmp_path / side) for side in ("ir", "vis")]
    assert main(["fuse", *folders, "--out", str(tmp_path / "out"), "--model", str(tiny_weights)]) == 1
    assert "b.png: is a pipe or device, not a file" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises((MfjaxError, FileNotFoundError), match=r"no such file|no name of a file"):
        images.read("a\0b.png")
