"""The trainings that Tables II and III compare, made from one recipe."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mfjax.errors import MfjaxError
from mfjax.evaluation.paper import TABLE_II, TABLE_III
from mfjax.training import Sources, TrainConfig

# Dual attention and the number of RCMs, which "can be flexibly removed from our fusion framework", Section IV.D.
VARIANTS = dict(zip(TABLE_II, ((False, 0), (True, 0), (True, 1), (True, 2), (True, 3)), strict=True))


def ablation(recipe: TrainConfig) -> dict[str, TrainConfig]:
    """Returns a recipe for each network of Table II, by its name there.

    Args:
        recipe: the recipe that all have in common.

    Raises:
        MfjaxError: the recipe starts from a model, whose network is only one of these.
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
    """Returns a recipe of phase two for each weight of Table III, by the weight.

    All start from one model of phase one. Their fusion target is `Sources`, whose loss has the weight (Eq. 22).

    Args:
        recipe: the recipe that all have in common.
        phase_one: the model of phase one, a bundled model's name or a weights file.
    """
    begun = replace(recipe, start_from=phase_one, phase_one_steps=0, warmup_steps=0)
    sources = recipe.target if isinstance(recipe.target, Sources) else Sources()
    return {f"{weight:g}": replace(begun, target=replace(sources, contrast_weight=weight)) for weight in TABLE_III}


def trained(recipes: dict[str, TrainConfig], folder: Path, say: Callable[[str], None] = print) -> dict[str, Path]:
    """Returns the weights file of each recipe's model, trained in a folder of its own.

    Finished trainings in the folder are used, and interrupted ones continue.

    Args:
        recipes: recipes by name.
        folder: the folder that has a run's folder for each name.
        say: prints progress.

    Raises:
        MfjaxError: the folder has a run of another recipe; or as `training.train`.
    """
    from mfjax.training.loop import train

    models = {}
    for name, recipe in recipes.items():
        say(f"training {name} in {folder / name}")
        models[name] = train(recipe, folder / name)
    return models
