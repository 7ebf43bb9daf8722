"""Batches of pairs, spread over devices, give the results of single pairs."""

import dataclasses
import re

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from mfjax import Alignment
from mfjax.inference import batches
from mfjax.inference.batches import Batches, fuse_spread, fuse_spread_in_place
from mfjax.inference.fuser import Fuser
from mfjax.inference.request import Request

PROGRAMS = fuse_spread, fuse_spread_in_place


@pytest.fixture(scope="module")
def fuser(tiny_config, random_params):
    config = dataclasses.replace(tiny_config, compensations=0)  # attention has statistics of whole images
    return Fuser.of(config, random_params(config), engine="xla")


def pictures(count, *size, dtype=np.uint8):
    rng = np.random.default_rng(size[0] * size[1])
    return [rng.integers(0, 256, size).astype(dtype) for _ in range(count)]


def assert_equal(batch, alone):
    for ours, theirs in zip(batch, alone, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, atol=1)  # gray levels, where rounding decides


def test_batch_gives_what_calls_give_in_the_order_of_the_pairs(fuser):
    irs = [*pictures(3, 12, 16), *pictures(1, 10, 10), *pictures(2, 12, 16)[1:]]
    viss = [*pictures(3, 24, 32, 3), *pictures(1, 20, 20), *pictures(2, 24, 32, 3)[1:]]
    assert_equal(fuser.batch(irs, viss, scale=1.5), [fuser(*pair, scale=1.5) for pair in zip(irs, viss, strict=True)])


def test_batch_can_be_an_array(fuser):
    irs, viss = np.stack(pictures(9, 12, 16)), np.stack(pictures(9, 12, 16))[::-1]
    assert_equal(fuser.batch(irs, viss), [fuser(*pair) for pair in zip(irs, viss, strict=True)])


def test_batch_with_a_tile_or_of_large_images_is_made_in_parts(fuser, monkeypatch):
    irs, viss = pictures(2, 24, 32), pictures(2, 48, 64)
    expected = [fuser(*pair) for pair in zip(irs, viss, strict=True)]
    monkeypatch.setattr(Batches, "__call__", lambda *_: pytest.fail("made at once"))
    assert_equal(fuser.batch(irs, viss, tile=96), expected)
    monkeypatch.setattr(batches, "MAX_PIXELS", 48 * 64 - 1)
    assert_equal(fuser.batch(irs, viss), expected)


@pytest.mark.parametrize(
    ("matrix", "view"),
    [
        ([[1.5, 0, -0.26], [0, 1.5, -0.24], [0, 0, 1]], "visible"),
        ([[1.4, -0.06, -0.2], [0.1, 1.4, -0.25], [0, 0, 1]], "infrared"),
    ],
    ids=["placed", "turned"],
)
def test_batch_of_aligned_pairs_is_made_at_once_as_calls_make_it(fuser, matrix, view, monkeypatch):
    irs, viss = pictures(2, 12, 16), pictures(2, 24, 32, 3)
    options = {"align": Alignment(np.array(matrix), (12, 16), (24, 32)), "view": view}
    expected = [fuser(*pair, **options) for pair in zip(irs, viss, strict=True)]
    made, called = [], Batches.__call__
    monkeypatch.setattr(Batches, "__call__", lambda *args, **places: made.append(args[3]) or called(*args, **places))
    assert_equal(fuser.batch(irs, viss, **options), expected)
    assert len(made) == 1


def test_aligned_pairs_of_other_places_are_not_made_at_once(fuser):
    ir, vis = pictures(1, 12, 16)[0], pictures(1, 24, 32)[0]
    maps = [np.array([[0.51, 0, left], [0, 0.51, 0.2], [0, 0, 1]]) for left in (0.26, 0.28, 0.26)]
    places = [Alignment(each, (12, 16), (24, 32)) for each in maps]
    requests = [Request.of(ir, vis, align=each) for each in places]
    assert len({each.shapes for each in requests}) == 1
    assert_equal(fuser.fuse_requests(requests), [fuser(ir, vis, align=each) for each in places])


def test_batch_of_unequal_numbers_is_refused(fuser):
    with pytest.raises(ValueError, match="shorter"):
        fuser.batch(pictures(2, 12, 16), pictures(1, 12, 16))


def test_batch_works_with_openvino_one_by_one(tiny_config, tiny_params):
    pytest.importorskip("mfjax.inference.backends.openvino")  # OpenVINO itself starts a process
    fuser = Fuser.of(tiny_config, tiny_params, engine="openvino")
    assert fuser.batch_size == 1
    irs, viss = pictures(2, 12, 16), pictures(2, 24, 32)
    assert_equal(fuser.batch(irs, viss), [fuser(*pair) for pair in zip(irs, viss, strict=True)])


def test_visible_images_give_their_memory_to_an_output(fuser):
    mesh = Mesh(np.array(jax.devices()[:1]), (batches.AXIS,))
    images = [np.zeros((1, *size), np.float32) for size in ((12, 16), (24, 32))]
    arguments = fuser.config, np.dtype("float32"), mesh, (24, 32), 3.0, (None, None), fuser.params, *images
    aliased = [f.lower(*arguments).compile().memory_analysis().alias_size_in_bytes for f in PROGRAMS]
    assert aliased == [0, images[1].nbytes]


def test_devices_work_on_their_pairs_without_each_other(fuser):
    count = 8
    mesh = Mesh(np.array(jax.devices()[:count]), (batches.AXIS,))
    images = [np.zeros((count, *size), np.float32) for size in ((12, 16), (24, 32))]
    lowered = fuse_spread.lower(
        fuser.config, np.dtype("float32"), mesh, (24, 32), 3.0, (None, None), fuser.params, *images
    )
    program = lowered.compile().as_text()
    assert f"num_partitions={count}" in program
    assert not re.findall(r"all-reduce|all-gather|all-to-all|collective|reduce-scatter| send\(| recv\(", program)


def test_incomplete_round_takes_the_same_program(fuser):
    batches_of_all_devices = Fuser.of(fuser.config, fuser.params, engine="xla").backend._batches
    images = [[picture / np.float32(255) for picture in pictures(11, *size)] for size in ((12, 16), (12, 20))]
    before = fuse_spread_in_place._cache_size()
    assert len(list(batches_of_all_devices(*images, (12, 20)))) == 11
    assert fuse_spread_in_place._cache_size() == before + 1
