"""States on disk. Runs that are killed, or meet a full disk, are tested in `test_loop` and `test_processes`."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.errors import MfjaxError
from mfjax.training.checkpoints import HASHES, Checkpoints
from mfjax.training.step import State

ROOT = Path(__file__).parents[2]


def state(step):
    arrays = {"a": np.full((2, 3), step, np.float32)}, None, {"m": np.ones(4, np.float32)}, np.array(step, np.int32)
    return jax.tree.map(jnp.asarray, State(*arrays))


def test_state_comes_back_as_it_was_and_only_the_newest_few_are_kept(tmp_path):
    with closing(Checkpoints(tmp_path, keep=2)) as checkpoints:
        assert checkpoints.newest() is None
        for step in (3, 5, 8):
            checkpoints.save(step, state(step))
        checkpoints.wait()
        assert checkpoints.newest() == 8
        assert {path.name for path in tmp_path.iterdir()} == {"5", "8", HASHES}
        chex.assert_trees_all_equal(checkpoints.restore(5, state(0)), state(5))


def test_state_that_the_disk_has_no_room_for_is_not_begun_and_says_what_is_whole(tmp_path, monkeypatch):
    with closing(Checkpoints(tmp_path)) as checkpoints:
        checkpoints.save(3, state(3))
        needed = 2**20 + int(1.1 * 44)  # 44 bytes of arrays, and room for what tells of them
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=needed - 1))
        with pytest.raises(OSError, match="the newest whole one is of step 3: it takes 1 MiB, and 1 MiB are free"):
            checkpoints.save(5, state(5))
        checkpoints.wait()
        assert {path.name for path in tmp_path.iterdir()} == {"3", HASHES}
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=needed))
        checkpoints.save(5, state(5))
        checkpoints.wait()
        assert checkpoints.newest() == 5


@pytest.mark.parametrize("text", [None, "[1]", "{"])
def test_numbers_that_are_not_those_that_were_saved_are_refused_if_it_is_known_which_were(text, tmp_path):
    with closing(Checkpoints(tmp_path)) as checkpoints:
        for step in (3, 5):
            checkpoints.save(step, state(step))
        checkpoints.wait()
        shutil.rmtree(tmp_path / "5" / "default")
        shutil.copytree(tmp_path / "3" / "default", tmp_path / "5" / "default")
        with pytest.raises(ValueError, match="its numbers are not those that were saved"):
            checkpoints.restore(5, state(0))
        if text is None:
            (tmp_path / HASHES).unlink()
        else:
            (tmp_path / HASHES).write_text(text)
        chex.assert_trees_all_equal(checkpoints.restore(5, state(0)), state(3))


def test_a_file_in_the_place_of_checkpoints_is_named(tmp_path):
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(MfjaxError, match="checkpoints is a file, where a run keeps its checkpoints"):
        Checkpoints(tmp_path / "checkpoints")


def test_a_state_that_a_killed_run_has_not_finished_is_removed_at_once(tmp_path):
    (tmp_path / "3.orbax-checkpoint-tmp-0" / "default").mkdir(parents=True)
    with closing(Checkpoints(tmp_path)):
        assert list(tmp_path.iterdir()) == []


def test_a_state_without_a_file_is_set_aside_and_nothing_else_is_printed(tmp_path):
    code = """if True:
        import sys
        from contextlib import closing
        from pathlib import Path
        from mfjax.training.checkpoints import Checkpoints
        from tests.training.test_checkpoints import state
        with closing(Checkpoints(Path(sys.argv[1]))) as checkpoints:
            for step in (3, 5):
                checkpoints.save(step, state(step))
            checkpoints.wait()
            (Path(sys.argv[1]) / "5" / "default" / "manifest.ocdbt").unlink()
            try:
                checkpoints.restore(5, state(0))
            except Exception as error:
                checkpoints.set_aside(5, error)
            assert checkpoints.newest() == 3
        """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert len(done.stderr.splitlines()) == 1
    assert "the checkpoint of step 5 can't be read and is now" in done.stderr
