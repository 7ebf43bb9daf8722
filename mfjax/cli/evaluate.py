"""The command `mfjax evaluate`."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from tqdm import tqdm
from tyro.conf import Positional, UseAppendAction, arg

from mfjax import evaluation, weights
from mfjax import metrics as registry
from mfjax.cli.fuse import parse_ir_range
from mfjax.errors import MfjaxError
from mfjax.evaluation import boards, sections, tables
from mfjax.evaluation.page import Page
from mfjax.evaluation.scoring import pairs_in
from mfjax.inference.pairs import Pair
from mfjax.inference.sources import IrRange, check_ir_range

logger = logging.getLogger("mfjax")

BenchmarkName = Literal["m3fd300", "msrs361", "roadscene50", "tno21", "tno25", "vifb"]

# What each experiment takes besides the pairs and --out; None: the flags of scoring, without an experiment.
TAKES = {
    None: ("model", "results", "metrics", "stretch", "ir_range"),
    "benchmark": ("model", "results", "stretch", "ir_range", "names", "allow_seen", "page"),
    "table2": ("recipe", "roots", "page"),
    "table3": ("model", "recipe", "roots", "page"),
    "table4": ("model", "page"),
    "table5": ("model", "page"),
    "figures": (),
    "detection": ("results", "page"),
}

SETS = {
    "paper": registry.PAPER,
    "lost": registry.STRUCTURE_LOST,
    "all": registry.DEFAULT,
    "variants": tuple(registry.METRICS),
}
SHOWN = ("paper", "lost")  # by default


def evaluate(
    data: Annotated[Positional[Path], arg(metavar="DATA")],
    *,
    model: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME_OR_FILE|NAME=FILE")] = (),
    results: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME=DIR")] = (),
    metrics: Annotated[tuple[str, ...], arg(metavar="NAME …")] = SHOWN,
    stretch: Annotated[bool, arg(help_behavior_hint="")] = False,
    ir_range: Annotated[str, arg(metavar="full|auto|LO,HI")] = "full",
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    benchmark: Annotated[BenchmarkName | None, arg(help_behavior_hint="")] = None,
    names: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    allow_seen: Annotated[bool, arg(help_behavior_hint="")] = False,
    experiment: Annotated[
        Literal["table2", "table3", "table4", "table5", "figures", "detection"] | None, arg(help_behavior_hint="")
    ] = None,
    recipe: Annotated[Path | None, arg(metavar="FILE.py", help_behavior_hint="")] = None,
    roots: Annotated[tuple[str, ...], arg(metavar="DIR …", help_behavior_hint="")] = (),
    page: Annotated[Path | None, arg(metavar="FILE.md", help_behavior_hint="")] = None,
) -> int:
    """Score models, or fused images that other methods made, on a folder of pairs.

    Prints a table of means. With --out also writes scores.csv, table.md, table.tex and report.html with the images.

    Args:
        data: Folder with ir/ and vis/; for an experiment with ir_0.5, ir_0.8, ir_1.0 and the same of vis.
        model: Name of a bundled model, or a weights file; may be repeated. Without --results: default.
            NAME=FILE gives a file a name, since every run calls its own model.safetensors.
        results: A method's name and the folder of its fused images, named as the pairs are; may be repeated.
        metrics: Metrics' names, or paper (its six), lost (the share of each source's structure that fusing lost),
            all, variants (with the forms of popular codes).
        stretch: Let models fuse pairs whose aspects differ by more than 20 %.
        ir_range: Infrared black and white for models: its type's (full), its own (auto), or two values.
            Scores compare with the infrared image as it is stored.
        out: Folder for the reports; images of yours will be in one of them.
            table2, table3 and figures need it; what they train and fused images go there, too.
        benchmark: Instead one of the field's benchmarks: exactly its pairs, its metrics, beside published rows.
        names: For a benchmark whose pairs' names don't come with mfjax: a file with them, one a line.
        allow_seen: Score a model on a benchmark although it was trained on some of its images, and mark its row.
        experiment: Instead an experiment, of the paper beside its numbers:
            table2: train five networks and compare them.
            table3: train phase two with six weights of the contrast loss, from --model, that of phase one.
            table4: the nine settings.
            table5: both sources of half the size.
            figures: panels with close-ups of the images that the others left in --out.
            detection: boxes that detectors found in fused images, --results NAME=FOLDER, against those in DATA, both in
            YOLO's format.
        recipe: For table2 and table3: the recipe to train with, such as configs/ablation.py.
        roots: For table2 and table3: folders of training pairs, instead of the recipe's.
        page: For benchmarks and the tables: a page in Markdown; their part of it is written anew.

    Raises:
        MfjaxError: a flag has no effect here; or something named is not there, or not what it should be.
    """
    if benchmark is not None and experiment is not None:
        raise MfjaxError(f"--benchmark {benchmark} and --experiment {experiment} are two things; ask for one of them")
    _refuse_unused(
        "benchmark" if benchmark else experiment,
        model=bool(model),
        results=bool(results),
        metrics=metrics != SHOWN,
        stretch=stretch,
        ir_range=ir_range != "full",
        names=names is not None,
        allow_seen=allow_seen,
        recipe=recipe is not None,
        roots=bool(roots),
        page=page is not None,
    )
    folders = [_named(each) for each in results]
    models = [_named_model(each) for each in model]
    _refuse_twins([name for name, _ in folders + models])
    if experiment is not None:
        from mfjax.cli import experiments

        experiments.run(experiment, experiments.Request(data, dict(models), dict(folders), recipe, roots, out), page)
        return 0
    board = None if benchmark is None else boards.read(benchmark, names)
    pairs = pairs_in(data) if board is None else boards.select(board, pairs_in(data))
    chosen = _metrics(metrics)
    if not models and not folders:
        models = [_named_model("default")]
    if not models and (stretch or ir_range != "full"):
        raise MfjaxError("--stretch and --ir-range are for models, and only --results are named; leave them out")
    infrared_range = check_ir_range(parse_ir_range(ir_range))
    methods = {name: evaluation.folder_of_results(folder, pairs) for name, folder in folders}
    methods |= {name: _load(file, stretch=stretch, ir_range=infrared_range) for name, file in models}
    report = Page()
    show = None if out is None else report.show
    if board is None:
        scored = evaluation.evaluate(pairs, methods, chosen, show=show, progress=_bar)
        print(tables.table(scored, "text"))
        print(f"{tables.legend(scored)} * marks the best.")
        text = None
    else:
        result = evaluation.benchmark(board, pairs, methods, allow_seen=allow_seen, show=show, progress=_bar)
        scored, text = result.evaluation, result.text()
        print(text)
        if page is not None:
            sections.put(page, board.name, text)
    undefined = {f"{metric} of {method} on {pair}: {why}" for (method, pair, metric), why in scored.reasons.items()}
    for line in sorted(undefined):
        logger.warning("undefined and left out: %s", line)
    if out is not None:
        _write_reports(out, scored, report.html(scored, f"{data.resolve().name}: {', '.join(methods)}"))
        if board is not None and text is not None:
            (out / f"{board.name}.md").write_text(text + "\n", encoding="utf-8")
            print(f"{out}: {board.name}.md")
    return 0


def _bar(pairs: Iterable[Pair]) -> Iterable[Pair]:
    return tqdm(pairs, unit="pair", disable=None)


def _write_reports(out: Path, scored: evaluation.Evaluation, html: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "scores.csv").write_text(tables.as_csv(scored), encoding="utf-8")
    (out / "table.md").write_text(tables.table(scored, "markdown") + "\n", encoding="utf-8")
    (out / "table.tex").write_text(tables.table(scored, "latex") + "\n", encoding="utf-8")
    (out / "report.html").write_text(html, encoding="utf-8")
    print(f"{out}: scores.csv, table.md, table.tex, report.html")


def _refuse_unused(experiment: str | None, **given: bool) -> None:
    if unused := [flag.replace("_", "-") for flag, there in given.items() if there and flag not in TAKES[experiment]]:
        what = {None: "scoring without --experiment", "benchmark": "--benchmark"}.get(
            experiment, f"--experiment {experiment}"
        )
        raise MfjaxError(f"{what} makes no use of --{', --'.join(unused)}; leave that out")


def _refuse_twins(names: list[str]) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise MfjaxError(
            f"two methods are called {twice[0]}; give one of them another name, by --model NAME=FILE or "
            "--results NAME=DIR"
        )


def _load(model: Path, *, stretch: bool, ir_range: IrRange) -> evaluation.Method:
    from mfjax.inference.fuser import load

    return evaluation.Model(load(model), stretch, ir_range)


def _metrics(chosen: tuple[str, ...]) -> tuple[str, ...]:
    if not chosen:
        raise MfjaxError(f"--metrics names none; name at least one metric, or {', '.join(SETS)}")
    names = [name for each in chosen for name in SETS.get(each, (each,))]
    if unknown := [name for name in names if name not in registry.METRICS]:
        sets = ", ".join(SETS)
        raise MfjaxError(f"there is no metric {', '.join(unknown)}; available: {sets}, {', '.join(registry.METRICS)}")
    return tuple(dict.fromkeys(names))


def _named(text: str) -> tuple[str, Path]:
    """The name and folder of `NAME=DIR`."""
    name, separator, folder = text.partition("=")
    if not separator or not name or not folder:
        raise MfjaxError(f"--results is {text!r}; it is a name and a folder, such as DenseFuse=results/densefuse")
    return name, Path(folder)


def _named_model(text: str) -> tuple[str, Path]:
    """The name and file of `NAME_OR_FILE`, which goes by its own name, or of `NAME=FILE`."""
    name, _, file = text.partition("=")
    if name and file and Path(name).name == name and not Path(text).is_file():
        return name, weights.find(file)
    return Path(text).stem, weights.find(text)
