"""Reads the training recipes in a weights file's metadata, which `training.history` wrote there."""

from collections.abc import Mapping
from typing import Any

from mfjax import stored_json

LARGEST_SCALE = 1000  # tenths; no network was trained to enlarge by a hundred


def entries(metadata: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the recipes of a run, the first one first; an empty list for a model that was not trained by a run.

    Args:
        metadata: the free text of a weights file, `Weights.metadata`.
    """
    try:
        found = stored_json.loads(metadata["recipe"])
    except (KeyError, ValueError, TypeError):  # `metadata` may itself be from a damaged file
        return []
    there = isinstance(found, list) and all(
        isinstance(each, dict) and isinstance(each.get("recipe"), dict) for each in found
    )
    return found if there else []


def largest_factor(metadata: Mapping[str, str]) -> float | None:
    """Returns the largest factor that super-resolution was last trained at; None if the file doesn't say.

    Args:
        metadata: the free text of a weights file, `Weights.metadata`.
    """
    found = entries(metadata)
    for entry in reversed(found):
        recipe = entry["recipe"]
        if (largest := _largest_scale(recipe)) and _number(entry, "from_step") < _number(recipe, "phase_one_steps"):
            return largest / 10  # phase two leaves it as it is
    start = found[0].get("started_from") if found else None
    return largest_factor(start) if isinstance(start, dict) else None


def _number(fields: Mapping[str, Any], name: str) -> float:
    """Returns a number; 0 if it is absent, or something else stands there, as in a damaged file."""
    value = fields.get(name, 0)
    return value if isinstance(value, int | float) else 0


def _largest_scale(recipe: Mapping[str, Any]) -> float:
    """Returns the largest scale that a recipe draws, in tenths; 0 if it doesn't say one that there can be."""
    data = recipe.get("data")
    scales = data.get("scales") if isinstance(data, dict) else None
    if not isinstance(scales, list) or len(scales) != 2:
        return 0
    largest = _number({"largest": scales[1]}, "largest")
    return largest if 10 <= largest <= LARGEST_SCALE else 0
