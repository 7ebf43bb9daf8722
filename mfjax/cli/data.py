"""The commands `mfjax data build` and `mfjax data show`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from mfjax import images
from mfjax.cli.messages import print_line
from mfjax.data.sets.layouts import LAYOUTS
from mfjax.errors import MfjaxError
from mfjax.pairing.patterns import Patterns

BUILT = Path("data")  # default folder of data sets


def build(
    name: Annotated[Positional[str], arg(metavar=f"{{{','.join(LAYOUTS)}}}")],
    *,
    source: Annotated[Path | None, arg(name="from", metavar="DIR", help_behavior_hint="")] = None,
    target: Annotated[Path, arg(name="to", metavar="DIR")] = BUILT,
    pairs: Annotated[Path | None, arg(metavar="LIST.csv", help_behavior_hint="")] = None,
    pattern: Annotated[Patterns | None, arg(metavar="IR_NAME VIS_NAME", help_behavior_hint="")] = None,
    recursive: Annotated[bool, arg(help_behavior_hint="")] = False,
    min_alignment: Annotated[float | None, arg(metavar="SCORE", help_behavior_hint="")] = None,
    min_side: Annotated[int, arg(metavar="PIXELS")] = images.MIN_SIDE,
    homographies: Annotated[Path | None, arg(metavar="FILE.json", help_behavior_hint="")] = None,
    align: Annotated[bool, arg(help_behavior_hint="")] = False,
) -> int:
    """Build a data set from files that were downloaded by hand, and list what was left out.

    Args:
        name: The data set; pair_folder is one's own, with ir/ and vis/ or paired as mfjax fuse does it.
        source: Folder with the files as downloaded and unpacked; without them, the error says which and from where.
        target: The data set is put in DIR/NAME/VERSION, with left_out.json in it.
        pairs: Of pair_folder, the pairs of a list instead: CSV in UTF-8 with the columns ir,vis or ir,vis,name; files
            are relative to the list's folder.
        pattern: Of pair_folder, names of infrared and visible files where {name} is what a pair has in common and * is
            any text, such as '{name}_T.JPG' '{name}_W.JPG'.
        recursive: Of pair_folder, also search sub-folders.
        min_alignment: Leave out pairs whose alignment scores less, from 0 to 1; 0.9 for flir_adas, 0 for the others.
        min_side: Leave pairs out with fewer pixels a side.
        homographies: From infrared to visible pixels, by the visible image's size: {"1600x1800": [[…], […], […]], …}.
        align: Find what infrared sees of the visible images by aligning pairs, one rig for each size of visible images.
    """
    from mfjax.data.sets.builders import build

    result = build(
        name,
        source,
        target,
        pairs=pairs,
        pattern=pattern,
        recursive=recursive,
        min_alignment=min_alignment,
        min_side=min_side,
        homographies=homographies,
        align=align,
    )
    print_line(f"{result.folder}: {result.summary}")
    if result.left_out:
        print_line(f"the reasons are in {result.folder / 'left_out.json'}")
    return 0


def show(
    name: Annotated[Positional[str], arg(metavar="NAME")],
    *,
    source: Annotated[Path, arg(name="from", metavar="DIR")] = BUILT,
    split: Annotated[str | None, arg(help_behavior_hint="")] = None,
    pairs: int = 8,
    out: Annotated[Path | None, arg(metavar="SHEET.png", help_behavior_hint="")] = None,
) -> int:
    """Show pairs of a built data set, evenly spaced, on a contact sheet with their alignment.

    Args:
        name: The data set.
        source: Folder in which it was built.
        split: The split to show; by default the one to train on.
        pairs: Number of pairs to show.
        out: The file to write; NAME.png by default.
    """
    from mfjax.data.sets.built import BuiltPairs
    from mfjax.data.sets.sheet import evenly_spaced, sheet

    if pairs < 1:
        raise MfjaxError(f"--pairs is {pairs}; it must be at least 1")
    built = BuiltPairs(source / name, split)
    out = out or Path(f"{Path(name).name}.png")
    shown = evenly_spaced(len(built), pairs)
    title = f"{name}, {built.split}, {len(shown)} of {len(built):,} pairs"
    images.write(out, sheet([built[index] for index in shown], title))
    print_line(f"{out}: {title}")
    return 0
