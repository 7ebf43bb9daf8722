"""Fused images that other methods made, as files that are named as their pairs are."""

import logging
from collections.abc import Sequence
from pathlib import Path

from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.evaluation.scoring import Method
from mfjax.pairing import Pair
from mfjax.pairing.folders import File, read_folder
from mfjax.pairing.names import Name
from mfjax.pairing.pairs import listed
from mfjax.pairing.tags import Tag, by_key, infer

logger = logging.getLogger("mfjax")


def folder_of_results(folder: Path, pairs: Sequence[Pair]) -> Method:
    """Returns a method that reads fused images, which another method made, from a folder.

    A file must have the name of its pair, or of the pair's infrared or visible file, or all files may have one constant
    part more, such as "_fused" or a method's name, which is logged. Suffixes don't matter, and numbers are compared by
    value.

    Args:
        folder: the folder of fused images.
        pairs: the pairs that will be scored.

    Raises:
        MfjaxError: there is no such folder, or a pair has no image or several images in it.
    """
    if not folder.is_dir():
        raise MfjaxError(f"{folder} is not a folder; results are a folder of fused images")
    results = read_folder(folder, recursive=any("/" in pair.name for pair in pairs)).files
    files = _named_alike(folder, results, pairs)
    if len(files) < len(pairs):
        files = _with_constant_part(folder, results, pairs) or files
    if missing := [pair.name for pair in pairs if pair.name not in files]:
        raise MfjaxError(
            f"{folder} has no fused image for {len(missing)} of {len(pairs)} pairs: {listed(missing)}; it has "
            f"{listed(file.path for file in results)}. Names are those of the pairs, or all with one constant part more"
        )

    def read(pair: Pair, ir: NDArray, vis: NDArray) -> NDArray:
        return images.read(files[pair.name])

    return read


def _names(pairs: Sequence[Pair]) -> list[list[Name]]:
    """Returns the names by which results may be called: those of the pairs, of infrared and of visible files.

    Names of files that several pairs have, as in different sub-folders, are left out.
    """
    kinds = ([pair.name for pair in pairs], [pair.ir.stem for pair in pairs], [pair.vis.stem for pair in pairs])
    names = [[Name(name) for name in kind] for kind in kinds]
    return [kind for kind in names if len({name.key() for name in kind}) == len(pairs)]


def _named_alike(folder: Path, results: Sequence[File], pairs: Sequence[Pair]) -> dict[str, Path]:
    """Returns the results by the names of those pairs whose name, or that of a file, they have."""
    found = by_key(results, Tag())
    files: dict[str, Path] = {}
    used = set()  # by one pair's name, so that it is not another's although a file of that is called so
    for names in _names(pairs):
        for pair, name in zip(pairs, names, strict=True):
            matches = found.get(name.key(), [])
            if len(matches) > 1 and pair.name not in files:
                images_there = listed(file.path for file in matches)
                raise MfjaxError(
                    f"{folder} has several images for the pair {pair.name}: {images_there}; leave one there"
                )
            if matches and pair.name not in files and matches[0].path not in used:
                files[pair.name] = matches[0].path
                used.add(matches[0].path)
    return files


def _with_constant_part(folder: Path, results: Sequence[File], pairs: Sequence[Pair]) -> dict[str, Path] | None:
    """Returns the results by the names of the pairs if they are equal without one part; None if no part is for all."""
    for names in _names(pairs):
        inferred = infer(names, results, only_others=True)
        if len(inferred) != 1 or inferred[0].count < len(pairs):
            continue
        found = by_key(results, inferred[0].other)
        logger.warning("%s: fused images are those with %r in their names", folder, inferred[0].texts[1])
        return {pair.name: found[name.key()][0].path for pair, name in zip(pairs, names, strict=True)}
    return None
