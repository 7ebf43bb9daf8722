"""The command `mfjax evaluate`."""

import logging
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from mfjax import atomic, evaluation
from mfjax import metrics as registry
from mfjax.alignment import ModelChoice
from mfjax.cli import alignment_experiment
from mfjax.cli.messages import only_errors, print_json, print_line
from mfjax.cli.methods import named_folder, named_model, refuse_twins
from mfjax.cli.progress import shown
from mfjax.cli.ranges import parse_ir_range
from mfjax.errors import MfjaxError
from mfjax.evaluation import boards, sections, tables
from mfjax.evaluation.page import Page
from mfjax.evaluation.scoring import find_pairs
from mfjax.inference.detail import check_detail
from mfjax.inference.ranges import Celsius, IrRange, check_ir_range
from mfjax.pairing.pairs import listed
from mfjax.pairing.patterns import Patterns

logger = logging.getLogger("mfjax")

Experiment = Literal["alignment"]
BenchmarkName = Literal["m3fd300", "msrs361", "roadscene50", "tno21", "tno25", "vifb"]

SETS = {
    "paper": registry.PAPER,
    "lost": registry.STRUCTURE_LOST,
    "field": registry.FIELD,
    "all": registry.DEFAULT,
    "variants": tuple(registry.METRICS),
}
SHOWN = ("paper", "lost")  # default metrics
LONGEST_LINE = 2**16  # where no terminal folds them
WARPS = 20  # of each pair in the experiment with alignments
ALIGNED: tuple[ModelChoice, ...] = ("auto", "homography")  # kinds of maps that it seeks


def evaluate(
    data: Annotated[Positional[Path | None], arg(metavar="DATA", help_behavior_hint="")] = None,
    *,
    pairs: Annotated[Path | None, arg(metavar="LIST.csv", help_behavior_hint="")] = None,
    pattern: Annotated[Patterns | None, arg(metavar="IR_NAME VIS_NAME", help_behavior_hint="")] = None,
    recursive: Annotated[bool, arg(help_behavior_hint="")] = False,
    model: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME_OR_FILE|NAME=FILE")] = (),
    results: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME=DIR")] = (),
    metrics: Annotated[tuple[str, ...], arg(metavar="NAME …")] = SHOWN,
    resize: Annotated[bool, arg(help_behavior_hint="")] = False,
    stretch: Annotated[bool, arg(help_behavior_hint="")] = False,
    ir_range: Annotated[str | None, arg(metavar="full|auto|LO,HI", help_behavior_hint="")] = None,
    detail: Annotated[float, arg(metavar="0..1")] = 1.0,
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    benchmark: Annotated[BenchmarkName | None, arg(help_behavior_hint="")] = None,
    names: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    allow_seen: Annotated[bool, arg(help_behavior_hint="")] = False,
    page: Annotated[Path | None, arg(metavar="FILE.md", help_behavior_hint="")] = None,
    experiment: Annotated[Experiment | None, arg(help_behavior_hint="")] = None,
    warps: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None,
    align_model: Annotated[ModelChoice | None, arg(help_behavior_hint="")] = None,
    quiet: Annotated[bool, arg(help_behavior_hint="")] = False,
    json: Annotated[bool, arg(help_behavior_hint="")] = False,
) -> int:
    """Score models, or fused images that other methods made, on a folder of pairs.

    Prints a table of means, the mean ranks of several methods, and the share of each source's structure that was lost
    by day and by night, whichever metrics are chosen. With --out also writes scores.csv, table.md, table.tex and
    report.html with the images.

    Args:
        data: Folder with ir/ and vis/, or one with both kinds of images; paired as mfjax fuse does it.
        pairs: Score the pairs of a list instead: CSV in UTF-8 with the columns ir,vis or ir,vis,name; files are
            relative to the list's folder.
        pattern: Names of infrared and visible files where {name} is what a pair has in common and * is any text, such
            as '{name}_T.JPG' '{name}_W.JPG'.
        recursive: Also search sub-folders.
        model: Name of a bundled model, or a weights file; may be repeated. Without --results: default.
            NAME=FILE gives a file a name, since every run's file is called model.safetensors.
        results: A method's name and the folder of its fused images; may be repeated. They are named as the pairs or
            their files are, and may all have one part more, such as _fused.
        metrics: Metrics' names, in upper or lower case, or paper (its six), lost (the share of each source's structure
            that fusing lost), field (the 14 that comparisons report), all, variants (with the forms of popular codes).
        resize: Resample fused images that have neither source's size to that of the larger source, which is said; by
            default they are refused, since they may be cut.
        stretch: Let models fuse pairs whose aspects differ by more than 20 %.
        ir_range: Infrared values that are black and white for models: the ends of the type's range (full), the image's
            own (auto), or two values; by default as mfjax fuse does it. Scores compare with the infrared image as it
            is stored.
        detail: How much structure the models' fused images show, as of mfjax fuse.
        out: Folder for the reports; one of them contains your images.
        benchmark: Score on one of the field's benchmarks: exactly its pairs and its metrics, beside published rows.
        names: A file with the names of the benchmark's pairs, one a line, if they don't come with mfjax.
        allow_seen: Score a model on a benchmark although it was trained on some of its images, and mark its row.
        page: A page in Markdown, in which the benchmark's or the experiment's section is replaced.
        experiment: Measure something else than fusion. alignment: how well mfjax align, and methods of OpenCV, find
            where the images of registered pairs lie that are seen through known random warps. With --out, results are
            kept there as they come, and the same command continues.
        warps: Warps of each pair in --experiment alignment, by default 20; 0 for the pairs as they are.
        align_model: Kind of maps in --experiment alignment; by default similarities, and homographies on views with
            perspective.
        quiet: Print only the result and errors: no progress, warnings or names of written files.
        json: Print the result as JSON: means and every score.

    Raises:
        MfjaxError: a flag has no effect here, or something that an argument names is missing or not of its kind.
    """
    if quiet:
        only_errors()
    if experiment is not None:
        given = {
            "--pairs": pairs,
            "--pattern": pattern,
            "--recursive": recursive,
            "--model": model,
            "--results": results,
            "--metrics": metrics != SHOWN,
            "--resize": resize,
            "--stretch": stretch,
            "--ir-range": ir_range,
            "--detail": detail != 1,
            "--benchmark": benchmark,
            "--names": names,
            "--allow-seen": allow_seen,
        }
        if idle := [flag for flag, value in given.items() if value]:
            raise MfjaxError(f"{', '.join(idle)} has no effect on --experiment {experiment}; leave it out")
        if data is None:
            raise MfjaxError(f"--experiment {experiment} needs DATA, a folder with ir/ and vis/ of registered pairs")
        kinds = ALIGNED if align_model is None else (align_model,)
        count = WARPS if warps is None else warps
        alignment_experiment.run(data, models=kinds, warps=count, out=out, page=page, quiet=quiet, json=json)
        return 0
    if warps is not None or align_model is not None:
        raise MfjaxError("--warps and --align-model are for --experiment alignment; name it, or leave them out")
    if benchmark is None and (names is not None or allow_seen or page is not None):
        raise MfjaxError("--names, --allow-seen and --page are for a --benchmark; name one, or leave them out")
    if benchmark is not None and metrics != SHOWN:
        raise MfjaxError(f"--benchmark {benchmark} has metrics of its own; leave --metrics out")
    folders = [named_folder(each) for each in results]
    models = [named_model(each) for each in model]
    refuse_twins([name for name, _ in folders + models])
    board = None if benchmark is None else boards.read(benchmark, names)
    found = find_pairs(data, listed=pairs, pattern=pattern, recursive=recursive)
    chosen_pairs = found if board is None else boards.select(board, found)
    chosen = _metrics(metrics)
    if not models and not folders:
        models = [named_model("default")]
    if not models and (stretch or ir_range is not None or detail != 1):
        raise MfjaxError("--stretch, --ir-range and --detail are for models, but only --results are named")
    check_detail(detail)
    infrared_range = check_ir_range(parse_ir_range(ir_range))
    if infrared_range == "auto:all" or isinstance(infrared_range, Celsius):
        raise MfjaxError(f"--ir-range {ir_range} is for mfjax fuse; to score a model, it is full, auto or two values")
    methods = {name: evaluation.folder_of_results(folder, chosen_pairs) for name, folder in folders}
    methods |= {name: _load(file, stretch=stretch, ir_range=infrared_range, detail=detail) for name, file in models}

    report = Page()
    show = None if out is None else report.show
    progress = partial(shown, total=len(chosen_pairs), name="scoring", unit="pair", quiet=quiet)
    if board is None:
        scored = evaluation.evaluate(chosen_pairs, methods, chosen, resize=resize, show=show, progress=progress)
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else LONGEST_LINE
        table = tables.folded(tables.table(scored, "text"), width)
        means = f"{table}\n{tables.legend(scored)} * marks the best. {tables.ranks(scored)}"
        text = f"{means.rstrip()}\n\n{tables.LOST_CAPTION}\n\n{tables.lost_table(scored, 'text')}"
        told = tables.as_dict(scored)
    else:
        result = evaluation.benchmark(
            board, chosen_pairs, methods, allow_seen=allow_seen, resize=resize, show=show, progress=progress
        )
        scored, text = result.evaluation, result.text()
        told = {"benchmark": board.name, "remarks": dict(result.remarks)} | tables.as_dict(scored)
        if page is not None:
            sections.put(page, board.name, text)
    if json:
        print_json(told)
    else:
        print(text)
    if scored.resampled:
        logger.warning("resampled before they were scored: %s", listed(_resampled(scored)))
    undefined = {f"{metric} of {method} on {pair}: {why}" for (method, pair, metric), why in scored.reasons.items()}
    for line in sorted(undefined):
        logger.warning("undefined and left out: %s", line)
    if out is not None:
        title = (data or pairs or out).resolve().name
        written = _reports(scored, report.html(scored, f"{title}: {', '.join(methods)}"))
        if board is not None:
            written[f"{board.name}.md"] = text + "\n"
        out.mkdir(parents=True, exist_ok=True)
        atomic.write_all((out / name, content) for name, content in written.items())
        if not (quiet or json):
            print_line(f"{out}: {', '.join(written)}")
    return 0


def _reports(scored: evaluation.Evaluation, html: str) -> dict[str, str]:
    """Returns the contents of a report's files by their names."""
    ranks = f"{tables.ranks(scored)}\n\n" if len(scored.methods) > 1 else ""
    lost = f"{ranks}{tables.LOST_CAPTION}\n\n{tables.lost_table(scored, 'markdown')}"
    return {
        "scores.csv": tables.as_csv(scored),
        "table.md": f"{tables.table(scored, 'markdown')}\n\n{lost}\n",
        "table.tex": f"{tables.table(scored, 'latex')}\n\n{tables.lost_table(scored, 'latex')}\n",
        "report.html": html,
    }


def _resampled(scored: evaluation.Evaluation) -> Iterator[str]:
    """Yields a line for each fused image that was resampled."""
    for (method, pair), sizes in scored.resampled.items():
        before, after = (f"{rows}x{cols}" for rows, cols in sizes)
        yield f"{method}'s {pair} from {before} to {after}"


def _load(model: Path, *, stretch: bool, ir_range: IrRange, detail: float) -> evaluation.Method:
    from mfjax.inference.loading import load

    return evaluation.Model(load(model, detail=detail), stretch, ir_range)


def _metrics(chosen: tuple[str, ...]) -> tuple[str, ...]:
    if not chosen:
        raise MfjaxError(f"--metrics names none; name at least one metric, or {', '.join(SETS)}")
    written = {name.lower(): name for name in registry.METRICS}
    names = [written.get(name.lower(), name) for each in chosen for name in SETS.get(each.lower(), (each,))]
    if unknown := [name for name in names if name not in registry.METRICS]:
        sets = ", ".join(SETS)
        raise MfjaxError(f"there is no metric {', '.join(unknown)}; available: {sets}, {', '.join(registry.METRICS)}")
    return tuple(dict.fromkeys(names))
