"""Reads the training recipes in a weights file's metadata, which `training.history` wrote there."""

from collections.abc import Mapping
from typing import Any

from mfjax import stored_json


def entries(metadata: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the recipes of a run, the first one first; an empty list for a model that was not trained by a run.

    Args:
        metadata: the free text of a weights file, `Weights.metadata`.
    """
    try:
        found = stored_json.loads(metadata["recipe"])
    except (KeyError, ValueError):
        return []
    there = isinstance(found, list) and all(isinstance(each, dict) and "recipe" in each for each in found)
    return found if there else []


def largest_factor(metadata: Mapping[str, str]) -> float | None:
    """Returns the largest factor that super-resolution was last trained at; None if the file doesn't say.

    Args:
        metadata: the free text of a weights file, `Weights.metadata`.
    """
    found = entries(metadata)
    for entry in reversed(found):
        recipe = entry["recipe"]
        trained = entry.get("from_step", 0) < recipe.get("phase_one_steps", 0)  # phase two leaves it as it is
        if trained and (scales := recipe.get("data", {}).get("scales")):
            return float(scales[1]) / 10
    return largest_factor(found[0]["started_from"]) if found and "started_from" in found[0] else None
