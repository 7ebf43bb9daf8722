"""What `mfjax evaluate --experiment` runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tqdm import tqdm

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.evaluation import experiments, sections, settings
from mfjax.evaluation.paper import SETTINGS
from mfjax.inference.fuser import Fuser, load
from mfjax.inference.pairs import Pair
from mfjax.metrics import PAPER

if TYPE_CHECKING:  # it takes the packages of training
    from mfjax.training.config import TrainConfig

Name = Literal["table2", "table3", "table4", "table5", "figures", "detection"]


@dataclass(frozen=True)
class Request:
    """What the command line asks of an experiment."""

    data: Path
    models: Mapping[str, Path]  # weights files by name
    results: Mapping[str, Path]  # folders by name
    recipe: Path | None
    roots: tuple[str, ...]
    out: Path | None


def run(name: Name, request: Request, page: Path | None) -> None:
    """Runs one experiment, prints its section and writes it to `page` and, with the fused images, into `out`.

    Raises:
        MfjaxError: something that the experiment needs is not there.
    """
    if name == "figures":
        _figures(request)
        return
    sections_of = {
        "table2": _table_ii,
        "table3": _table_iii,
        "table4": _table_iv,
        "table5": _table_v,
        "detection": _detection,
    }
    text = sections_of[name](request)
    print(text)
    if page is not None:
        sections.put(page, name, text)
    if request.out is not None:
        request.out.mkdir(parents=True, exist_ok=True)
        (request.out / f"{name}.md").write_text(text, encoding="utf-8")
        print(f"{request.out}: {name}.md" + ("" if name == "detection" else f" and, in {name}/, the fused images"))


def _table_ii(request: Request) -> str:
    from mfjax.evaluation import recipes

    settings.setting_pairs(request.data)  # says at once if the test set is incomplete, not after hours of training
    recipe = _recipe(request, "table2")
    models = recipes.trained(recipes.ablation(recipe), _needed(request.out, "table2") / "table2_runs")
    means = {name: at[2] for name, at in _means(models, request, "table2", [2]).items()}
    return experiments.table_ii(means, _metadata(models), request.data.resolve().name)


def _table_iii(request: Request) -> str:
    from mfjax.evaluation import recipes

    settings.setting_pairs(request.data)  # as above
    if len(request.models) != 1:
        raise MfjaxError("table3 trains phase two from one model of phase one; name it by --model")
    recipe = _recipe(request, "table3")
    [phase_one] = request.models.values()
    models = recipes.trained(recipes.sweep(recipe, str(phase_one)), _needed(request.out, "table3") / "table3_runs")
    means = {float(name): at[2] for name, at in _means(models, request, "table3", [2]).items()}
    return experiments.table_iii(means, _metadata(models), request.data.resolve().name)


def _table_iv(request: Request) -> str:
    def metrics(setting: int) -> tuple[str, ...]:
        return PAPER + (experiments.BEYOND if setting in experiments.BEYOND_AT else ())

    models = _loaded(request)
    means = _means(models, request, "table4", metrics=metrics)
    maximum = settings.means(
        settings.maximum_at(request.data, experiments.BEYOND_AT), lambda setting: experiments.BEYOND
    )
    return experiments.table_iv(means, maximum, _metadata(models), request.data.resolve().name)


def _table_v(request: Request) -> str:
    models = _loaded(request)
    means = {name: at[1] for name, at in _means(models, request, "table5", [1]).items()}
    return experiments.table_v(means, _metadata(models), request.data.resolve().name)


def _detection(request: Request) -> str:
    from mfjax.evaluation import detection

    if not request.results:
        raise MfjaxError(
            "detection scores what a detector found in fused images; name it by --results NAME=PREDICTIONS"
        )
    scores = {name: detection.score_boxes(request.data, folder) for name, folder in request.results.items()}
    return detection.section(scores, request.data.resolve().name)


def _figures(request: Request) -> None:
    from mfjax.evaluation import figures

    out = _needed(request.out, "figures")
    for path in figures.draw(request.data, out):
        print(path)


def _means(
    models: Mapping[str, Fuser],
    request: Request,
    experiment: str,
    chosen: Iterable[int] = SETTINGS,
    metrics: Callable[[int], tuple[str, ...]] = lambda setting: PAPER,
) -> dict[str, settings.Means]:
    """Each model's means at the settings; its images go to `out/experiment/model/setting_N`."""

    def kept(model: str, fused: Iterable[settings.Fused]) -> Iterator[settings.Fused]:
        for each in fused:
            if request.out is not None:
                folder = request.out / experiment / model / f"setting_{each.setting}"
                folder.mkdir(parents=True, exist_ok=True)
                images.write(folder / f"{each.name}.png", each.image)
            yield each

    def progress(model: str) -> Callable[[Iterable[Pair]], Iterable[Pair]]:
        return lambda pairs: tqdm(pairs, desc=model, unit="pair", disable=None)

    return {
        name: settings.means(
            kept(name, settings.fused_at(fuser, request.data, chosen, progress=progress(name))), metrics
        )
        for name, fuser in models.items()
    }


def _loaded(request: Request) -> dict[str, Fuser]:
    files: Mapping[str, Path | str] = request.models or {"default": "default"}
    return {name: load(file) for name, file in files.items()}


def _recipe(request: Request, name: str) -> "TrainConfig":
    from mfjax.training.config import read_config

    if request.recipe is None:
        raise MfjaxError(f"{name} trains models; name a recipe by --recipe, such as configs/ablation.py")
    recipe = read_config(request.recipe)
    return replace(recipe, data=replace(recipe.data, roots=request.roots)) if request.roots else recipe


def _needed(out: Path | None, name: str) -> Path:
    if out is None:
        raise MfjaxError(f"{name} needs a folder to work in; name one by --out")
    return out


def _metadata(models: Mapping[str, Fuser]) -> dict[str, Mapping[str, str]]:
    return {name: fuser.metadata for name, fuser in models.items()}
