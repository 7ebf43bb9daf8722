"""Folders of pairs and batches of crops."""

import itertools
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax.data.config import DataConfig
from mfjax.data.pairs import find_sources, pairs_in
from mfjax.data.pipeline import batches, draw_numerators, names_drawn


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two folders of pairs; a pixel's values identify the pair, and visible is infrared plus one."""
    top = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for source in ("a", "b"):
        for modality in ("ir", "vis"):
            (top / source / modality).mkdir(parents=True)
        for i in range(3):
            image = rng.integers(0, 255, (64, 72), dtype=np.uint8)
            cv2.imwrite(str(top / source / "ir" / f"{i}.png"), image)
            cv2.imwrite(str(top / source / "vis" / f"{i}.png"), image + 1)
    return top


@pytest.fixture(scope="module")
def config(root):
    return DataConfig(roots=(str(root),), crop=16, batch=2)


def take(config, count, **options):
    with closing(batches(config, 7, **options)) as reader:
        return [next(reader) for _ in range(count)]


def test_both_sources_of_a_crop_come_from_the_same_place(config):
    for batch in take(config, 4):
        np.testing.assert_array_equal(batch.vis, batch.ir + 1)


def test_batches_are_the_same_for_the_same_seed_and_differ_between_steps(config):
    first, second = take(config, 4), take(config, 4)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.ir, b.ir)
        np.testing.assert_array_equal(a.numerators, b.numerators)
    assert not np.array_equal(first[0].ir, first[1].ir)


def test_batches_from_a_later_start_are_those_of_the_unbroken_run(config):
    for a, b in zip(take(config, 6)[4:], take(config, 2, start=4), strict=True):
        np.testing.assert_array_equal(a.ir, b.ir)
        np.testing.assert_array_equal(a.numerators, b.numerators)


def test_batch_can_be_one_pair(config):
    crops = [crop for batch in take(config, 2) for crop in batch.ir]
    for alone, crop in zip(take(replace(config, batch=1), 4), crops, strict=True):
        np.testing.assert_array_equal(alone.ir, crop[None])


def test_processes_can_get_one_pair_of_a_batch_each(config):
    config = replace(config, batch=4)
    [whole] = take(config, 1, start=2)
    parts = [take(config, 1, start=2, part=part, parts=4)[0].ir for part in range(4)]
    np.testing.assert_array_equal(np.concatenate(parts), whole.ir)


def test_scales_of_the_two_sources_are_drawn_independently_over_the_whole_range(config):
    drawn = np.array([draw_numerators(config, 0, step) for step in range(2000)])
    assert set(drawn[:, 0]) == set(drawn[:, 1]) == set(range(10, 31))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1


def test_weights_say_how_often_the_pairs_of_a_folder_are_drawn(config):
    names = [name for step in range(100) for name in names_drawn(replace(config, weights={"b": 3}), 7, step)]
    assert sum("/b/" in name for name in names) == 150


def test_flat_crops_are_avoided_where_there_are_others(tmp_path):
    image = np.zeros((200, 200), np.uint8)
    image[100:] = np.random.default_rng(0).integers(0, 255, (100, 200))
    for modality in ("ir", "vis"):
        (tmp_path / modality).mkdir()
        cv2.imwrite(str(tmp_path / modality / "half_black.png"), image)
    config = DataConfig(roots=(str(tmp_path),), crop=16, batch=8)

    def flat(config):
        return np.mean([batch.ir.std(axis=(1, 2)) < 0.03 * 255 for batch in take(config, 10)])

    assert flat(replace(config, min_detail=0.03)) < 0.1 < flat(config)


def test_names_without_a_partner_are_named(tmp_path):
    for modality in ("ir", "vis"):
        (tmp_path / modality).mkdir()
    for path in ("ir/one.png", "vis/one.png", "ir/two.png"):
        (tmp_path / path).touch()
    with pytest.raises(ValueError, match=r"not all images in .* are in pairs: no visible image for two\.png"):
        pairs_in(tmp_path)


def test_two_files_of_one_name_are_named(tmp_path):
    for path in ("ir/one.png", "vis/one.png", "vis/one.jpg"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    with pytest.raises(ValueError, match=r"several files of one name: one\.jpg, one\.png, one\.png; leave one"):
        pairs_in(tmp_path)


def test_weight_of_a_folder_that_is_not_there_is_one_warning(config, caplog):
    next(batches(replace(config, weights={"elsewhere": 2}), 0))
    assert [record.getMessage() for record in caplog.records] == [
        "data.weights names elsewhere, but no training folder is called so"
    ]


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere is not a folder"):
        find_sources([tmp_path / "nowhere"])


def test_image_smaller_than_a_crop_is_named_with_both_sizes(config):
    reader = batches(replace(config, crop=64), 0)
    with pytest.raises(ValueError, match=r"64x72; training needs images of 96x96"):
        next(reader)


def test_weights_that_are_not_positive_are_refused():
    with pytest.raises(ValueError, match=r"weights is .*-1.* must be positive"):
        DataConfig(weights={"a": -1.0})


def test_crops_are_turned_and_flipped_in_all_eight_ways(tmp_path):
    rows, cols = np.mgrid[:24, :24]
    for modality in ("ir", "vis"):
        (tmp_path / modality).mkdir()
        cv2.imwrite(str(tmp_path / modality / "ramp.png"), (4 * rows + 2 * cols).astype(np.uint8))
    found = {
        (int(crop[1, 0, 0]) - int(crop[0, 0, 0]), int(crop[0, 1, 0]) - int(crop[0, 0, 0]))
        for batch in take(DataConfig(roots=(str(tmp_path),), crop=8, batch=8), 20)
        for crop in batch.ir
    }
    assert found == {(a, b) for a, b in itertools.product((-4, -2, 2, 4), repeat=2) if abs(a) != abs(b)}


def test_threads_and_worker_processes_do_not_change_the_batches(config):
    plain = take(config, 5, start=3)
    for change in ({"threads": 3, "prefetch": 1}, {"workers": 2, "threads": 1}):
        for a, b in zip(plain, take(replace(config, **change), 5, start=3), strict=True):
            np.testing.assert_array_equal(a.vis, b.vis)
            np.testing.assert_array_equal(a.numerators, b.numerators)


READ_WITH_WORKERS = """
import multiprocessing, time
from mfjax.data.config import DataConfig
from mfjax.data.pipeline import batches

if __name__ == "__main__":
    reader = batches(DataConfig(roots=({root!r},), crop=16, batch=2, workers=2, threads=1), 0)
    next(reader)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks for processes in /proc")
def test_workers_end_with_a_run_that_is_killed(root, tmp_path):
    script = tmp_path / "read.py"
    script.write_text(READ_WITH_WORKERS.format(root=str(root)))
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as run:
        workers = [int(pid) for pid in run.stdout.readline().split()]
        assert len(workers) == 2
        for pid in workers:  # as Ctrl-C reaches them, too: they go on
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
        assert all(_runs(pid) for pid in workers)
        run.kill()
    deadline = time.monotonic() + 20
    while any(_runs(pid) for pid in workers):
        assert time.monotonic() < deadline, "workers still there"
        time.sleep(0.05)


def _runs(pid):
    """Returns true if a process exists and isn't a zombie that nobody has waited for."""
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_names_of_the_pairs_of_a_batch_can_be_told(config):
    [batch] = take(config, 1, start=5)
    names = names_drawn(config, 7, 5)
    assert len(names) == config.batch
    for name, crop in zip(names, batch.ir[..., 0], strict=True):
        image = cv2.imread(name, cv2.IMREAD_GRAYSCALE)
        views = [np.rot90(turned, k) for turned in (crop, crop[::-1]) for k in range(4)]
        places = np.lib.stride_tricks.sliding_window_view(image, crop.shape)
        assert any((places == view).all(axis=(2, 3)).any() for view in views)


def test_value_that_reading_can_not_have_is_named():
    for name, value in (("threads", -1), ("workers", -1), ("prefetch", 0), ("batch", 0)):
        with pytest.raises(ValueError, match=f"{name} is {value}"):
            DataConfig(**{name: value})
