"""Which infrared file belongs to which visible one."""

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

MOST_LISTED = 5  # names in one line; a folder may have thousands


class Pair(NamedTuple):
    """The two files of one view and the name that their fusion goes by."""

    name: str
    ir: Path
    vis: Path


class Pairs(NamedTuple):
    """The pairs of two folders in natural order, and why the other files have none, a line each."""

    pairs: list[Pair]
    problems: list[str]


def pair_folders(ir: Path, vis: Path) -> Pairs:
    """The pairs of two folders: images of one name, then those whose names differ by their modality tag only.

    A tag is a word such as ir, thermal, vis or rgb anywhere in a name: `IR_01.png`, `scene-lwir-7.tif`,
    `02thermal.jpg`. Numbers count by their value: `ir_7` goes with `vis_007`. Extensions don't matter.

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
            (of_ir,), (of_vis,) = together
            pairs.append(Pair(_without_tags(of_vis.stem, vis_tags) or "fused", of_ir, of_vis))
        lone_ir, lone_vis = list(chain(*by_key_ir.values())), list(chain(*by_key_vis.values()))
    if lone_ir:
        problems.append(f"no visible image for {_listed(lone_ir)}")
    if lone_vis:
        problems.append(f"no infrared image for {_listed(lone_vis)}")
    if not pairs:
        raise MfjaxError(f"no pairs in {ir} and {vis}: {'; '.join(problems)}")
    return Pairs(sorted(pairs, key=lambda pair: natural_key(pair.name)), problems)


@contextmanager
def messages_about(pair: Pair) -> Iterator[None]:
    """Starts the logged messages of a block with the name of the pair that they are about."""

    def prefix(record: logging.LogRecord) -> bool:
        record.msg, record.args = f"{pair.name}: {record.getMessage()}", ()
        return True

    logger.addFilter(prefix)
    try:
        yield
    finally:
        logger.removeFilter(prefix)


def natural_key(name: str) -> Key:
    """What sorts names as people do, `scene 2` before `Scene 10`: words without case, numbers by value."""
    words = re.findall(r"\d+|[^\W\d_]+", name.lower())
    return tuple((False, int(word), "") if word.isdecimal() else (True, 0, word) for word in words)


def _images_in(folder: Path) -> list[Path]:
    """The image files of a folder, known by their suffix."""
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    found = [path for path in files if path.suffix.lower() in images.FORMATS]
    if not found:
        raise MfjaxError(f"{folder} has no images ({', '.join(images.FORMATS)})")
    return sorted(found, key=lambda path: natural_key(path.name))


def _by_key(files: Iterable[Path], tags: Sequence[str]) -> dict[Key | str, list[Path]]:
    """Files by their stem or, where tags are given, by the words that it has besides them."""
    groups = defaultdict(list)
    for path in files:
        groups[natural_key(_without_tags(path.stem, tags)) if tags else path.stem].append(path)
    return groups


def _without_tags(stem: str, tags: Sequence[str]) -> str:
    """A file's stem without the words that are tags and the separators they leave over."""
    if not tags:
        return stem
    words = rf"(?<![^\W\d_])({'|'.join(tags)})(?![^\W\d_])"  # no letter before or after
    bare = re.sub(words, "", stem, flags=re.IGNORECASE)
    return re.sub(r"([-_. ])[-_. ]+", r"\1", bare).strip("-_. ")


def _listed(files: Iterable[Path]) -> str:
    """The names of some files on one line: all if they are few, or the first ones and how many more."""
    names = sorted((path.name for path in files), key=natural_key)
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
