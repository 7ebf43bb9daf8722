"""Writes the card of a model, a Markdown page, from what its weights file tells; needs no JAX."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mfjax.weights import bundled, header
from mfjax.weights.catalogue import LICENCE, PURPOSES
from mfjax.weights.recipe import entries, largest_factor

TITLES = {
    "roadscene": "[RoadScene](https://github.com/hanna-xu/RoadScene)",
    "msrs": "[MSRS](https://github.com/Linfeng-Tang/MSRS)",
    "m3fd": "[M3FD](https://github.com/JinyuanLiu-CV/TarDAL)",
    "m3svd": "[M3SVD](https://github.com/Linfeng-Tang/VideoFusion)",
}
PAPER = "[10.1109/TIP.2021.3069339](https://doi.org/10.1109/TIP.2021.3069339)"


def card(model: str | Path, *, title: str, load_as: str) -> str:
    """Returns the card of a model: what it is for, its architecture, how to use it, its training, and its licence.

    Args:
        model: the name of a bundled model, or a weights file.
        title: the name that the card gives it.
        load_as: the name by which the card's example loads it.

    Raises:
        FileNotFoundError: there is no such model.
    """
    path = bundled.find(model)
    head = header.read(path)
    own = path.parent == bundled.FOLDER
    lines = [
        f"# {title}",
        "",
        "Fuses an infrared and a visible image of any two resolutions into one of any resolution, and gives both "
        f"sources super-resolved. The method: Li, Cen, Liu, Chen, Yu, IEEE TIP 30, 2021, {PAPER}; the code: mfjax.",
        "",
    ]
    if own:
        lines += [f"It is for {PURPOSES[path.stem]}.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in _facts(head, path)]
    lines += ["", "## Use", "", "```python", "import mfjax", ""]
    lines += [f'fuser = mfjax.load("{load_as}")', "fused, ir_enlarged, vis_enlarged = fuser(ir, vis, scale=2)", "```"]
    lines += ["", "Images are uint8, uint16 or floats in [0, 1], gray or RGB, and show the same field of view.", ""]
    lines += ["## Training", "", *_training(head.metadata), ""]
    if own:
        lines += ["## Licence", "", LICENCE, ""]
    return "\n".join(lines)


def _facts(head: header.Header, path: Path) -> Iterator[tuple[str, str]]:
    yield "parameters", f"{head.parameters:,}"
    dtypes = sorted({tensor["dtype"] for tensor in head.tensors.values()})
    yield "file", f"{path.stat().st_size / 1e6:.2f} MB of safetensors, {' and '.join(dtypes)}"
    if factor := largest_factor(head.metadata):
        yield "enlarges in one pass", f"up to {factor:g} times; more is done in steps"
    for field, value in json.loads(head.metadata["config"]).items():
        yield f"`{field}`", str(value)


def _training(metadata: Mapping[str, str]) -> Iterator[str]:
    """Yields lines: a table of the runs, then the images that they saw."""
    runs = list(_runs(metadata))
    if not runs:
        yield "Its file does not tell how it was trained."
        return
    yield "| run | pairs of | steps of phase one | of phase two | crops | factors | learning rate | target |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, (recipe, steps) in enumerate(runs, 1):
        data, target = recipe["data"], recipe.get("target") or {}
        one = min(steps, recipe["phase_one_steps"])
        low, high = (scale / 10 for scale in data["scales"])
        cells = [str(number), ", ".join(data["roots"]), f"{one:,}", f"{steps - one:,}"]
        cells += [f"{data['batch']} of {data['crop']}×{data['crop']}", f"{low:g} to {high:g}"]
        rate = (None if one else recipe.get("phase_two_learning_rate")) or recipe["learning_rate"]
        cells += [f"{rate:g}", target.get("kind", "-") if steps > one else "-"]
        yield f"| {' | '.join(cells)} |"
    roots = dict.fromkeys(root for recipe, _ in runs for root in recipe["data"]["roots"])
    yield ""
    yield f"Pairs are of {', '.join(TITLES.get(root, root) for root in roots)}."
    if len(runs) > 1:
        yield "Each run goes on from the one before."
    if "seen" in metadata:
        count = len(json.loads(metadata["seen"])["images"]) * 3 // 4 // 8  # base64 of 8 bytes each
        yield f"The file lists fingerprints of the {count:,} images that it saw, by which `mfjax evaluate --benchmark`"
        yield "refuses to score it on one of them."


def _runs(metadata: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yields the last recipe and the steps of each run that made a model, the first one first."""
    found = entries(metadata)
    if found:
        yield from _runs(found[0].get("started_from", {}))
        yield found[-1]["recipe"], int(metadata["steps"])
