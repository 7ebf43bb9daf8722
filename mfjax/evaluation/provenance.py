"""Describing in words how a model was trained, from the metadata of its weights file."""

from collections.abc import Mapping
from typing import Any

from mfjax.training.old_recipes import translated
from mfjax.training.targets import describe_json
from mfjax.weights.recipe import entries


def provenance(metadata: Mapping[str, str]) -> list[str]:
    """Returns a line for each run that made a model, in their order; none if its file does not tell.

    Args:
        metadata: the metadata of its weights file.
    """
    try:
        return _lines(entries(metadata), metadata)
    except (KeyError, TypeError, ValueError, AttributeError):  # fields are missing, or are no numbers or texts
        return ["training of which its file tells in a form that is damaged or too new"]


def _lines(runs: list[dict[str, Any]], metadata: Mapping[str, str]) -> list[str]:
    if not runs:
        return []
    before = []
    if "started_from" in runs[0]:
        before = provenance(runs[0]["started_from"]) or ["training that the start model's file does not tell of"]
    recipe = translated(runs[-1]["recipe"])
    data, steps = recipe["data"], int(metadata["steps"])
    fusion = max(0, steps - recipe["phase_one_steps"])
    crop = f"{data['batch']} crops of {data['crop']}×{data['crop']}"
    line = (
        f"{steps:,} steps, {fusion:,} of them of phase two, on {', '.join(data['roots'])}; {crop}; learning rate up to "
        f"{recipe['learning_rate']:g}"
    )
    rate = recipe.get("phase_two_learning_rate")
    if fusion and rate not in (None, recipe["learning_rate"]):
        line += f", in phase two {rate:g}"
    if fusion:
        line += f"; fusion target: {describe_json(recipe['target'])}"
    if len(runs) > 1:  # a run that went on with a changed recipe
        line += f"; the last of {len(runs)} recipes"
    return [*before, line]
