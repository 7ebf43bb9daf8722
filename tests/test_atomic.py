"""Files are written completely or not at all."""

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
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
