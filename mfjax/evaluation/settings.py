"""Fusing and scoring at the paper's nine settings (Table I), on a test set with its sources at each resolution."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.evaluation.lost import is_night
from mfjax.evaluation.paper import SCALES, SETTINGS
from mfjax.inference.backends import Sensor
from mfjax.inference.composition import Source
from mfjax.inference.fuser import Fuser
from mfjax.metrics import PAPER, STRUCTURE_LOST, score
from mfjax.pairing import Pair, find_pairs

logger = logging.getLogger("mfjax")

Progress = Callable[[Iterable[Pair]], Iterable[Pair]]
Means = Mapping[int, Mapping[str, float]]  # means by setting and metric


class Fused(NamedTuple):
    """A fused image of a test set, with its sources; images are `[h, w]`, uint8."""

    setting: int
    name: str  # name of the pair
    image: NDArray
    ir: NDArray  # infrared at full resolution
    vis: NDArray  # visible at full resolution


def fused_at(
    fuser: Fuser, root: Path, settings: Iterable[int] = SETTINGS, *, progress: Progress = iter
) -> Iterator[Fused]:
    """Yields a model's fused image of each pair of a test set at each setting.

    The features of each source are extracted once at each resolution, and used for all settings.

    Args:
        fuser: the model.
        root: a folder with `ir_0.5`, `ir_0.8`, `ir_1.0` and `vis_0.5`, `vis_0.8`, `vis_1.0`, with equal names in all.
        settings: numbers of settings in Table I; by default all.
        progress: wraps the pairs, such as `tqdm`.

    Raises:
        MfjaxError: a folder is missing or names differ.
    """
    chosen = {number: SETTINGS[number] for number in settings}
    for pair in progress(setting_pairs(root)):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        size = truth_vis.shape[0], truth_vis.shape[1]
        found: dict[Path, Source] = {}
        for number, scales in chosen.items():
            ir, vis = source_files(root, pair, *scales)
            for file, sensor in zip((ir, vis), get_args(Sensor), strict=True):
                if file not in found:
                    found[file] = fuser.source(images.to_float(images.luma(images.read(file))), sensor, size)
            made = fuser.compose(found[ir], found[vis], size, dtypes=(np.uint8,) * 3)
            yield Fused(number, pair.name, made.fused, truth_ir, truth_vis)


def maximum_at(root: Path, settings: Iterable[int]) -> Iterator[Fused]:
    """Yields the brighter of both sources at each pixel, enlarged by OpenCV's bicubic: a baseline without learning.

    Args:
        root: the test set, as of `fused_at`.
        settings: numbers of settings in Table I.

    Raises:
        MfjaxError: a folder is missing or names differ.
    """
    for pair, number in product(setting_pairs(root), settings):
        truth_ir, truth_vis = (images.luma(images.read(file)) for file in (pair.ir, pair.vis))
        h, w = truth_vis.shape
        low = (images.luma(images.read(file)) for file in source_files(root, pair, *SETTINGS[number]))
        enlarged = (cv2.resize(image, (w, h), interpolation=cv2.INTER_CUBIC) for image in low)
        yield Fused(number, pair.name, np.maximum(*enlarged), truth_ir, truth_vis)


def means(fused: Iterable[Fused], metrics: Callable[[int], tuple[str, ...]] = lambda setting: PAPER) -> Means:
    """Returns the means over a test set, scored against the sources at full resolution, as in the paper.

    Lost structure is given over all images and, under its name with ", day" and ", night", over those of either. An
    image that leaves a metric undefined does not count in its mean, which is logged; if all do, the mean is NaN.

    Args:
        fused: the images.
        metrics: a function of the setting's number that returns the metrics' names; by default the paper's six.
    """
    scores: dict[int, list[dict[str, float]]] = {}
    for each in fused:
        found = score(each.ir, each.vis, each.image, names=metrics(each.setting))
        for name, why in found.reasons.items():
            logger.warning("undefined and left out: %s of %s at setting %d: %s", name, each.name, each.setting, why)
        scores.setdefault(each.setting, []).append(found | _lost_by_light(found, each.vis))
    return {
        setting: {name: _mean([image_scores[name] for image_scores in group]) for name in group[0]}
        for setting, group in sorted(scores.items())
    }


def _lost_by_light(scores: Mapping[str, float], vis: NDArray) -> dict[str, float]:
    """Returns the lost structure of an image's scores under names with ", day" and ", night", one of which is NaN."""
    night = is_night(vis)
    return {
        f"{name}, {light}": scores[name] if (light == "night") == night else math.nan
        for name in STRUCTURE_LOST
        if name in scores
        for light in ("day", "night")
    }


def _mean(values: Iterable[float]) -> float:
    """Returns the mean of the values that are not NaN; NaN if all are."""
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else math.nan


def setting_pairs(root: Path) -> list[Pair]:
    """Returns the pairs at full resolution, after checking that all others are complete.

    Args:
        root: the test set, as of `fused_at`.

    Raises:
        MfjaxError: a folder is missing or names differ.
    """
    folders = {f"{source}_{scale}" for source, scale in product(("ir", "vis"), SCALES)}
    if missing := sorted(name for name in folders if not (root / name).is_dir()):
        raise MfjaxError(f"{root} has no folder {', '.join(missing)}; the nine settings need it")
    found = find_pairs(root / "ir_1.0", root / "vis_1.0")
    pairs, problems = found.pairs, found.problems
    for pair in pairs:
        needed = [file for scale in SCALES for file in source_files(root, pair, scale, scale)]
        problems += [f"{file} is missing" for file in needed if not file.is_file()]
    if problems:
        raise MfjaxError("; ".join(problems[:5]))
    return pairs


def source_files(root: Path, pair: Pair, ir: float, vis: float) -> tuple[Path, Path]:
    """Returns the infrared and the visible file of a pair at two scales.

    Args:
        root: the test set, as of `fused_at`.
        pair: the pair.
        ir: the infrared image's scale, one of `SCALES`.
        vis: the visible image's scale.
    """
    return root / f"ir_{ir}" / pair.ir.name, root / f"vis_{vis}" / pair.vis.name
