"""Scoring fusion methods on pairs of images."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images, pairing
from mfjax.errors import MfjaxError
from mfjax.evaluation.lost import LostStructure, is_night, mean
from mfjax.inference import sizes
from mfjax.inference.ranges import IrRange
from mfjax.metrics import STRUCTURE_LOST, score
from mfjax.pairing import Pair, messages_about
from mfjax.pairing.patterns import Patterns
from mfjax.size import Size

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
    resampled: dict[tuple[str, str], tuple[Size, Size]] = field(default_factory=dict)
    """The size of a fused image and the one to which it was resampled, by method and pair."""

    def means(self) -> NDArray[np.float64]:
        """Returns the means over the pairs on which a metric is defined, `[methods, metrics]`."""
        return mean(self.values)


def find_pairs(
    root: Path | None, *, listed: Path | None = None, pattern: Patterns | None = None, recursive: bool = False
) -> list[Pair]:
    """Returns the pairs of a folder or a list; guesses, ignored files and those without a partner are logged.

    Args:
        root: a folder with a folder of infrared and one of visible images, such as `ir` and `vis`, or with both kinds.
        listed: a list of pairs instead, as `mfjax.pairing.read_list` reads it.
        pattern: the forms of infrared and visible names, as of `mfjax.pairing.find_pairs`.
        recursive: also search sub-folders.

    Raises:
        FileNotFoundError: there is no such list.
        MfjaxError: there is no pair, or neither or both of `root` and `listed` are given.
    """
    if (root is None) == (listed is None):
        raise MfjaxError("name DATA, a folder of pairs, or a list of pairs by --pairs LIST.csv, and not both")
    if listed is not None and (pattern is not None or recursive):
        raise MfjaxError("--pairs lists all files; leave --pattern and --recursive out")
    if root is not None:
        found = pairing.find_pairs(root, pattern=pattern, recursive=recursive, flags=True)
    else:
        assert listed is not None
        found = pairing.read_list(listed)
    for line in (*found.notes, *found.problems):
        logger.warning("%s", line)
    return found.pairs


def evaluate(
    pairs: Sequence[Pair],
    methods: Mapping[str, Method],
    metrics: Sequence[str],
    *,
    resize: bool = False,
    show: Callable[[Pair, NDArray, NDArray, Mapping[str, NDArray]], None] | None = None,
    progress: Callable[[Iterable[Pair]], Iterable[Pair]] = iter,
) -> Evaluation:
    """Scores methods on pairs.

    Metrics compare images of the fused image's size, which is that of one of the sources: the other source is resampled
    to it, by bicubic interpolation, or by averaging where it shrinks. Lost structure is always scored.

    Args:
        pairs: the pairs.
        methods: the methods by their names.
        metrics: names in `mfjax.metrics.METRICS`.
        resize: resample fused images that have neither source's size to that of the larger source; by default they are
            refused, since they may be cut.
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
    resampled: dict[tuple[str, str], tuple[Size, Size]] = {}
    for column, pair in enumerate(progress(pairs)):
        with _about(pair):
            ir, vis = images.read(pair.ir), images.read(pair.vis)
            lost.night[column] = is_night(vis)
            fused = {name: method(pair, ir, vis) for name, method in methods.items()}
            for name, image in fused.items():
                size = _size_to_score(name, image, ir, vis, resize=resize)
                if image.shape[:2] != size:
                    resampled[name, pair.name] = (image.shape[0], image.shape[1]), size
                    fused[name] = at_size(image, size)
            for row, (name, image) in enumerate(fused.items()):
                a, b = (at_size(images.luma(source), image.shape[:2]) for source in (ir, vis))
                scores = score(a, b, image, names=names)
                values[row, column] = [scores[metric] for metric in metrics]
                lost.shares[row, column] = [scores[metric] for metric in STRUCTURE_LOST]
                reasons.update({(name, pair.name, of): why for of, why in scores.reasons.items() if of in metrics})
        if show is not None:
            show(pair, ir, vis, fused)
    pair_names = tuple(pair.name for pair in pairs)
    return Evaluation(tuple(methods), pair_names, tuple(metrics), values, reasons, lost, resampled)


@dataclass(frozen=True)
class Model:
    """A model as a method, which fuses each pair at the larger source's size, in gray."""

    fuser: "Fuser"
    stretch: bool = False
    """Option of a `Fuser`'s call."""
    ir_range: IrRange = None
    """Option of a `Fuser`'s call. It does not change the infrared image that scores compare with."""

    def __call__(self, pair: Pair, ir: NDArray, vis: NDArray) -> NDArray:
        """Returns the fused image of a pair.

        Args:
            pair: the pair, which does not matter here.
            ir: its infrared image.
            vis: its visible image.
        """
        return self.fuser(ir, vis, color="gray", stretch=self.stretch, ir_range=self.ir_range).fused


def _size_to_score(name: str, image: NDArray, ir: NDArray, vis: NDArray, *, resize: bool) -> Size:
    """Returns the size at which a method's fused image is scored. Raises MfjaxError if it has neither source's size."""
    fused, *sources = ((each.shape[0], each.shape[1]) for each in (image, ir, vis))
    if fused in sources:
        return fused
    sizes.check_result(fused, *sources)
    size = sizes.output_size(*sources)
    if not resize:
        described = " and ".join(f"{rows}x{cols}" for rows, cols in dict.fromkeys(sources))
        raise MfjaxError(
            f"the fused image of {name} is {fused[0]}x{fused[1]}, but the pair is {described}: if it was resampled and "
            f"not cut, --resize (resize=True) resamples it to {size[0]}x{size[1]}"
        )
    return size


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
