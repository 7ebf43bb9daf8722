"""The part of `mfjax evaluate` that measures alignments."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mfjax.alignment import ModelChoice
from mfjax.cli.messages import print_json
from mfjax.cli.progress import shown
from mfjax.errors import MfjaxError
from mfjax.evaluation import sections
from mfjax.evaluation.alignment import Method, as_dict, measure, opencv_peers, own_method, scenes, section

KEPT = "alignment.jsonl"

Peers = Callable[[ModelChoice], dict[str, Method]]


def run(
    folder: Path,
    *,
    models: Sequence[ModelChoice],
    warps: int,
    peers: Peers | None = opencv_peers,
    seed: int = 0,
    stride: int = 1,
    out: Path | None = None,
    page: Path | None = None,
    quiet: bool = False,
    json: bool = False,
) -> None:
    """Measures mfjax and its peers on a folder of registered pairs, and prints tables or writes them into a page.

    Args:
        folder: the folder, or one of such folders.
        models: the kinds of maps to seek, each measured by itself.
        warps: number of warps of each pair; 0 for the pairs as they are.
        peers: a function from the kind of maps to the methods to measure besides; None: none.
        seed: of the warps.
        stride: take only every so many pairs.
        out: folder in which results are kept, so that the same command continues.
        page: a page in Markdown, in which the sections are replaced.
        quiet: show no progress.
        json: print JSON instead of tables.

    Raises:
        MfjaxError: the folder has no registered pairs, or the number of warps is negative.
    """
    if warps < 0:
        raise MfjaxError(f"--warps is {warps}; it is 0 or more")
    pairs = scenes([folder], stride=stride)
    kept = None if out is None else out / KEPT
    title = f"{len(pairs)} pairs, " + ("as they are" if warps == 0 else f"{warps} warp{'s' * (warps != 1)} each")
    told: dict[str, Any] = {}
    for model in models:
        methods = {} if peers is None else dict(peers(model))
        methods[f"mfjax, {model}"] = own_method(model)
        progress = partial(shown, name=f"alignment, {model}", unit="view", quiet=quiet)
        results = measure(pairs, methods, model=model, per_pair=warps, seed=seed, kept=kept, progress=progress)
        name = f"alignment of {folder.resolve().name}, {model}"
        text = section(results, title=title)
        told[model] = as_dict(results)
        if not json:
            print(f"{name}\n\n{text}\n")
        if page is not None:
            sections.put(page, name, text)
    if json:
        print_json(told)
