"""Completion of commands and flags, as bash does it."""

import shutil
import subprocess

import pytest

from mfjax.cli import main

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A function that returns what bash offers for a line's last word."""
    path = tmp_path_factory.mktemp("completion") / "mfjax.sh"
    with pytest.MonkeyPatch.context() as patch, path.open("w") as file:
        patch.setattr("sys.stdout", file)
        assert main(["completion", "bash"]) == 0

    def offered(*words):
        line = f". {path}; COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; _mfjax; "
        done = subprocess.run(["bash", "-c", line + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True)
        assert done.stderr == ""
        return done.stdout.split()

    return offered


def test_commands_are_completed_by_their_first_and_second_words(complete):
    assert complete("mfjax", "fu") == ["fuse"]
    assert complete("mfjax", "reproduce", "table") == ["table2", "table3", "table4", "table5"]


def test_flags_are_those_of_the_command(complete):
    assert complete("mfjax", "fuse", "ir.png", "--skip") == ["--skip-finished"]
    assert "--benchmark" in complete("mfjax", "evaluate", "--")
    assert complete("mfjax", "data", "show", "--she") == []
    assert complete("mfjax", "data", "show", "--spl") == ["--split"]
    assert complete("mfjax", "train", "--data.r") == ["--data.roots"]


def test_names_of_files_are_left_to_the_shell(complete):
    assert complete("mfjax", "fuse", "ir") == []
