"""Translates the recipes in files of earlier versions to today's fields."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The options of each target that were fields of the recipe itself, and their names today.
OPTIONS = {
    "sources": {"contrast_weight": "contrast_weight", "contrast_pairs": "contrast_pairs"},
    "enhanced": {"contrast_gain": "gain", "sharpness": "sharpness"},
    "teacher": {"teacher": "model"},
}


def translated(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a recipe, as a weights file or a run's folder holds it, with today's fields of `TrainConfig`.

    The fusion target used to be a string, "fusion_target", beside the options of all targets, of which only its own had
    an effect; only these are kept. A boolean, "fusion_trains_branches", used to say whether the fusion loss trained all
    parameters in phase one. A recipe of today's form is returned unchanged, and fields that a recipe lacks stay absent.

    Args:
        recipe: the fields of a recipe, parsed from JSON.
    """
    recipe = dict(recipe)
    joint = recipe.pop("fusion_trains_branches", None)
    if joint is not None and "phase_one" not in recipe:
        recipe["phase_one"] = "paper" if joint else "apart"
    kind = recipe.pop("fusion_target", "sources")  # before there was a choice
    old = {name: recipe.pop(name) for names in OPTIONS.values() for name in names if name in recipe}
    if "target" in recipe:
        return recipe
    options = {today: old[name] for name, today in OPTIONS.get(kind, {}).items() if name in old}
    if kind == "teacher" and "model" in options:
        options["model"] = Path(options["model"]).name  # as it is written now: not its place on somebody's machine
    return recipe | {"target": {"kind": kind, **options}}
