"""How a model was trained, in words, from the metadata of its weights file."""

import json
from collections.abc import Mapping


def provenance(metadata: Mapping[str, str]) -> list[str]:
    """A line for each run that made a model, the first one first; none if its file doesn't say."""
    try:
        entries = json.loads(metadata["recipe"])  # see `training.history`
    except (KeyError, ValueError):  # a model that was converted, or made by other means
        return []
    before = provenance(entries[0].get("started_from", {}))
    recipe = entries[-1]["recipe"]
    data, steps = recipe["data"], int(metadata["steps"])
    fusion = max(0, steps - recipe["phase_one_steps"])
    crop = f"{data['batch']} crops of {data['crop']}×{data['crop']}"
    line = (
        f"{steps:,} steps, {fusion:,} of them of phase two, on {', '.join(data['roots'])}; {crop}; learning rate up to "
        f"{recipe['learning_rate']:g}"
    )
    if fusion and recipe.get("fusion_target") == "enhanced":
        line += f"; fusion target: the larger source enhanced by {recipe['contrast_gain']:g}"
    elif fusion:
        line += f"; fusion target: both sources, λ {recipe['contrast_weight']:g}"
    return [*before, line]
