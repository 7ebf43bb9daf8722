"""The paper's tables beside ours, as sections of a page in Markdown."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from mfjax.evaluation.paper import SCALES, SETTINGS, TABLE_II, TABLE_III, TABLE_IV, TABLE_V
from mfjax.evaluation.provenance import provenance
from mfjax.evaluation.settings import Means
from mfjax.evaluation.tables import ARROWS, LOST_CAPTION
from mfjax.metrics import METRICS, PAPER, STRUCTURE_LOST

MeansByMetric = Mapping[str, float]  # means by metric
Recipes = Mapping[str, Mapping[str, str]]  # metadata of weights files by the model's name

# Metrics of properties that the paper's six do not measure.
OTHER_METRICS = ("VIF", "Qabf", "SSIM", "MS_SSIM", "Nabf", *STRUCTURE_LOST)
OTHER_METRICS_AT = (1, 5, 9)  # settings at which they are measured

SCORED = """\
fused images are scored in 8 bits against the sources at full size, clipped and not stretched. Bold: as good as the
published value or better (Q_SF: as near to 0). The paper's authors published no metric code: magnitudes can be
compared, the last digits can't."""


def reached(metric: str, ours: float, papers: float) -> bool:
    """Returns true if a mean is at least as good as the paper's.

    Args:
        metric: the metric's name.
        ours: our mean.
        papers: the paper's mean.
    """
    if METRICS[metric].best == "zero":
        return abs(ours) <= abs(papers)
    return ours >= papers


def cells(means: Means) -> int:
    """Returns how many values of Table IV's rows "Ours" are reached.

    Args:
        means: our means by setting and metric.
    """
    return sum(
        reached(metric, values[metric], theirs)
        for setting, values in means.items()
        for metric, theirs in zip(PAPER, TABLE_IV[setting]["Ours"], strict=True)
    )


def table_ii(means: Mapping[str, MeansByMetric], models: Recipes, data: str) -> str:
    """Returns the section on the ablation: each variant's published row and ours, and how each was trained.

    Args:
        means: our means by variant and metric, at setting 2.
        models: the metadata of the variants' weights files.
        data: the test set's name.
    """
    rows = [(name, "published", TABLE_II[name], values) for name, values in means.items()]
    return f"""## Table II: without and with the attention and compensation modules

Setting 2, means over the pairs of {data}. {_how(2)}

{_two_rows_each("network", rows)}

{_lost("network", {name: [("", values)] for name, values in means.items()})}

{_recipes(models)}
"""


def table_iii(means: Mapping[float, MeansByMetric], models: Recipes, data: str) -> str:
    """Returns the section on the sweep over λ: each weight's published row and ours, and how each was trained.

    Args:
        means: our means by λ and metric, at setting 2.
        models: the metadata of the models' weights files.
        data: the test set's name.
    """
    rows = [(f"{weight:g}", "published", TABLE_III[weight], values) for weight, values in means.items()]
    return f"""## Table III: weights of the contrast loss

Setting 2, means over the pairs of {data}; phase two from one model of phase one. {_how(2)}

{_two_rows_each("λ", rows)}

{_lost("λ", {f"{weight:g}": [("", values)] for weight, values in means.items()})}

{_recipes(models)}
"""


def table_iv(means: Mapping[str, Means], maximum: Means, models: Recipes, data: str) -> str:
    """Returns the section on the nine settings: the published row "Ours", one for each model, and their training.

    The metrics of `OTHER_METRICS` follow in a table of their own, beside those of the brighter source at each pixel.

    Args:
        means: each model's means by setting and metric.
        maximum: the means of the brighter source at each pixel, by setting and metric.
        models: the metadata of the models' weights files.
        data: the test set's name.
    """
    methods = _with_maximum(means, maximum).items()
    lost = {str(setting): [(name, of[setting]) for name, of in methods] for setting in OTHER_METRICS_AT}
    counts = "; ".join(f"`{name}` reaches {cells(of)} of {len(of) * len(PAPER)} cells" for name, of in means.items())
    rows = [_header("setting", "infrared, visible", "")]
    for setting in SETTINGS:
        ir, vis = SETTINGS[setting]
        theirs = TABLE_IV[setting]["Ours"]
        rows.append(_row(str(setting), f"{ir}, {vis}", "published", cells=map("{:.4f}".format, theirs)))
        rows += [_row("", "", f"`{name}`", cells=_marked(of[setting], theirs)) for name, of in means.items()]
    return f"""## Table IV: the nine settings

{counts}.

Means over the pairs of {data} at the settings of Table I, beside the row "Ours". {_how()}

{_lines(rows)}

Metrics that the paper does not have, beside the brighter of both bicubic-enlarged sources at each pixel:

{_beyond(means, maximum)}

{_lost("setting", lost)}

{_recipes(models)}
"""


def table_v(means: Mapping[str, MeansByMetric], models: Recipes, data: str) -> str:
    """Returns the section on sources of half the output's size: the three published rows and one for each model.

    Args:
        means: each model's means by metric, at setting 1.
        models: the metadata of the models' weights files.
        data: the test set's name.
    """
    best = [
        min(column, key=abs) if METRICS[metric].best == "zero" else max(column)
        for metric, column in zip(PAPER, zip(*TABLE_V.values(), strict=True), strict=True)
    ]
    rows = [_header("method", "")]
    rows += [_row(name, "published", cells=map("{:.4f}".format, row)) for name, row in TABLE_V.items()]
    rows += [_row(f"`{name}`", "", cells=_marked(values, best)) for name, values in means.items()]
    return f"""## Table V: fusing and super-resolving at once

Setting 1, means over the pairs of {data}. {_how(1)} Bold compares with the best of the three published rows.

{_lines(rows)}

{_lost("method", {f"`{name}`": [("", values)] for name, values in means.items()})}

{_recipes(models)}
"""


def _how(setting: int | None = None) -> str:
    """Returns the sentences that explain a table's numbers, for one setting or for all."""
    if setting is None:
        given = f"The sources are {', '.join(f'{scale:g}' for scale in SCALES[:-1])} or {SCALES[-1]:g}"
    else:
        given = "Infrared is {:g} and visible {:g}".format(*SETTINGS[setting])
    return f"{given} of the output's size;\n{SCORED}"


def _beyond(means: Mapping[str, Means], maximum: Means) -> str:
    arrows = [f"{metric} {ARROWS[METRICS[metric].best]}" for metric in OTHER_METRICS]
    lines = [_header("setting", "", cells=arrows)]
    for setting in OTHER_METRICS_AT:
        for name, of in _with_maximum(means, maximum).items():
            label = str(setting) if of is maximum else ""
            lines.append(_row(label, name, cells=(f"{of[setting][metric]:.4f}" for metric in OTHER_METRICS)))
    return _lines(lines)


def _with_maximum(means: Mapping[str, Means], maximum: Means) -> dict[str, Means]:
    return {"brighter source": maximum} | {f"`{name}`": of for name, of in means.items()}


def _lost(first: str, rows: Mapping[str, Sequence[tuple[str, MeansByMetric]]]) -> str:
    """Returns a table of lost structure over all images, by day and by night; a dash where none counts.

    Args:
        first: head of the first column.
        rows: methods and their means, by the cell of the first column.
    """
    columns = {
        f"{source}, {light or 'all'}": f"{name}, {light}" if light else name
        for source, name in zip(("infrared", "visible"), STRUCTURE_LOST, strict=True)
        for light in ("", "day", "night")
    }
    lines = [LOST_CAPTION, "", _header(first, "", cells=[*columns])]
    for label, methods in rows.items():
        for place, (method, scores) in enumerate(methods):
            shares = (scores.get(key, math.nan) for key in columns.values())
            cells = ("–" if math.isnan(share) else f"{share:.3f}" for share in shares)
            lines.append(_row("" if place else label, method, cells=cells))
    return _lines(lines)


def _two_rows_each(name: str, rows: Iterable[tuple[str, str, Sequence[float], MeansByMetric]]) -> str:
    lines = [_header(name, "")]
    for label, source, theirs, ours in rows:
        lines.append(_row(label, source, cells=map("{:.4f}".format, theirs)))
        lines.append(_row("", "mfjax", cells=_marked(ours, theirs)))
    return _lines(lines)


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(rows)


def _header(*names: str, cells: Sequence[str] = PAPER) -> str:
    return _row(*names, cells=cells) + "\n" + "|---" * (len(names) + len(cells)) + "|"


def _row(*names: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([*names, *cells])} |"


def _marked(ours: MeansByMetric, theirs: Sequence[float]) -> list[str]:
    return [
        f"**{ours[metric]:.4f}**" if reached(metric, ours[metric], bar) else f"{ours[metric]:.4f}"
        for metric, bar in zip(PAPER, theirs, strict=True)
    ]


def _recipes(models: Recipes) -> str:
    """Returns a list of each model's training runs, from its file's metadata; runs that all share are listed once."""
    runs = {name: provenance(metadata) for name, metadata in models.items()}
    alike = takewhile(lambda same: len(set(same)) == 1, zip(*runs.values(), strict=False))
    common = [run for run, *_ in alike] if len(runs) > 1 else []
    lines = _history("all of them, from random parameters on", common) if common else []
    for name, history in runs.items():
        if not history:
            lines.append(f"- `{name}`: its file does not say how it was trained")
        elif history != common:
            how = "after that" if common else "from random parameters on"
            lines += _history(f"`{name}`, {how}", history[len(common) :], len(common))
    return _lines(lines)


def _history(title: str, runs: Sequence[str], before: int = 0) -> list[str]:
    return [f"- {title}:", *(f"  {i}. {run}" for i, run in enumerate(runs, before + 1))]
