"""How a model came to be: which recipe trained it from which step on, in the run's folder and in its weights file.

`workdir/recipe.json` is a list of `{"from_step": …, "recipe": …}`, one more each time that a run goes on with another
configuration. Of a run that started from another model, the first one also has that model's metadata, `started_from`,
and a hash of its parameters, `start_sha256`. `workdir/seen.json` lists the images that are trained on.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict

import mfjax
from mfjax import weights
from mfjax.data import fingerprints
from mfjax.data.fingerprints import Seen
from mfjax.data.pipeline import fingerprint, training_pairs
from mfjax.errors import MfjaxError
from mfjax.training import seen
from mfjax.training.config import TrainConfig
from mfjax.training.old_recipes import translated

FILE = "recipe.json"

# What may differ without changing what a run computes.
HARMLESS = ("checkpoint_every", "validation", "data.threads", "data.workers", "data.prefetch")


def check(workdir: Path, config: TrainConfig, step: int, *, accept_changes: bool = False) -> None:
    """Raises MfjaxError if the checkpoint of a step is of another configuration, naming the fields that differ.

    With `accept_changes` only if it can't be gone on with: its state has another shape, its phase one another end, or
    it started from another model than the one that is named.
    """
    if step == 0:
        return
    if not (before := _read(workdir)):
        if accept_changes:
            return
        raise MfjaxError(
            f"{workdir} has checkpoints but no {FILE}, which says how they were trained; "
            "choose another workdir, or go on with --accept-changes"
        )
    there, here = _flat(before[-1]["recipe"]), _flat(_recipe(config))
    there["start_from"], here["start_from"] = _starts(before[0], config)
    names = sorted(name for name in there.keys() | here.keys() if there.get(name) != here.get(name))
    names = [name for name in names if not name.startswith(HARMLESS)]
    fixed = [name for name in names if _is_fixed(name, there.get(name), here.get(name))]
    if fixed or (names and not accept_changes):
        listed = "; ".join(f"{name} {there.get(name)} there, {here.get(name)} here" for name in fixed or names)
        wayout = "choose another workdir" if fixed else "choose another workdir, or go on with --accept-changes"
        raise MfjaxError(f"{workdir} has checkpoints of another recipe: {listed}; {wayout}")
    ends = there["phase_one_steps"], config.phase_one_steps
    if ends[0] != ends[1] and step > min(ends):
        raise MfjaxError(
            f"{workdir} is at step {step} of a run whose phase one has {ends[0]} steps, not {ends[1]}; "
            f"to train its model further, start a run elsewhere from {workdir / 'phase_1.safetensors'}"
        )


def append(workdir: Path, config: TrainConfig, step: int) -> None:
    """Notes that a configuration trains from a step on, unless it is the one that did before."""
    before = _read(workdir) if step else []
    _note_seen(workdir, config, before)
    if not before or before[-1]["recipe"] != _recipe(config):
        entry: dict[str, Any] = {"from_step": step, "recipe": _recipe(config)}
        if config.start_from is not None and not before:
            start = weights.load(config.start_from)
            told = {key: text for key, text in start.metadata.items() if key != fingerprints.KEY}  # this run's has them
            entry |= {"started_from": told, "start_sha256": _sha256(start)}
        part = workdir / f"{FILE}.part"
        part.write_text(json.dumps([*before, entry], indent=1))
        part.replace(workdir / FILE)  # whole or not at all


def export(path: Path, config: TrainConfig, params: Mapping[str, Any], step: int) -> Path:
    """Writes a weights file that says how it was trained."""
    entries = _read(path.parent)
    _note_seen(path.parent, config, entries)  # of a run that was begun before this was noted
    metadata = {"mfjax": mfjax.__version__, "steps": str(step), "recipe": json.dumps(entries)}
    if (known := seen.read(path.parent)) is not None:
        metadata[fingerprints.KEY] = fingerprints.to_text(known)
    weights.save(path, config.model, params, metadata)
    return path


def _note_seen(workdir: Path, config: TrainConfig, before: list[dict[str, Any]]) -> None:
    """Notes the images that a configuration trains on, beside those that the run was trained on before."""
    known = seen.read(workdir) if before else None
    same = bool(before) and before[-1]["recipe"] == _recipe(config)
    if known is not None and same:
        return
    if known is None:
        known = seen.of_models(_made_from(config))
        if before and not (same and len(before) == 1):
            known |= Seen(unknown=frozenset({"it was trained by other recipes before its images were noted"}))
    elif (teacher := config.target.taught_by()) is not None:
        known |= seen.of_models([teacher])
    seen.note(workdir, known | seen.of_sources(training_pairs(config.data)))


def _made_from(config: TrainConfig) -> list[str]:
    """The models that a run starts from or is taught by."""
    start = [] if config.start_from is None else [config.start_from]
    teacher = config.target.taught_by()
    return start + ([] if teacher is None else [teacher])


def _is_fixed(name: str, there: Any, here: Any) -> bool:
    """Whether a run that has begun can't change a field: it shapes the state, or has its effect at the start only."""
    if name == "start_from":
        return here is not None
    return name.startswith("model.") or name == "accumulate" or (name == "ema_decay" and None in (there, here))


def _starts(first: Mapping[str, Any], config: TrainConfig) -> tuple[str | None, str | None]:
    """What a run started from, by its first entry, and what `config` names: equal unless they are known to differ.

    A file that only moved is the same model, and another of the same name isn't.
    """
    there = first["recipe"].get("start_from")
    if config.start_from is None:
        return there, None
    here = Path(config.start_from).name
    if there is None:
        return None, here
    if "start_sha256" not in first:  # written before that was noted
        return there, there
    try:
        hashes = first["start_sha256"], _sha256(weights.load(config.start_from))
    except FileNotFoundError:  # it was needed at the start only
        return there, here
    return (there, there) if hashes[0] == hashes[1] else (f"{there} ({hashes[0][:8]})", f"{here} ({hashes[1][:8]})")


def _sha256(model: weights.Weights) -> str:
    """Tells models apart by their parameters: a finished run that is called again writes the rest of its file anew."""
    digest = hashlib.sha256()
    for name, leaf in sorted(flatten_dict(model.params, sep=".").items()):
        digest.update(name.encode() + np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()


def _read(workdir: Path) -> list[dict[str, Any]]:
    """Returns a run's entries, those of earlier versions in today's fields, so that such a run simply goes on."""
    path = workdir / FILE
    try:
        entries = json.loads(path.read_text()) if path.exists() else []
        return [entry | {"recipe": translated(entry["recipe"])} for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise MfjaxError(f"{path} is damaged ({error}); choose another workdir, or remove that file") from error


def _flat(recipe: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields by dotted names, as their flags have them."""
    flat: dict[str, Any] = {}
    for name, value in recipe.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _recipe(config: TrainConfig) -> dict[str, Any]:
    """The configuration without paths of one's own machine, as it looks after JSON."""
    recipe = dataclasses.asdict(config) | {"target": config.target.to_json()}
    for part in ("data", "validation"):
        recipe[part]["roots"] = [Path(root).name for root in recipe[part]["roots"]]
    recipe["data"]["names"] = fingerprint(config.data)  # folders of one name may hold other pairs
    if config.start_from is not None:
        recipe["start_from"] = Path(config.start_from).name
    return json.loads(json.dumps(recipe))
