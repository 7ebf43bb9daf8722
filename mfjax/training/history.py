"""How a model came to be: which recipe trained it from which step on, in the run's folder and in its weights file.

`workdir/recipe.json` is a list of `{"from_step": …, "recipe": …}`, one more each time that a run goes on with another
configuration. Of a run that started from another model, the first one also has that model's metadata, `started_from`.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mfjax
from mfjax import weights
from mfjax.training.config import TrainConfig

FILE = "recipe.json"


def check(workdir: Path, config: TrainConfig, step: int) -> None:
    """Raises ValueError if the checkpoint of a step can't be gone on with by another configuration than its own."""
    if step == 0 or not (before := _read(workdir)):
        return
    there, here = before[-1]["recipe"], _recipe(config)
    model = [
        f"{k} {there['model'].get(k)} there, {v} here" for k, v in here["model"].items() if there["model"].get(k) != v
    ]
    if model:
        raise ValueError(f"{workdir} has checkpoints of another model: {'; '.join(model)}; choose another workdir")
    ends = there["phase_one_steps"], config.phase_one_steps
    if ends[0] != ends[1] and step > min(ends):
        raise ValueError(
            f"{workdir} is at step {step} of a run whose phase one has {ends[0]} steps, not {ends[1]}; "
            f"to train its model further, start a run elsewhere from {workdir / 'phase_1.safetensors'}"
        )


def append(workdir: Path, config: TrainConfig, step: int) -> None:
    """Notes that a configuration trains from a step on, unless it is the one that did before."""
    before = _read(workdir) if step else []
    if not before or before[-1]["recipe"] != _recipe(config):
        entry: dict[str, Any] = {"from_step": step, "recipe": _recipe(config)}
        if config.start_from is not None and not before:
            entry["started_from"] = weights.load(config.start_from).metadata
        (workdir / FILE).write_text(json.dumps([*before, entry], indent=1))


def export(path: Path, config: TrainConfig, params: Mapping[str, Any], step: int) -> Path:
    """Writes a weights file that says how it was trained."""
    metadata = {"mfjax": mfjax.__version__, "steps": str(step), "recipe": json.dumps(_read(path.parent))}
    weights.save(path, config.model, params, metadata)
    return path


def _read(workdir: Path) -> list[dict[str, Any]]:
    path = workdir / FILE
    return json.loads(path.read_text()) if path.exists() else []


def _recipe(config: TrainConfig) -> dict[str, Any]:
    """The configuration without paths of one's own machine, as it looks after JSON."""
    recipe = dataclasses.asdict(config)
    recipe["data"]["roots"] = [Path(root).name for root in config.data.roots]
    if config.start_from is not None:
        recipe["start_from"] = Path(config.start_from).name
    return json.loads(json.dumps(recipe))
