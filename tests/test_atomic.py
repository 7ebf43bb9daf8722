"""Files are written completely or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from mfjax import atomic


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.json"
    for content in (b"old", b"new"):
        atomic.write_bytes(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named_and_no_other_is_replaced(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    missing = tmp_path / "nowhere" / "b.json"
    with pytest.raises(OSError, match="nowhere") as raised:
        atomic.write_all([(path, b"new"), (missing, b"new")])
    assert raised.value.filename == str(missing)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken") as raised:
        atomic.write_bytes(tmp_path / "taken", b"new")
    assert raised.value.filename == str(tmp_path / "taken")
    assert str(raised.value).endswith("taken'")  # and no second name
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_temporary_file_of_a_killed_process_is_removed_by_the_next_that_writes_there(tmp_path):
    code = (
        "import os, sys, signal; from pathlib import Path; from mfjax import atomic\n"
        "os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)\n"
        "atomic.write_bytes(Path(sys.argv[1]) / 'a', b'new')"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.glob(".*.tmp"))) == 1
    atomic.write_text(tmp_path / "b", "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_temporary_file_that_another_process_still_writes_stays(tmp_path):
    with atomic._new_file(tmp_path) as file:
        atomic._sweep(tmp_path)
        assert Path(file.name).exists()


def test_text_with_a_name_that_is_not_utf8_is_written(tmp_path):
    atomic.write_text(tmp_path / "a", "x\udcff")
    assert (tmp_path / "a").read_text() == "x\\udcff"
