"""The paper's experiments: its nine settings (Table I) on its test set, beside its own numbers (Table IV)."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.evaluation.paper import SCALES, SETTINGS, TABLE_IV
from mfjax.evaluation.provenance import provenance
from mfjax.inference.fuser import Fuser
from mfjax.inference.pairs import Pair, pair_folders
from mfjax.metrics import METRICS, PAPER, score
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.network import Branch


def table_iv(
    fuser: Fuser,
    root: Path,
    *,
    progress: Callable[[Iterable[Pair]], Iterable[Pair]] = iter,
    keep: Callable[[int, str, NDArray], None] | None = None,
) -> dict[int, NDArray]:
    """Means of the six metrics over a test set by setting, `[6]` each, in the order of `PAPER`.

    A fused image is scored against the sources at full resolution, as in the paper. Each source is super-resolved once
    from each resolution, and the nine settings are fused from these.

    Args:
        fuser: the model.
        root: a folder with `ir_0.5`, `ir_0.8`, `ir_1.0` and the same of `vis`, with equal names in all.
        progress: wraps the pairs, such as `tqdm`.
        keep: called for every setting and pair with the fused image, uint8.

    Raises:
        ValueError: a folder is missing or names differ.
    """
    pairs = _pairs(root)
    scores = {setting: np.empty((len(pairs), len(PAPER))) for setting in SETTINGS}
    for number, pair in enumerate(progress(pairs)):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        branches = {scale: _super_resolved(fuser, root, pair, scale, truth_vis.shape) for scale in SCALES}
        for setting, (ir, vis) in SETTINGS.items():
            fused = _fuse(fuser.config, fuser.params, branches[ir][0], branches[vis][1])
            image = images.from_float(np.clip(np.asarray(fused), 0, 1))
            scores[setting][number] = [*score(truth_ir, truth_vis, image, names=PAPER).values()]
            if keep is not None:
                keep(setting, pair.name, image)
    return {setting: values.mean(axis=0) for setting, values in scores.items()}


def reached(metric: str, ours: float, papers: float) -> bool:
    """Whether a mean is at least as good as the paper's."""
    if METRICS[metric].best == "zero":
        return abs(ours) <= abs(papers)
    return ours >= papers


def table_iv_as_markdown(means: dict[int, NDArray]) -> str:
    """The nine settings, two rows each: the paper's "Ours" and this model's, bold where it is at least as good."""
    rows = ["| setting | infrared, visible | | " + " | ".join(PAPER) + " |", "|---" * (3 + len(PAPER)) + "|"]
    count = 0
    for setting, values in means.items():
        papers = TABLE_IV[setting]["Ours"]
        cells = []
        for metric, ours, theirs in zip(PAPER, values, papers, strict=True):
            good = reached(metric, float(ours), theirs)
            count += good
            cells.append(f"**{ours:.4f}**" if good else f"{ours:.4f}")
        of_setting = f"{setting} | {SETTINGS[setting][0]}, {SETTINGS[setting][1]}"
        rows.append(f"| {of_setting} | paper | " + " | ".join(f"{value:.4f}" for value in papers) + " |")
        rows.append("| | | mfjax | " + " | ".join(cells) + " |")
    return f"{count} of {len(means) * len(PAPER)} cells reach the paper's.\n\n" + "\n".join(rows)


def report(means: dict[int, NDArray], name: str, metadata: Mapping[str, str], data: str) -> str:
    """A page in Markdown: the table, what was measured and how, and how the model was trained."""
    runs = "\n".join(f"- {line}" for line in provenance(metadata)) or "- its file does not say"
    return f"""# Results

{table_iv_as_markdown(means)}

Means over the pairs of {data} at the nine settings of the paper's Table I, beside the paper's row "Ours" of Table IV.
The sources are {", ".join(f"{scale:g}" for scale in SCALES[:-1])} or {SCALES[-1]:g} of the output's size; fused images
are scored in 8 bits against the sources at full size, clipped and not stretched. Bold: as good as the paper or better
(Q_SF: as near to 0). The paper's authors published no metric code: magnitudes can be compared, the last digits can't.

    mfjax evaluate DIR/{data} --experiment table4 --model {name} --out OUT

The model `{name}`, from random parameters on:

{runs}
"""


def _pairs(root: Path) -> list[Pair]:
    """Pairs at full resolution, all of which are there at the others too."""
    folders = {f"{source}_{scale}" for source, scale in product(("ir", "vis"), SCALES)}
    if missing := sorted(name for name in folders if not (root / name).is_dir()):
        raise ValueError(f"{root} has no folder {', '.join(missing)}; the nine settings need it")
    pairs, problems = pair_folders(root / "ir_1.0", root / "vis_1.0")
    for pair in pairs:
        needed = [file for scale in SCALES for file in _files(root, pair, scale)]
        problems += [f"{file} is missing" for file in needed if not file.is_file()]
    if problems:
        raise ValueError("; ".join(problems[:5]))
    return pairs


def _files(root: Path, pair: Pair, scale: float) -> tuple[Path, Path]:
    return root / f"ir_{scale}" / pair.ir.name, root / f"vis_{scale}" / pair.vis.name


def _super_resolved(fuser: Fuser, root: Path, pair: Pair, scale: float, size: tuple[int, ...]) -> tuple[Branch, Branch]:
    sources = [images.to_float(images.luma(images.read(file))) for file in _files(root, pair, scale)]
    return _branches(fuser.config, fuser.params, *(source[None, ..., None] for source in sources), size=size)


@partial(jax.jit, static_argnums=0, static_argnames="size")
def _branches(config: ModelConfig, params: Any, ir: Any, vis: Any, *, size: tuple[int, int]) -> Any:
    return FusionNetwork(config).apply({"params": params}, ir, vis, size=size, method="branches")


@partial(jax.jit, static_argnums=0)
def _fuse(config: ModelConfig, params: Any, ir: Branch, vis: Branch) -> jax.Array:
    output: Any = FusionNetwork(config).apply({"params": params}, ir, vis, method="fuse")
    return jnp.asarray(output.fused[0, ..., 0])
