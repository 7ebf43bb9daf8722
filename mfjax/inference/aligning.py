"""Aligning images and files: `mfjax.align`, and one rig for the pairs of two folders."""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mfjax import images
from mfjax.alignment import Alignment, ModelChoice
from mfjax.alignment.geometry import Matrix
from mfjax.errors import MfjaxError
from mfjax.inference import checks
from mfjax.inference.infrared import Reading
from mfjax.inference.opening import Opened, matches_of, opened
from mfjax.inference.ranges import IrRange
from mfjax.inference.sources import as_source, doubt_order, infrared_luma, visible_values
from mfjax.inference.views import align_lumas
from mfjax.messages import quietly
from mfjax.pairing import Pair, messages_about

MOST_PAIRS = 24  # pairs of a folder that are looked at, evenly spaced

logger = logging.getLogger("mfjax")


class Lumas(NamedTuple):
    """A pair to be aligned."""

    ir: np.ndarray  # luma in [0, 1], [h, w]
    vis: np.ndarray  # luma in [0, 1], [h', w']
    placed: Alignment | None = None  # where the file itself places its photo


def align(ir: Any, vis: Any = None, *, model: ModelChoice = "auto", ir_range: IrRange = None) -> Alignment:
    """Returns where a visible image lies under an infrared one. `Alignment.confidence` says how sure that is.

    Of many pairs of two cameras that are fixed to each other, one alignment is found, robustly.

    Args:
        ir: an infrared image, as of a `Fuser`'s call; a file; a sequence of either; or a folder of files.
        vis: the visible image, likewise; None for a file with a photo in it, or a folder with both kinds.
        model: the kind of maps to seek among: "shift"; "similarity", which also scales and turns; "affine", also for
            pictures that were stretched; "homography", for cameras that look in different directions; or "auto", a
            similarity, or an affine map where that clearly fits better.
        ir_range: the infrared values that are black and white, as of a `Fuser`'s call.

    Raises:
        FileNotFoundError, MfjaxError: files can't be read or paired, the images are none, or of several aspects.
    """
    if _is_path(ir):
        if vis is not None and not _is_path(vis):
            raise MfjaxError(f"{ir} is a path, but the visible image is not; give two paths, or two arrays")
        return align_files(pairs_of(Path(ir), None if vis is None else Path(vis)), Reading(ir_range), model=model)
    irs, viss = ([image] if _is_single(image) else list(image) for image in (ir, vis))
    if len(irs) != len(viss):
        raise MfjaxError(f"there are {len(irs)} infrared and {len(viss)} visible images; align needs pairs")
    if irs and all(_is_path(each) for each in (*irs, *viss)):
        pairs = [Pair(Path(one).stem, Path(one), Path(other)) for one, other in zip(irs, viss, strict=True)]
        return align_files(pairs, Reading(ir_range), model=model)
    lumas = _of_all(lambda pair: _of_arrays(pair[0], pair[1], ir_range), [*zip(irs, viss, strict=True)])
    return _align(lumas, model)


def align_files(
    pairs: Sequence[Pair], infrared: Reading, *, model: ModelChoice = "auto", exif: bool = False
) -> Alignment:
    """Returns the alignment of the cameras that made some pairs of files, of which up to `MOST_PAIRS` are looked at.

    Args:
        pairs: the pairs.
        infrared: how the infrared files are to be understood.
        model: as of `align`.
        exif: as of `images.open`.

    Raises:
        FileNotFoundError, MfjaxError: a file can't be read, or the images are of several aspects.
    """
    if len(pairs) > MOST_PAIRS:
        pairs = [pairs[round(i * (len(pairs) - 1) / (MOST_PAIRS - 1))] for i in range(MOST_PAIRS)]

    def read(pair: Pair) -> Lumas:
        with messages_about(pair) if len(pairs) > 1 else nullcontext():
            return read_lumas(pair, infrared, exif=exif)

    lumas = _of_all(read, pairs)
    return _align(lumas, model, [pair.name for pair in pairs])


def pairs_of(ir: Path | None, vis: Path | None, *, listed: Path | None = None, **options: Any) -> list[Pair]:
    """Returns the pair of two files, or those of two folders, of one or of a list; what is to be said of it is logged.

    Args:
        ir: an infrared file or a folder.
        vis: a visible one; None for a file with a photo in it, or a folder with both kinds.
        listed: a list of pairs instead.
        options: options of `matches_of`.

    Raises:
        FileNotFoundError, MfjaxError: there is no such file, or no pair.
    """
    checks.check_sources(ir, vis, listed, searching=False)
    if ir is None or ir.is_dir():
        found = matches_of(ir, vis, listed=listed, **options)
        for note in (*found.notes, *found.problems):
            logger.warning("%s", note)
        return list(found.pairs)
    if vis is None:
        checks.check_photo(ir)
    else:
        checks.check_distinct(ir, vis)
    return [Pair(ir.stem, ir, vis or ir)]


def read_lumas(pair: Pair, infrared: Reading, *, exif: bool = False) -> Lumas:
    """Returns the lumas of a pair of files.

    Args:
        pair: the files.
        infrared: how the infrared file is to be understood.
        exif: as of `images.open`.

    Raises:
        FileNotFoundError, MfjaxError: a file can't be read, or an orientation that is ignored parts the views.
    """
    return _of_files(opened(pair, infrared, exif=exif, stretch=False, whole=True))


def align_opened(files: Opened) -> Alignment:
    """Returns the alignment of a pair of files that were read, of which nothing is logged.

    Args:
        files: the files, with the whole photo if it is that of a thermal camera's file.
    """
    with quietly():
        return _align([_of_files(files)], "auto")


def _of_files(files: Opened) -> Lumas:
    return _of_arrays(files.ir.pixels, files.vis.pixels, files.ir.ir_range)._replace(placed=files.alignment)


def _of_all(read: Callable[[Any], Lumas], pairs: Sequence[Any]) -> list[Lumas]:
    """Returns the lumas of many pairs; what is to be said of them is said of the first one only."""
    lumas = []
    for number, pair in enumerate(pairs):
        with quietly() if number else nullcontext():
            lumas.append(read(pair))
    return lumas


def _of_arrays(ir: Any, vis: Any, ir_range: IrRange) -> Lumas:
    ir, vis = as_source(ir, "infrared", nan=True), as_source(vis, "visible")
    doubt_order(ir, vis)
    return Lumas(infrared_luma(ir, ir_range), images.to_luma(visible_values(vis)))


def _align(lumas: Sequence[Lumas], model: ModelChoice, names: Sequence[str] = ()) -> Alignment:
    starts: list[Matrix | None] = [None if each.placed is None else each.placed.matrix for each in lumas]
    irs, viss = [each.ir for each in lumas], [each.vis for each in lumas]
    return align_lumas(irs, viss, model=model, starts=starts, names=names)


def _is_path(image: Any) -> bool:
    return isinstance(image, str | os.PathLike)


def _is_single(image: Any) -> bool:
    """Returns true for one image or path, and false for a sequence of such."""
    return _is_path(image) or image is None or hasattr(image, "shape")
