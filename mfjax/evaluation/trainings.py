"""The trainings that Tables II and III compare, made from one recipe."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mfjax.errors import MfjaxError
from mfjax.evaluation.paper import TABLE_II, TABLE_III
from mfjax.inference.fuser import Fuser, load
from mfjax.training import Sources, TrainConfig

# What "can be flexibly removed from our fusion framework", Section IV.D: attention, and how many RCMs.
VARIANTS = dict(zip(TABLE_II, ((False, 0), (True, 0), (True, 1), (True, 2), (True, 3)), strict=True))


def ablation(recipe: TrainConfig) -> dict[str, TrainConfig]:
    """A recipe for each network of Table II.

    Raises:
        ValueError: the recipe starts from a model, which has one network only.
    """
    if recipe.start_from is not None:
        raise MfjaxError(
            f"start_from is {recipe.start_from!r}, but no model fits the five networks of Table II; "
            "choose a recipe that starts from random parameters, such as ablation"
        )
    return {
        name: replace(recipe, model=replace(recipe.model, dual_attention=attention, compensations=count))
        for name, (attention, count) in VARIANTS.items()
    }


def sweep(recipe: TrainConfig, phase_one: str) -> dict[str, TrainConfig]:
    """A recipe of phase two for each weight of Table III, all from one model that phase one made.

    Their fusion target is both sources, since it is in that loss only that the weight stands (Eq. 22).
    """
    begun = replace(recipe, start_from=phase_one, phase_one_steps=0, warmup_steps=0)
    sources = recipe.target if isinstance(recipe.target, Sources) else Sources()
    return {f"{weight:g}": replace(begun, target=replace(sources, contrast_weight=weight)) for weight in TABLE_III}


def trained(recipes: dict[str, TrainConfig], folder: Path, say: Callable[[str], None] = print) -> dict[str, Fuser]:
    """The model of each recipe, trained in a folder of its own; what is there already is used, or gone on with.

    Raises:
        ValueError: the folder has a model of another recipe; and as `training.train`.
    """
    from mfjax.training.loop import train

    models = {}
    for name, recipe in recipes.items():
        say(f"training {name} in {folder / name}")
        models[name] = load(train(recipe, folder / name))
    return models
