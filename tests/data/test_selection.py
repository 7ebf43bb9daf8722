"""The selection of pairs to train on and pairs to hold out."""

from dataclasses import replace

import numpy as np
import pytest

from mfjax import images
from mfjax.data.config import DataConfig
from mfjax.data.pipeline import batches, training_pairs, validation_pairs
from mfjax.data.selection import proportions, select, shares

NAMES = [f"set/{number:05d}" for number in range(1_000)]


def test_selection_has_the_sizes_asked_for_and_no_pair_in_both_parts():
    training, validation = select(NAMES, 620, 20, seed=0)
    assert (len(training), len(validation)) == (600, 20)
    assert not {*training} & {*validation}
    assert {*training, *validation} <= {*range(1_000)}


def test_selection_depends_on_names_not_on_their_order():
    shuffled = np.random.default_rng(0).permutation(NAMES).tolist()
    for one, other in zip(select(NAMES, 620, 20, 3), select(shuffled, 620, 20, 3), strict=True):
        assert {NAMES[index] for index in one} == {shuffled[index] for index in other}


def test_another_seed_selects_other_pairs():
    first, second = select(NAMES, 500, 0, 0).training, select(NAMES, 500, 0, 1).training
    assert 200 < len({*first} & {*second}) < 300  # 250 by chance
    assert select(NAMES, 500, 0, 0).training == first


def test_more_pairs_than_there_are_can_not_be_chosen():
    with pytest.raises(ValueError, match=r"1,001 to choose of 1,000"):
        select(NAMES, 1_001, 0, 0)


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [([95_000, 14_452], 12_400, [6_200, 6_200]), ([10, 500], 101, [10, 91]), ([3, 3], 6, [3, 3]), ([5], 0, [0])],
)
def test_shares_are_even_unless_a_set_is_too_small(sizes, count, expected):
    assert shares(sizes, count) == expected


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ([172, 270, 17], 40, [15, 24, 1]),
        ([6200, 6200], 400, [200, 200]),
        ([1, 1, 9], 5, [0, 0, 5]),
        ([3, 0], 0, [0, 0]),
    ],
)
def test_pairs_are_held_out_in_proportion_and_never_all_of_a_set(sizes, count, expected):
    assert proportions(sizes, count) == expected


@pytest.fixture
def config(tmp_path):
    """Two folders of four and eight pairs; every pixel of an image has its pair's number as value."""
    for folder, numbers in (("a", range(4)), ("b", range(4, 12))):
        for modality in ("ir", "vis"):
            (tmp_path / folder / modality).mkdir(parents=True)
            for number in numbers:
                images.write(tmp_path / folder / modality / f"{number}.png", np.full((32, 32), number, np.uint8))
    return DataConfig(roots=(str(tmp_path),), crop=8, batch=4)


def test_pairs_held_out_are_never_drawn_and_all_others_are(config):
    config = replace(config, held_out=4)
    held_out = {int(pair.ir[0, 0]) for source in validation_pairs(config) for pair in source}
    reader = batches(config, 0)
    drawn = {int(crop[0, 0, 0]) for _ in range(12) for crop in next(reader).ir}
    assert len(held_out) == 4
    assert drawn == {*range(12)} - held_out


def test_as_many_pairs_of_each_folder_are_chosen(config):
    config = replace(config, pairs=6, held_out=2)
    assert [len(source) for source in training_pairs(config)] == [2, 2]
    assert [len(source) for source in validation_pairs(config)] == [1, 1]


def test_all_pairs_are_trained_on_unless_said_otherwise(config):
    assert [len(source) for source in training_pairs(config)] == [4, 8]
    assert validation_pairs(config) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pairs": 13}, "13 pairs are to be chosen, but there are 12"),
        ({"held_out": 11}, "11 pairs are to be held out of 12 in 2 folders; leave some of each"),
    ],
)
def test_choice_that_can_not_be_made_is_refused_when_batches_are_asked_for(config, values, message):
    with pytest.raises(ValueError, match=message):
        batches(replace(config, **values), 0)


def test_negative_numbers_of_pairs_are_refused():
    with pytest.raises(ValueError, match="held_out -1; neither can be negative"):
        DataConfig(held_out=-1)


def test_missing_data_is_an_error_at_the_call():
    with pytest.raises(ValueError, match="no training data"):
        batches(DataConfig(), 0)
    with pytest.raises(ValueError, match="nowhere is not a folder"):
        batches(DataConfig(roots=("nowhere",)), 0)
