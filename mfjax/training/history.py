"""Records how a model was trained: which recipe from which step on, in the run's folder and in its weights file.

`workdir/recipe.json` is a list of `{"from_step": …, "recipe": …}`, with a new entry each time that a run continues with
another configuration. If the run started from another model, the first entry also has that model's metadata,
`started_from`, and a hash of its parameters, `start_sha256`. `workdir/seen.json` lists the training images.
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
from mfjax import atomic, regular, stored_json, weights
from mfjax.data import fingerprints
from mfjax.data.fingerprints import Seen
from mfjax.data.pipeline import names_hash, training_pairs
from mfjax.errors import MfjaxError
from mfjax.model import ModelConfig
from mfjax.training import seen
from mfjax.training.config import TrainConfig
from mfjax.training.old_recipes import translated

FILE = "recipe.json"

# Fields that may differ without changing what a run computes.
HARMLESS = ("checkpoint_every", "validation", "data.threads", "data.workers", "data.prefetch")


def check(workdir: Path, config: TrainConfig, step: int, *, accept_changes: bool = False) -> None:
    """Raises MfjaxError if a checkpoint was made by another configuration, naming the fields that differ.

    Args:
        workdir: folder of the run.
        config: the recipe to continue with.
        step: the step of the checkpoint; at 0 nothing is checked.
        accept_changes: raise only if the run can't continue: its state has another shape, its phase one another end, or
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
        way_out = "choose another workdir" if fixed else "choose another workdir, or go on with --accept-changes"
        raise MfjaxError(f"{workdir} has checkpoints of another recipe: {listed}; {way_out}")
    ends = there.get("phase_one_steps"), config.phase_one_steps
    if ends[0] != ends[1] and step > min(end for end in ends if isinstance(end, int)):
        raise MfjaxError(
            f"{workdir} is at step {step} of a run whose phase one has {ends[0]} steps, not {ends[1]}; "
            f"to train its model further, start a run elsewhere from {workdir / 'phase_1.safetensors'}"
        )


def append(workdir: Path, config: TrainConfig, step: int) -> None:
    """Records that a configuration trains from a step on, unless it is the one that trained before.

    Args:
        workdir: folder of the run.
        config: the recipe.
        step: number of steps taken before.
    """
    before = _read(workdir) if step else []
    _note_seen(workdir, config, before)
    if not before or before[-1]["recipe"] != _recipe(config):
        entry: dict[str, Any] = {"from_step": step, "recipe": _recipe(config)}
        if config.start_from is not None and not before:
            start = weights.load(config.start_from)
            # The run's own record includes the images of the model that it started from.
            metadata = {key: text for key, text in start.metadata.items() if key != fingerprints.KEY}
            entry |= {"started_from": metadata, "start_sha256": _sha256(start)}
        atomic.write_bytes(workdir / FILE, json.dumps([*before, entry], indent=1).encode())


def export(path: Path, config: TrainConfig, params: Mapping[str, Any], step: int) -> Path:
    """Writes a weights file that records how it was trained, and returns its path.

    Args:
        path: the file, in the run's folder.
        config: the recipe.
        params: nested parameters of the network.
        step: number of steps taken.
    """
    entries = _read(path.parent)
    _note_seen(path.parent, config, entries)  # an old run may have no record yet
    metadata = {"mfjax": mfjax.__version__, "steps": str(step), "recipe": json.dumps(entries)}
    if (known := seen.read(path.parent)) is not None:
        metadata[fingerprints.KEY] = fingerprints.to_text(known)
    weights.save(path, config.model, params, metadata)
    return path


def _note_seen(workdir: Path, config: TrainConfig, before: list[dict[str, Any]]) -> None:
    """Records the images that a configuration trains on, beside those that the run was trained on before."""
    known = seen.read(workdir) if before else None
    same = bool(before) and before[-1]["recipe"] == _recipe(config)
    if known is not None and same:
        return
    if known is None:
        known = seen.read_models(_made_from(config))
        if before and not (same and len(before) == 1):
            known |= Seen(unknown=frozenset({"it was trained by other recipes before its images were noted"}))
    elif (teacher := config.target.taught_by()) is not None:
        known |= seen.read_models([teacher])
    seen.write(workdir, known | seen.read_sources(training_pairs(config.data)))


def _made_from(config: TrainConfig) -> list[str]:
    """Returns the models that a run starts from or is taught by."""
    start = [] if config.start_from is None else [config.start_from]
    teacher = config.target.taught_by()
    return start + ([] if teacher is None else [teacher])


def _is_fixed(name: str, there: Any, here: Any) -> bool:
    """Returns true if a run that has begun can't change a field: it shapes the state, or acts at the start only."""
    if name == "start_from":
        return here is not None
    return name.startswith("model.") or name == "accumulate" or (name == "ema_decay" and None in (there, here))


def _starts(first: Mapping[str, Any], config: TrainConfig) -> tuple[str | None, str | None]:
    """Returns the models that a run started from and that `config` names; equal unless they are known to differ.

    A file that only moved is the same model, and another file of the same name is another model.
    """
    there = first["recipe"].get("start_from")
    if config.start_from is None:
        return there, None
    here = Path(config.start_from).name
    if there is None:
        return None, here
    if "start_sha256" not in first:  # written by a version that recorded no hash
        return there, there
    try:
        hashes = first["start_sha256"], _sha256(weights.load(config.start_from))
    except FileNotFoundError:  # it was needed at the start only
        return there, here
    return (there, there) if hashes[0] == hashes[1] else (f"{there} ({hashes[0][:8]})", f"{here} ({hashes[1][:8]})")


def _sha256(model: weights.Weights) -> str:
    """Returns a hash of a model's parameters alone: repeating a finished run rewrites the rest of its file."""
    digest = hashlib.sha256()
    for name, leaf in sorted(flatten_dict(model.params, sep=".").items()):
        digest.update(name.encode() + np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()


def _read(workdir: Path) -> list[dict[str, Any]]:
    """Returns a run's entries, with those of earlier versions in today's fields, so that such a run can continue."""
    path = workdir / FILE
    data = regular.read_bytes(path) if path.exists() else b"[]"
    try:
        entries = stored_json.loads(data)
        if not isinstance(entries, list) or not all(map(_is_entry, entries)):
            raise ValueError("it is no list of recipes")
        return [entry | {"recipe": _complete(translated(entry["recipe"]))} for entry in entries]
    except (ValueError, TypeError) as error:
        raise MfjaxError(f"{path} is damaged ({error}); choose another workdir, or remove that file") from error


def _complete(recipe: dict[str, Any]) -> dict[str, Any]:
    """Returns a recipe with the fields of the architecture that are newer than it: their defaults change nothing."""
    return recipe | {"model": dataclasses.asdict(ModelConfig()) | recipe.get("model", {})}


def _is_entry(entry: Any) -> bool:
    """Returns true if a value has the form of an entry."""
    return isinstance(entry, dict) and isinstance(entry.get("recipe"), dict)


def _flat(recipe: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns nested fields by dotted names, as their flags have them."""
    flat: dict[str, Any] = {}
    for name, value in recipe.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _recipe(config: TrainConfig) -> dict[str, Any]:
    """Returns the configuration as JSON gives it back, without paths of one's own machine."""
    recipe = dataclasses.asdict(config) | {"target": config.target.to_json()}
    for part in ("data", "validation"):
        recipe[part]["roots"] = [Path(root).name for root in recipe[part]["roots"]]
    recipe["data"]["names"] = names_hash(config.data)  # folders of one name may hold other pairs
    if config.start_from is not None:
        recipe["start_from"] = Path(config.start_from).name
    return json.loads(json.dumps(recipe))
