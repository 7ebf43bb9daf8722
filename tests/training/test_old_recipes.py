"""Recipes of earlier versions in today's fields."""

import pytest

from mfjax.training.old_recipes import translated

OLD = {
    "seed": 3,
    "contrast_weight": 0.01,
    "contrast_pairs": 64,
    "contrast_gain": 1.2,
    "sharpness": 1.06,
    "teacher": "runs/a/small.safetensors",
    "fusion_trains_branches": False,
}


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("sources", {"kind": "sources", "contrast_weight": 0.01, "contrast_pairs": 64}),
        ("enhanced", {"kind": "enhanced", "gain": 1.2, "sharpness": 1.06}),
        ("teacher", {"kind": "teacher", "model": "small.safetensors"}),
    ],
)
def test_target_has_the_options_that_had_an_effect_on_it(kind, target):
    assert translated(OLD | {"fusion_target": kind}) == {"seed": 3, "phase_one": "apart", "target": target}


def test_recipe_from_before_there_was_a_choice_is_towards_the_sources_and_says_no_more_than_it_did():
    assert translated({"contrast_weight": 0.01}) == {"target": {"kind": "sources", "contrast_weight": 0.01}}
    assert translated({"fusion_trains_branches": True})["phase_one"] == "paper"


def test_recipe_of_today_stays_as_it_is():
    today = {"seed": 3, "phase_one": "super-resolution", "target": {"kind": "later", "strength": 2}}
    assert translated(today) == today
