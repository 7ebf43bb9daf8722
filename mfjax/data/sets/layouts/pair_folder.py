"""A folder of one's own pairs, such as with equal names in `ir` and `vis`."""

import logging
from pathlib import Path

from mfjax.data.sets.layouts.base import Candidate, Candidates, Layout, register
from mfjax.errors import MfjaxError
from mfjax.pairing import find_pairs, read_list
from mfjax.pairing.patterns import Patterns

NAME = "pair_folder"

logger = logging.getLogger("mfjax")


def candidates(
    root: Path, *, listed: Path | None = None, pattern: Patterns | None = None, recursive: bool = False
) -> Candidates:
    """Returns the pairs of a folder or a list, as candidates of one split, and logs guesses and what was ignored.

    Args:
        root: the folder.
        listed: a list of pairs instead, as `mfjax.pairing.read_list` reads it; then `root` does not matter.
        pattern: the forms of infrared and visible names, as of `mfjax.pairing.find_pairs`.
        recursive: also search sub-folders.

    Raises:
        FileNotFoundError: there is no such list.
        MfjaxError: there is no pair, or names don't tell which files are one.
    """
    if listed is not None:
        if pattern is not None or recursive:
            raise MfjaxError("--pairs lists all files; leave --pattern and --recursive out")
        found, root = read_list(listed), listed
    elif root.is_dir() and not any(root.iterdir()):
        return {}
    else:
        found = find_pairs(root, pattern=pattern, recursive=recursive, flags=True)
    for note in found.notes:
        logger.warning("%s", note)
    if found.twins or found.strange:
        raise MfjaxError(f"{root}: {'; '.join(found.problems)}")
    pairs = [Candidate(*pair) for pair in found.pairs]
    pairs += [Candidate(file.stem, file, None) for file in found.lone_ir]
    pairs += [Candidate(file.stem, None, file) for file in found.lone_vis]
    return {"pairs": sorted(pairs)}


register(
    Layout(
        name=NAME,
        title="A folder of one's own pairs",
        home="your own camera",
        files="the folders ir and vis with images of the same field of view, of any two sizes, named as for mfjax fuse",
        find=candidates,
    )
)
