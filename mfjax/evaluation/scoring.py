"""Scoring fusion methods on pairs of images."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.evaluation.lost import LostStructure, is_night, mean
from mfjax.inference import sizes
from mfjax.inference.pairs import Pair, match_folders, messages_about, natural_key
from mfjax.inference.sources import IrRange
from mfjax.metrics import STRUCTURE_LOST, score

if TYPE_CHECKING:  # importing the fuser imports JAX
    from mfjax.inference.fuser import Fuser

logger = logging.getLogger("mfjax")

Method = Callable[[Pair, NDArray, NDArray], NDArray]
"""A function of a pair and its infrared and visible image that returns the fused image, of any size."""


@dataclass(frozen=True)
class Evaluation:
    """The scores of methods on pairs by metrics; NaN where a metric is undefined."""

    methods: tuple[str, ...]
    pairs: tuple[str, ...]
    metrics: tuple[str, ...]
    values: NDArray[np.float64]  # [methods, pairs, metrics]
    reasons: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The reason why a score is NaN, by method, pair and metric."""
    lost: LostStructure | None = None
    """The structure that the methods lost of each source; it is scored whichever metrics are chosen."""

    def means(self) -> NDArray[np.float64]:
        """Returns the means over the pairs on which a metric is defined, `[methods, metrics]`."""
        return mean(self.values)


def find_pairs(root: Path) -> list[Pair]:
    """Returns the pairs of `root/ir` and `root/vis`; files without a partner are logged.

    Args:
        root: the folder that holds both folders.

    Raises:
        MfjaxError: a folder is missing, or there is no pair.
    """
    for side in ("ir", "vis"):
        if not (root / side).is_dir():
            raise MfjaxError(f"{root / side} is not a folder; pairs are read from {root}/ir and {root}/vis")
    pairs, problems = match_folders(root / "ir", root / "vis")
    for problem in problems:
        logger.warning("%s", problem)
    return pairs


def evaluate(
    pairs: Sequence[Pair],
    methods: Mapping[str, Method],
    metrics: Sequence[str],
    *,
    show: Callable[[Pair, NDArray, NDArray, Mapping[str, NDArray]], None] | None = None,
    progress: Callable[[Iterable[Pair]], Iterable[Pair]] = iter,
) -> Evaluation:
    """Scores methods on pairs.

    Metrics compare images of the fused image's size: sources of other sizes are resampled to it, by bicubic
    interpolation, or by averaging where they shrink. Lost structure is always scored.

    Args:
        pairs: the pairs.
        methods: the methods by their names.
        metrics: names in `mfjax.metrics.METRICS`.
        show: a function that is called for every pair, with both sources and the fused images by method; by default
            none.
        progress: wraps the pairs, such as `tqdm`.

    Raises:
        MfjaxError: an image can't be read, a method can't fuse a pair, or two pairs have one name; the message names
            the pair.
        FileNotFoundError, MemoryError: a file is missing, or memory ran out.
    """
    _check_names(pairs)
    values = np.full((len(methods), len(pairs), len(metrics)), np.nan)
    lost = LostStructure(np.full((len(methods), len(pairs), 2), np.nan), np.zeros(len(pairs), bool))
    names = tuple(dict.fromkeys((*metrics, *STRUCTURE_LOST)))
    reasons = {}
    for column, pair in enumerate(progress(pairs)):
        with _about(pair):
            ir, vis = images.read(pair.ir), images.read(pair.vis)
            lost.night[column] = is_night(vis)
            fused = {name: method(pair, ir, vis) for name, method in methods.items()}
            for row, (name, image) in enumerate(fused.items()):
                a, b = (at_size(images.luma(source), image.shape[:2]) for source in (ir, vis))
                scores = score(a, b, image, names=names)
                values[row, column] = [scores[metric] for metric in metrics]
                lost.shares[row, column] = [scores[metric] for metric in STRUCTURE_LOST]
                reasons.update({(name, pair.name, of): why for of, why in scores.reasons.items() if of in metrics})
        if show is not None:
            show(pair, ir, vis, fused)
    return Evaluation(tuple(methods), tuple(pair.name for pair in pairs), tuple(metrics), values, reasons, lost)


@dataclass(frozen=True)
class Model:
    """A model as a method, which fuses each pair at the larger source's size, in gray."""

    fuser: "Fuser"
    stretch: bool = False
    """Option of a `Fuser`'s call."""
    ir_range: IrRange = "full"
    """Option of a `Fuser`'s call. It does not change the infrared image that scores compare with."""

    def __call__(self, pair: Pair, ir: NDArray, vis: NDArray) -> NDArray:
        """Returns the fused image of a pair.

        Args:
            pair: the pair, which does not matter here.
            ir: its infrared image.
            vis: its visible image.
        """
        return self.fuser(ir, vis, color="gray", stretch=self.stretch, ir_range=self.ir_range).fused


def folder_of_results(folder: Path, pairs: Sequence[Pair]) -> Method:
    """Returns a method that reads fused images, which another method made, from a folder.

    A file must have the name of its pair, or of the pair's infrared or visible file. Suffixes don't matter, and numbers
    are compared by value.

    Args:
        folder: the folder of fused images.
        pairs: the pairs that will be scored.

    Raises:
        MfjaxError: there is no such folder, or a pair has no image or several images in it.
    """
    if not folder.is_dir():
        raise MfjaxError(f"{folder} is not a folder; results are a folder of fused images")
    found = defaultdict(list)
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in images.FORMATS and not file.name.startswith("."):
            found[natural_key(file.stem)].append(file)
    files: dict[str, Path | None] = {}
    for pair in pairs:
        names = (pair.name, pair.ir.stem, pair.vis.stem)
        matches = next((found[natural_key(name)] for name in names if natural_key(name) in found), [])
        if len(matches) > 1:
            listed = ", ".join(file.name for file in matches)
            raise MfjaxError(f"{folder} has several images for the pair {pair.name}: {listed}; leave one there")
        files[pair.name] = matches[0] if matches else None
    if missing := [name for name, file in files.items() if file is None]:
        listed = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise MfjaxError(f"{folder} has no fused image for {len(missing)} of {len(pairs)} pairs: {listed}")

    def read(pair: Pair, ir: NDArray, vis: NDArray) -> NDArray:
        file = files[pair.name]
        assert file is not None
        image = images.read(file)
        sizes.check_result(image.shape[:2], ir.shape[:2], vis.shape[:2])
        return image

    return read


def _check_names(pairs: Sequence[Pair]) -> None:
    """Refuses two pairs of one name, whose scores could not be told apart."""
    seen: dict[str, Pair] = {}
    for pair in pairs:
        if (other := seen.setdefault(pair.name, pair)) is not pair:
            raise MfjaxError(f"two pairs are called {pair.name}, that of {other.vis} and of {pair.vis}; rename one")


@contextmanager
def _about(pair: Pair) -> Iterator[None]:
    """Starts the errors and the logged messages of a block with the name of a pair."""
    try:
        with messages_about(pair):
            yield
    except (MfjaxError, MemoryError) as error:
        kind = MemoryError if isinstance(error, MemoryError) else MfjaxError
        raise kind(f"{pair.name}: {error}") from error
    except Exception as error:  # a mistake of the code, which keeps its traceback
        error.add_note(f"The pair is {pair.name}.")
        raise


def at_size(image: NDArray, size: tuple[int, ...]) -> NDArray:
    """Returns an image resampled to a size, by averaging if it shrinks, else bicubic; unchanged if it has that size.

    Args:
        image: the image, `[h, w]` or `[h, w, 3]`.
        size: the (rows, cols).
    """
    if image.shape[:2] == size:
        return image
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=how))
