"""Models at the paper's nine settings (Table I), on a test set that has its sources at each resolution."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.evaluation.paper import SCALES, SETTINGS
from mfjax.inference.fuser import Fuser
from mfjax.inference.pairs import Pair, pair_folders
from mfjax.metrics import PAPER, score
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.network import Branch

Keep = Callable[[int, str, NDArray], None]
Progress = Callable[[Iterable[Pair]], Iterable[Pair]]


def means_at(
    fuser: Fuser,
    root: Path,
    settings: Iterable[int] = SETTINGS,
    *,
    metrics: tuple[str, ...] = PAPER,
    progress: Progress = iter,
    keep: Keep | None = None,
) -> dict[int, NDArray]:
    """Means of metrics over a test set by setting, in the order of `metrics`.

    A fused image is scored against the sources at full resolution, as in the paper. Each source is super-resolved once
    from each resolution, and the settings are fused from these.

    Args:
        fuser: the model.
        root: a folder with `ir_0.5`, `ir_0.8`, `ir_1.0` and the same of `vis`, with equal names in all.
        settings: numbers of Table I.
        metrics: names of `mfjax.metrics.METRICS`.
        progress: wraps the pairs, such as `tqdm`.
        keep: called for every setting and pair with the fused image, uint8.

    Raises:
        ValueError: a folder is missing or names differ.
    """
    pairs, chosen = setting_pairs(root), {number: SETTINGS[number] for number in settings}
    scores: dict[int, list[list[float]]] = {number: [] for number in chosen}
    for pair in progress(pairs):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        of_ir, of_vis = _super_resolved(fuser, root, pair, truth_vis.shape, [*chosen.values()])
        for number, (ir, vis) in chosen.items():
            fused = _fuse(fuser.config, fuser.params, of_ir[ir], of_vis[vis])
            image = images.from_float(np.clip(np.asarray(fused), 0, 1))
            scores[number].append([*score(truth_ir, truth_vis, image, names=metrics).values()])
            if keep is not None:
                keep(number, pair.name, image)
    return {number: np.mean(values, axis=0) for number, values in scores.items()}


def setting_pairs(root: Path) -> list[Pair]:
    """Pairs at full resolution, all of which are there at the others too.

    Raises:
        ValueError: a folder is missing or names differ.
    """
    folders = {f"{source}_{scale}" for source, scale in product(("ir", "vis"), SCALES)}
    if missing := sorted(name for name in folders if not (root / name).is_dir()):
        raise ValueError(f"{root} has no folder {', '.join(missing)}; the nine settings need it")
    pairs, problems = pair_folders(root / "ir_1.0", root / "vis_1.0")
    for pair in pairs:
        needed = [file for scale in SCALES for file in sources(root, pair, scale, scale)]
        problems += [f"{file} is missing" for file in needed if not file.is_file()]
    if problems:
        raise ValueError("; ".join(problems[:5]))
    return pairs


def sources(root: Path, pair: Pair, ir: float, vis: float) -> tuple[Path, Path]:
    """A pair's two files at two scales."""
    return root / f"ir_{ir}" / pair.ir.name, root / f"vis_{vis}" / pair.vis.name


def _super_resolved(
    fuser: Fuser, root: Path, pair: Pair, size: tuple[int, ...], settings: list[tuple[float, float]]
) -> tuple[Mapping[float, Branch], Mapping[float, Branch]]:
    """The branch of each scale that settings have, of infrared and visible; two at once, as the network makes them."""
    of_ir, of_vis = {}, {}
    scales = [sorted({setting[source] for setting in settings}) for source in range(2)]
    for ir, vis in zip_longest(*scales):
        ir, vis = ir or scales[0][-1], vis or scales[1][-1]
        low = [
            images.to_float(images.luma(images.read(file)))[None, ..., None] for file in sources(root, pair, ir, vis)
        ]
        of_ir[ir], of_vis[vis] = _branches(fuser.config, fuser.params, *low, size=size)
    return of_ir, of_vis


@partial(jax.jit, static_argnums=0, static_argnames="size")
def _branches(config: ModelConfig, params: Any, ir: Any, vis: Any, *, size: tuple[int, int]) -> Any:
    return FusionNetwork(config).apply({"params": params}, ir, vis, size=size, method="branches")


@partial(jax.jit, static_argnums=0)
def _fuse(config: ModelConfig, params: Any, ir: Branch, vis: Branch) -> jax.Array:
    output: Any = FusionNetwork(config).apply({"params": params}, ir, vis, method="fuse")
    return jnp.asarray(output.fused[0, ..., 0])
