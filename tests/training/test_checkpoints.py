"""States on disk. Runs that are killed, or meet a full disk, are tested in `test_loop` and `test_processes`."""

import shutil
from contextlib import closing
from types import SimpleNamespace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.training.checkpoints import Checkpoints
from mfjax.training.step import State


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
        assert {path.name for path in tmp_path.iterdir()} == {"5", "8"}
        chex.assert_trees_all_equal(checkpoints.restore(5, state(0)), state(5))


def test_state_that_the_disk_has_no_room_for_is_not_begun_and_says_what_is_whole(tmp_path, monkeypatch):
    with closing(Checkpoints(tmp_path)) as checkpoints:
        checkpoints.save(3, state(3))
        needed = 2**20 + int(1.1 * 44)  # 44 bytes of arrays, and room for what tells of them
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=needed - 1))
        with pytest.raises(OSError, match="the newest whole one is of step 3: it takes 1 MiB, and 1 MiB are free"):
            checkpoints.save(5, state(5))
        checkpoints.wait()
        assert [path.name for path in tmp_path.iterdir()] == ["3"]
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=needed))
        checkpoints.save(5, state(5))
        checkpoints.wait()
        assert checkpoints.newest() == 5
