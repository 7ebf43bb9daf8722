"""A folder of one's own pairs, such as with equal names in `ir` and `vis`."""

import logging
from pathlib import Path

from mfjax.data.sets.layouts.base import Candidate, Candidates, Layout, register
from mfjax.errors import MfjaxError
from mfjax.pairing import find_pairs

logger = logging.getLogger("mfjax")


def _find(root: Path) -> Candidates:
    if not any(root.iterdir()):
        return {}
    found = find_pairs(root)
    for note in found.notes:
        logger.warning("%s", note)
    if found.twins or found.strange:
        raise MfjaxError(f"{root}: {'; '.join(found.problems)}")
    candidates = [Candidate(*pair) for pair in found.pairs]
    candidates += [Candidate(file.stem, file, None) for file in found.lone_ir]
    candidates += [Candidate(file.stem, None, file) for file in found.lone_vis]
    return {"pairs": sorted(candidates)}


register(
    Layout(
        name="pair_folder",
        title="A folder of one's own pairs",
        home="your own camera",
        files="the folders ir and vis with images of the same field of view, of any two sizes, named as for mfjax fuse",
        find=_find,
    )
)
