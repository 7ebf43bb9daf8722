"""Matching the infrared files of a folder with the visible files of another, by their names."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from mfjax import images
from mfjax.errors import MfjaxError

INFRARED_TAGS = ("ir", "tir", "nir", "swir", "mwir", "lwir", "infrared", "thermal")
VISIBLE_TAGS = ("vi", "vis", "visible", "visual", "rgb", "color", "colour", "eo", "optical")

Key = tuple[tuple[bool, int, str], ...]

logger = logging.getLogger("mfjax")

MOST_LISTED = 5  # most names in one line, since a folder may have thousands


class Pair(NamedTuple):
    """The two files of one view, and the name of the pair."""

    name: str
    ir: Path
    vis: Path


class Matches(NamedTuple):
    """The pairs of two folders in natural order, and the files without a partner."""

    pairs: list[Pair]
    problems: list[str]  # a line for each reason why files have no partner


def match_folders(ir: Path, vis: Path) -> Matches:
    """Returns the pairs of two folders: images of equal names, then those whose names differ only by a modality tag.

    A tag is a word such as ir, thermal, vis or rgb anywhere in a name: `IR_01.png`, `scene-lwir-7.tif`,
    `02thermal.jpg`. Numbers are compared by value: `ir_7` matches `vis_007`. Suffixes don't matter.

    Args:
        ir: the folder of infrared images.
        vis: the folder of visible images.

    Raises:
        MfjaxError: the two folders are one, a folder has no images, or there is no pair.
    """
    if ir.resolve() == vis.resolve():
        raise MfjaxError(f"{ir} is given for infrared and for visible; put each in a folder of its own")
    lone_ir, lone_vis = _images_in(ir), _images_in(vis)
    pairs: list[Pair] = []
    problems: list[str] = []
    for ir_tags, vis_tags in (((), ()), (INFRARED_TAGS, VISIBLE_TAGS)):
        by_key_ir, by_key_vis = _by_key(lone_ir, ir_tags), _by_key(lone_vis, vis_tags)
        for key in [key for key in by_key_ir if key in by_key_vis]:
            together = by_key_ir.pop(key), by_key_vis.pop(key)
            if any(len(files) > 1 for files in together):
                problems.append(f"several files of one name: {_listed(chain(*together))}")
                continue
            (ir_file,), (vis_file,) = together
            pairs.append(Pair(_without_tags(vis_file.stem, vis_tags) or "fused", ir_file, vis_file))
        lone_ir, lone_vis = list(chain(*by_key_ir.values())), list(chain(*by_key_vis.values()))
    if lone_ir:
        problems.append(f"no visible image for {_listed(lone_ir)}")
    if lone_vis:
        problems.append(f"no infrared image for {_listed(lone_vis)}")
    if not pairs:
        raise MfjaxError(f"no pairs in {ir} and {vis}: {'; '.join(problems)}")
    return Matches(sorted(pairs, key=lambda pair: natural_key(pair.name)), problems)


@contextmanager
def messages_about(pair: Pair) -> Iterator[None]:
    """Starts every message that is logged in a block with the name of a pair.

    Args:
        pair: the pair that the block is about.
    """

    def prefix(record: logging.LogRecord) -> bool:
        record.msg, record.args = f"{pair.name}: {record.getMessage()}", ()
        return True

    logger.addFilter(prefix)
    try:
        yield
    finally:
        logger.removeFilter(prefix)


def natural_key(name: str) -> Key:
    """Returns a key that sorts names as people do, `scene 2` before `Scene 10`: words without case, numbers by value.

    Args:
        name: a file's name or any other.
    """
    words = re.findall(r"\d+|[^\W\d_]+", name.lower())
    return tuple((False, int(word), "") if word.isdecimal() else (True, 0, word) for word in words)


def _images_in(folder: Path) -> list[Path]:
    """Returns the image files of a folder, known by their suffix, in natural order."""
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    found = [path for path in files if path.suffix.lower() in images.FORMATS]
    if not found:
        raise MfjaxError(f"{folder} has no images ({', '.join(images.FORMATS)})")
    return sorted(found, key=lambda path: natural_key(path.name))


def _by_key(files: Iterable[Path], tags: Sequence[str]) -> dict[Key | str, list[Path]]:
    """Returns files by their stem or, where tags are given, by the natural key of their stem without tags."""
    groups = defaultdict(list)
    for path in files:
        groups[natural_key(_without_tags(path.stem, tags)) if tags else path.stem].append(path)
    return groups


def _without_tags(stem: str, tags: Sequence[str]) -> str:
    """Returns a file's stem without the words that are tags and the separators around them."""
    if not tags:
        return stem
    words = rf"(?<![^\W\d_])({'|'.join(tags)})(?![^\W\d_])"  # no letter before or after
    bare = re.sub(words, "", stem, flags=re.IGNORECASE)
    return re.sub(r"([-_. ])[-_. ]+", r"\1", bare).strip("-_. ")


def _listed(files: Iterable[Path]) -> str:
    """Returns the names of some files on one line: all if they are few, else the first ones and how many more."""
    names = sorted((path.name for path in files), key=natural_key)
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
