"""The commands `mfjax reproduce table2`, `table3`, `table4`, `table5` and `figures`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from mfjax import recipes, weights
from mfjax.cli.messages import print_line
from mfjax.cli.methods import named_model, refuse_twins
from mfjax.cli.progress import shown
from mfjax.pairing import Pair

Data = Annotated[
    Positional[Path],
    arg(metavar="DATA", help="Folder with ir_0.5, ir_0.8, ir_1.0 and the same of vis, with equal names in all."),
]
Recipe = Annotated[
    str,
    arg(metavar="NAME|FILE.py", help=f"The recipe to train with: {', '.join(recipes.available())}, or a Python file."),
]
Roots = Annotated[
    tuple[str, ...],
    arg(metavar="DIR …", help="Folders of training pairs, instead of the recipe's.", help_behavior_hint=""),
]
Work = Annotated[
    Path,
    arg(
        metavar="OUT",
        help="Folder for trainings, fused images and the table; the same command continues an interrupted run there.",
    ),
]
Out = Annotated[
    Path | None, arg(metavar="OUT", help="Folder for the table and the fused images.", help_behavior_hint="")
]
Models = Annotated[
    UseAppendAction[tuple[str, ...]],
    arg(
        metavar="NAME_OR_FILE|NAME=FILE",
        help="Name of a bundled model, a weights file, or NAME=FILE to name it; may be repeated. By default: default.",
    ),
]
MarkdownPage = Annotated[
    Path | None,
    arg(
        metavar="FILE.md",
        help="A page in Markdown, in which the table's section is replaced.",
        help_behavior_hint="",
    ),
]


def table2(data: Data, *, recipe: Recipe, out: Work, roots: Roots = (), page: MarkdownPage = None) -> int:
    """Train the five networks of Table II, without and with attention and compensation, and score them."""
    return _reproduce("table2", data, page, out, recipe=recipe, roots=roots)


def table3(
    data: Data,
    *,
    recipe: Recipe,
    model: Annotated[str, arg(metavar="NAME_OR_FILE", help="The model of phase one that all six start from.")],
    out: Work,
    roots: Roots = (),
    page: MarkdownPage = None,
) -> int:
    """Train phase two with the six weights of the contrast loss in Table III, and score the models."""
    return _reproduce("table3", data, page, out, recipe=recipe, roots=roots, phase_one=weights.find(model))


def table4(data: Data, *, model: Models = (), out: Out = None, page: MarkdownPage = None) -> int:
    """Score models at the nine settings of Table IV: each source of 0.5, 0.8 or 1.0 of the output's size."""
    return _reproduce("table4", data, page, out, models=_models(model))


def table5(data: Data, *, model: Models = (), out: Out = None, page: MarkdownPage = None) -> int:
    """Score models that fuse and super-resolve at once, as in Table V: both sources of 0.5 of the output's size."""
    return _reproduce("table5", data, page, out, models=_models(model))


def figures(
    data: Data,
    *,
    out: Annotated[Path, arg(metavar="OUT", help="Folder that the tables were given; pictures go there, too.")],
) -> int:
    """Draw panels with close-ups, as Figs. 7 to 11, of the images that the tables wrote to a folder."""
    from mfjax.evaluation import reproduce

    print(reproduce("figures", data, out=out))
    return 0


def _reproduce(name: str, data: Path, page: Path | None, out: Path | None, **options: Any) -> int:
    from mfjax.evaluation import reproduce

    print(reproduce(name, data, page=page, out=out, progress=_progress, **options))
    if out is not None:
        print_line(f"{out}: {name}.md and, in {name}/, the fused images")
    return 0


def _progress(pairs: Iterable[Pair], name: str) -> Iterable[Pair]:
    listed = list(pairs)
    return shown(listed, len(listed), name=name, unit="pair")


def _models(named: tuple[str, ...]) -> dict[str, Path]:
    found = [named_model(each) for each in named or ("default",)]
    refuse_twins([name for name, _ in found])
    return dict(found)
