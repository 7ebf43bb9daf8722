"""A folder of one's own pairs, of equal names in `ir` and `vis`."""

from pathlib import Path

from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts.base import Candidates, Layout, paired, register


def _find(root: Path) -> Candidates:
    ir, vis = root / "ir", root / "vis"
    return {"pairs": paired(by_stem(ir), by_stem(vis))} if ir.is_dir() and vis.is_dir() else {}


register(
    Layout(
        name="pair_folder",
        title="A folder of one's own pairs",
        home="your own camera",
        files="the folders ir and vis with equally named images of the same field of view, of any two sizes",
        find=_find,
    )
)
