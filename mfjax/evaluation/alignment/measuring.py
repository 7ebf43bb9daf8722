"""Measuring methods of alignment on registered pairs, each seen through known random warps.

Two views of each pair are cut out of it, so that both lie wholly in its images: the visible one shifted by up to 10 %
of the width, turned by up to 5°, scaled by 0.7 to 1.5 and, where homographies are sought, with corners moved by up to
3 %. The infrared view has half the visible image's resolution, or less where the pair itself has less.
"""

import functools
import hashlib
import inspect
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import alignment, images
from mfjax.alignment import LEAST_CONFIDENCE, ModelChoice, geometry, random_warps, warps
from mfjax.alignment.random_warps import Views, Warps, known_views
from mfjax.data.pairs import PairFiles, find_sources

IR_SHARE = 0.5  # most that the infrared view's resolution is of the visible one's

Method = Callable[[NDArray, NDArray], Any]
"""A function of an infrared and a visible view, float32 in [0, 1], that returns an `mfjax.alignment.estimate.Estimate`,
a map of `[3, 3]`, or None if it refuses."""


class Scene(NamedTuple):
    """A registered pair, by the folder that it is in and its name."""

    source: str
    name: str
    files: PairFiles


class Score(NamedTuple):
    """The score of a method on one view of a pair."""

    error: float  # mean distance at the infrared view's corners in pixels at 512 pixels width
    seconds: float
    confidence: float | None  # None: the method tells none
    refused: bool  # nothing was found, or the confidence is too low to align by it


class View(NamedTuple):
    """A view of a pair through a warp, on which a method seeks maps of some kind."""

    method: str
    model: ModelChoice
    source: str
    pair: str
    number: int  # of the pair among those measured, by which its warps are drawn
    warp: int  # its number; -1: the pair as it is
    seed: int


class Result(NamedTuple):
    """The score of a method on a view."""

    view: View
    score: Score


def scenes(folders: Sequence[Path], *, stride: int = 1) -> list[Scene]:
    """Returns the registered pairs of some folders.

    Args:
        folders: as of `mfjax.data.pairs.find_sources`.
        stride: take only every so many pairs of a folder.

    Raises:
        MfjaxError: a folder is none, or has images without partner.
    """
    found = find_sources(folders)
    return [Scene(source.name, files.ir.stem, files) for source in found for files in source.files[::stride]]


def own_method(model: ModelChoice) -> Method:
    """Returns the method of mfjax.

    Args:
        model: the kind of maps to seek.
    """
    from mfjax.alignment.estimate import estimate

    return partial(estimate, model=model)


def measure(
    pairs: Sequence[Scene],
    methods: Mapping[str, Method],
    *,
    model: ModelChoice,
    per_pair: int = 20,
    seed: int = 0,
    kept: Path | None = None,
    progress: Callable[[Iterable[int], int], Iterable[int]] = lambda items, total: items,
) -> list[Result]:
    """Returns the results of methods on all pairs and warps; every warp comes for all pairs before the next one does.

    Args:
        pairs: the pairs.
        methods: the methods by their names.
        model: the kind of maps that all of them seek; only homographies have perspective.
        per_pair: number of warps of each pair; 0 measures the pairs as they are.
        seed: of the warps.
        kept: a file of JSON lines to which each result is added, and from which results are taken that the same code
            gave: an interrupted measurement goes on, and after a change only what it concerns is measured.
        progress: wraps the numbers of the views, of which it is given the count.

    Raises:
        MfjaxError: an image can't be read.
    """
    limits = None if per_pair == 0 else Warps() if model == "homography" else Warps(perspective=0)
    todo = [(warp, number) for warp in range(max(per_pair, 1)) for number in range(len(pairs))]
    made_by = {name: _digest(method) for name, method in methods.items()}
    known = dict(_known(kept))
    results: list[Result] = []
    for at in progress(range(len(todo)), len(todo)):
        warp, number = todo[at]
        scene, seen = pairs[number], None
        for name, method in methods.items():
            view = View(name, model, scene.source, scene.name, number, warp if per_pair else -1, seed)
            score = known.get((view, made_by[name]))
            if score is None:
                seen = seen or views(np.random.default_rng([seed, number, warp]), *read(scene.files), limits)
                score = scored(method, seen)
                _keep(kept, view, score, made_by[name])
            results.append(Result(view, score))
    return results


@functools.lru_cache(64)
def read(files: PairFiles) -> tuple[NDArray, NDArray]:
    """Returns the lumas of a pair, which may have two sizes, uint8.

    Args:
        files: the pair.

    Raises:
        MfjaxError: an image can't be read.
    """
    ir, vis = (images.luma(images.read(file)) for file in files)
    return ir, vis


def views(rng: np.random.Generator, ir: NDArray, vis: NDArray, limits: Warps | None) -> Views:
    """Returns two views of a pair, float32 in [0, 1].

    Args:
        rng: the source of randomness.
        ir: the infrared image, uint8, `[h, w]`.
        vis: the visible image, uint8, `[h', w']`.
        limits: how far the views may differ; None: both are the whole images.
    """
    seen = known_views(rng, ir, vis, limits) if limits else Views(ir, vis, np.eye(3), np.eye(3))
    share = min(1.0, IR_SHARE * vis.shape[1] / ir.shape[1])
    small = cv2.resize(seen.ir, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else seen.ir
    return seen._replace(ir=small.astype(np.float32) / 255, vis=seen.vis.astype(np.float32) / 255)


def scored(method: Method, seen: Views) -> Score:
    """Returns a method's error, seconds, confidence, and true if it refuses.

    Without a map, the error is that of no alignment.

    Args:
        method: the method.
        seen: the views.
    """
    start = time.perf_counter()
    found = method(seen.ir, seen.vis)
    seconds = time.perf_counter() - start
    confidence = getattr(found, "confidence", None)
    matrix: NDArray = np.eye(3) if found is None else np.asarray(getattr(found, "matrix", found))
    error = warps.corner_error(matrix, seen.matrix, (seen.ir.shape[0], seen.ir.shape[1]))
    refused = found is None or (confidence is not None and confidence < LEAST_CONFIDENCE)
    return Score(float(error), seconds, confidence, refused)


def _digest(method: Method) -> str:
    """Returns a digest of the code that a method's results depend on, and of mfjax's descriptor if that is in it."""
    function = method.func if isinstance(method, partial) else method
    files = [Path(inspect.getfile(each)) for each in (measure, random_warps, warps, geometry, function)]
    own = Path(alignment.__file__).parent
    if files[-1].parent == own:
        files += sorted(each for each in own.iterdir() if each.suffix in (".py", ".safetensors"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _known(kept: Path | None) -> Iterator[tuple[tuple[View, str], Score]]:
    """Yields the scores of a file by their view and the code that gave them. A line that was cut off is left out."""
    if kept is None or not kept.is_file():
        return
    for line in kept.read_text(encoding="utf-8").splitlines():
        try:
            told = json.loads(line)
            view = View(**{name: told[name] for name in View._fields})
            score = Score(**{name: told[name] for name in Score._fields})
            made_by = str(told["made_by"])
        except (ValueError, KeyError):
            continue
        yield (view, made_by), score


def _keep(kept: Path | None, view: View, score: Score, made_by: str) -> None:
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(view._asdict() | score._asdict() | {"made_by": made_by}) + "\n")
