"""Running the paper's experiments: training or loading models, fusing, scoring, and comparing with its numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfjax import atomic, images, recipes, weights
from mfjax.errors import MfjaxError
from mfjax.evaluation import experiments, figures, sections, settings
from mfjax.evaluation.paper import SETTINGS
from mfjax.evaluation.ranking import FEW
from mfjax.inference.loading import load
from mfjax.metrics import PAPER, STRUCTURE_LOST
from mfjax.pairing import Pair

if TYPE_CHECKING:  # it takes the packages of training
    from mfjax.training.config import TrainConfig

Models = Mapping[str, str | Path]
"""Bundled models' names or weights files, by their names in tables."""

Progress = Callable[[Iterable[Pair], str], Iterable[Pair]]
"""A function that wraps the pairs that a named model fuses, such as `lambda pairs, name: tqdm(pairs, desc=name)`."""


def _no_progress(pairs: Iterable[Pair], name: str) -> Iterable[Pair]:
    return pairs


def reproduce(name: str, data: str | Path, *, page: str | Path | None = None, **options: Any) -> str:
    """Runs an experiment of the paper, and returns the paper's numbers beside the measured ones.

        print(mfjax.evaluation.reproduce("table4", "tno20", models={"small": "small"}, out=Path("out")))

    Args:
        name: "table2", "table3", "table4", "table5" or "figures".
        data: the test set, a folder with `ir_0.5`, `ir_0.8`, `ir_1.0`, and `vis_0.5`, `vis_0.8`, `vis_1.0`, with equal
            names in all.
        page: a page in Markdown, in which the experiment's section is replaced; by default none.
        options: the keyword arguments of the function of that name here ("figures": `draw`). If a folder is given as
            "out", the section is also written there, as NAME.md.

    Returns:
        A section in Markdown; for "figures" the paths of the pictures, a line each.

    Raises:
        MfjaxError: there is no such experiment, or something that it needs is missing.
        TypeError: the experiment has no such option, or needs another one.
    """
    if name not in EXPERIMENTS:
        raise MfjaxError(f"there is no experiment {name!r} to reproduce; there are {', '.join(EXPERIMENTS)}")
    text = EXPERIMENTS[name](Path(data), **options)
    if name == "figures":
        return text
    if (count := len(settings.setting_pairs(Path(data)))) < FEW:
        title, _, rest = text.partition("\n\n")
        many = f"{count} pair{'s' * (count > 1)}"
        warning = f"**Only {many}**: which values are reached is chance; the paper's are means over 20."
        text = f"{title}\n\n{warning}\n\n{rest}"
    if page is not None:
        sections.put(Path(page), name, text)
    if (out := options.get("out")) is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        atomic.write_text(Path(out) / f"{name}.md", text)
    return text


def table2(
    data: Path,
    *,
    recipe: "TrainConfig | str | Path",
    out: Path,
    roots: tuple[str, ...] = (),
    progress: Progress = _no_progress,
) -> str:
    """Trains the five networks of Table II and scores them at setting 2.

    Args:
        data: the test set.
        recipe: a recipe that starts from random parameters, its name or its file.
        out: the folder for trainings, which continue where they were interrupted, and for fused images.
        roots: folders of training pairs; by default the recipe's.
        progress: wraps the pairs of each network.

    Raises:
        MfjaxError: the test set is incomplete, there is no such recipe, or it starts from a model.
    """
    from mfjax.evaluation import trainings

    settings.setting_pairs(data)  # fails now if the test set is incomplete, not after hours of training
    models = trainings.trained(trainings.ablation(_recipe(recipe, roots)), out / "table2_runs")
    means = {name: at[2] for name, at in _means(models, data, out / "table2", progress, [2]).items()}
    return experiments.table_ii(means, _histories(models), data.resolve().name)


def table3(
    data: Path,
    *,
    recipe: "TrainConfig | str | Path",
    phase_one: str | Path,
    out: Path,
    roots: tuple[str, ...] = (),
    progress: Progress = _no_progress,
) -> str:
    """Trains phase two with the six weights of Table III, and scores the models at setting 2.

    Args:
        data: the test set.
        recipe: a recipe, its name or its file.
        phase_one: the model of phase one from which all six start: a bundled model's name or a weights file.
        out: the folder for trainings, which continue where they were interrupted, and for fused images.
        roots: folders of training pairs; by default the recipe's.
        progress: wraps the pairs of each model.

    Raises:
        MfjaxError: the test set is incomplete, or there is no such recipe.
    """
    from mfjax.evaluation import trainings

    settings.setting_pairs(data)  # fails now, as in `table2`
    models = trainings.trained(trainings.sweep(_recipe(recipe, roots), str(phase_one)), out / "table3_runs")
    means = {float(name): at[2] for name, at in _means(models, data, out / "table3", progress, [2]).items()}
    return experiments.table_iii(means, _histories(models), data.resolve().name)


def table4(
    data: Path, *, models: Models | None = None, out: Path | None = None, progress: Progress = _no_progress
) -> str:
    """Scores models at the nine settings of Table IV.

    Args:
        data: the test set.
        models: the models to score; by default the default model.
        out: a folder for the fused images; by default they are not written.
        progress: wraps the pairs of each model.

    Raises:
        MfjaxError: the test set is incomplete.
    """

    def metrics(setting: int) -> tuple[str, ...]:
        return PAPER + (experiments.OTHER_METRICS if setting in experiments.OTHER_METRICS_AT else ())

    models = models or {"default": "default"}
    histories = _histories(models)  # fails now if there is no such model
    means = _means(models, data, out and out / "table4", progress, metrics=metrics)
    maximum = settings.means(
        settings.maximum_at(data, experiments.OTHER_METRICS_AT), lambda setting: experiments.OTHER_METRICS
    )
    return experiments.table_iv(means, maximum, histories, data.resolve().name)


def table5(
    data: Path, *, models: Models | None = None, out: Path | None = None, progress: Progress = _no_progress
) -> str:
    """Scores models with both sources of half the output's size, as Table V does.

    Args:
        data: the test set.
        models: the models to score; by default the default model.
        out: a folder for the fused images; by default they are not written.
        progress: wraps the pairs of each model.

    Raises:
        MfjaxError: the test set is incomplete.
    """
    models = models or {"default": "default"}
    histories = _histories(models)
    means = {name: at[1] for name, at in _means(models, data, out and out / "table5", progress, [1]).items()}
    return experiments.table_v(means, histories, data.resolve().name)


def draw(data: Path, *, out: Path) -> str:
    """Draws panels with close-ups, as Figs. 7 to 11, of the images that the experiments of the tables wrote to `out`.

    Args:
        data: the test set.
        out: the folder that these experiments were given.

    Returns:
        The paths of the pictures, a line each.

    Raises:
        MfjaxError: the test set is incomplete, or there are no images.
    """
    return "\n".join(map(str, figures.draw(data, out)))


EXPERIMENTS: dict[str, Callable[..., str]] = {
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "table5": table5,
    "figures": draw,
}


def _means(
    models: Models,
    data: Path,
    folder: Path | None,
    progress: Progress,
    chosen: Iterable[int] = SETTINGS,
    metrics: Callable[[int], tuple[str, ...]] = lambda setting: PAPER + STRUCTURE_LOST,
) -> dict[str, settings.Means]:
    """Returns each model's means at the settings; its images are written to `folder/model/setting_N`."""

    def written(model: str, fused: Iterable[settings.Fused]) -> Iterator[settings.Fused]:
        for each in fused:
            if folder is not None:
                place = folder / model / f"setting_{each.setting}"
                place.mkdir(parents=True, exist_ok=True)
                images.write(place / f"{each.name}.png", each.image)
            yield each

    def means_of(name: str, file: str | Path) -> settings.Means:
        fuser = load(file)  # one after another, since each keeps compiled programs of all sizes
        fused = settings.fused_at(fuser, data, chosen, progress=lambda pairs: progress(pairs, name))
        return settings.means(written(name, fused), metrics)

    return {name: means_of(name, file) for name, file in models.items()}


def _histories(models: Models) -> dict[str, Mapping[str, str]]:
    """Returns the metadata of models, which say how they were trained."""
    return {name: weights.load(file).metadata for name, file in models.items()}


def _recipe(recipe: "TrainConfig | str | Path", roots: tuple[str, ...]) -> "TrainConfig":
    config = recipes.load(recipe) if isinstance(recipe, str | Path) else recipe
    return replace(config, data=replace(config.data, roots=roots)) if roots else config
