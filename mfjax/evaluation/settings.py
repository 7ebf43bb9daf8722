"""Models at the paper's nine settings (Table I), on a test set that has its sources at each resolution."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import product, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import cv2
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

Progress = Callable[[Iterable[Pair]], Iterable[Pair]]
Means = Mapping[int, Mapping[str, float]]  # by setting and metric


class Fused(NamedTuple):
    """A fused image of a test set; images are `[h, w]`, uint8."""

    setting: int
    name: str
    image: NDArray
    ir: NDArray  # at full resolution
    vis: NDArray


def fused_at(
    fuser: Fuser, root: Path, settings: Iterable[int] = SETTINGS, *, progress: Progress = iter
) -> Iterator[Fused]:
    """What a model makes of each pair of a test set at each setting.

    Each source is super-resolved once from each resolution, and the settings are fused from these.

    Args:
        fuser: the model.
        root: a folder with `ir_0.5`, `ir_0.8`, `ir_1.0` and the same of `vis`, with equal names in all.
        settings: numbers of Table I.
        progress: wraps the pairs, such as `tqdm`.

    Raises:
        ValueError: a folder is missing or names differ.
    """
    chosen = {number: SETTINGS[number] for number in settings}
    for pair in progress(setting_pairs(root)):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        of_ir, of_vis = _super_resolved(fuser, root, pair, truth_vis.shape, [*chosen.values()])
        for number, (ir, vis) in chosen.items():
            fused = _fuse(fuser.config, fuser.params, of_ir[ir], of_vis[vis])
            image = images.from_float(np.clip(np.asarray(fused), 0, 1))
            yield Fused(number, pair.name, image, truth_ir, truth_vis)


def maximum_at(root: Path, settings: Iterable[int]) -> Iterator[Fused]:
    """The brighter of both sources at each pixel, enlarged by OpenCV's bicubic: what needs no learning."""
    for pair, number in product(setting_pairs(root), settings):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        h, w = truth_vis.shape
        low = (images.luma(images.read(file)) for file in sources(root, pair, *SETTINGS[number]))
        enlarged = (cv2.resize(image, (w, h), interpolation=cv2.INTER_CUBIC) for image in low)
        yield Fused(number, pair.name, np.maximum(*enlarged), truth_ir, truth_vis)


def means(fused: Iterable[Fused], metrics: Callable[[int], tuple[str, ...]] = lambda setting: PAPER) -> Means:
    """Means over a test set by setting; scored against the sources at full resolution, as in the paper.

    Args:
        fused: the images.
        metrics: which ones, by setting.
    """
    scores: dict[int, list[dict[str, float]]] = {}
    for each in fused:
        of_one = score(each.ir, each.vis, each.image, names=metrics(each.setting))
        scores.setdefault(each.setting, []).append(of_one)
    return {
        setting: {name: float(np.mean([one[name] for one in of_all])) for name in of_all[0]}
        for setting, of_all in sorted(scores.items())
    }


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
