"""The command `mfjax align`."""

import logging
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from tyro.conf import Positional, arg

from mfjax import images
from mfjax.alignment import LEAST_CONFIDENCE, ModelChoice
from mfjax.alignment.preview import preview as drawn
from mfjax.cli.messages import only_errors, print_json, print_line
from mfjax.cli.ranges import parse_ir_range
from mfjax.errors import MfjaxError
from mfjax.images.formats import unknown_suffix
from mfjax.images.palettes import Palette
from mfjax.inference import aligning, checks
from mfjax.inference.infrared import Reading
from mfjax.inference.ranges import check_ir_range
from mfjax.inference.views import check_confidence
from mfjax.pairing import Pair
from mfjax.pairing.patterns import Patterns

logger = logging.getLogger("mfjax")


class _Planned(NamedTuple):
    """A pair, and what is written where it is looked at."""

    pair: Pair
    outputs: list[Path]


def align(
    ir: Annotated[Positional[Path | None], arg(metavar="IR", help_behavior_hint="")] = None,
    vis: Annotated[Positional[Path | None], arg(metavar="VIS", help_behavior_hint="")] = None,
    *,
    out: Annotated[Path | None, arg(metavar="RIG.json", help_behavior_hint="")] = None,
    preview: Annotated[Path | None, arg(metavar="P.png", help_behavior_hint="")] = None,
    align_model: Annotated[ModelChoice, arg(name="model")] = "auto",
    pairs: Annotated[Path | None, arg(metavar="LIST.csv", help_behavior_hint="")] = None,
    pattern: Annotated[Patterns | None, arg(metavar="IR_NAME VIS_NAME", help_behavior_hint="")] = None,
    recursive: Annotated[bool, arg(help_behavior_hint="")] = False,
    exif: Annotated[bool, arg(help_behavior_hint="")] = False,
    ir_range: Annotated[str | None, arg(metavar="full|auto|LO,HI", help_behavior_hint="")] = None,
    ir_palette: Annotated[Palette | None, arg(help_behavior_hint="")] = None,
    ir_polarity: Literal["white", "black"] = "white",
    photo_ratio: Annotated[float | None, arg(metavar="R", help_behavior_hint="")] = None,
    quiet: Annotated[bool, arg(help_behavior_hint="")] = False,
    json: Annotated[bool, arg(help_behavior_hint="")] = False,
) -> int:
    """Find where the visible image (VIS) lies under the infrared one (IR), and keep it in a rig file.

    A rig file holds for all images of two cameras that are fixed to each other, at any resolution: mfjax fuse --align
    RIG.json. Of two folders, one rig is found for all pairs; the more structure they show, the better.

    Args:
        ir: Infrared image, a folder of them, or without VIS a folder with both kinds, as of mfjax fuse.
        vis: Visible image, or a folder of them; leave it out for a FLIR JPEG with a photo in it.
        out: The rig file, in which the map, both sizes, the confidence and the date can be read.
        preview: Draw infrared edges on the visible image, and a checkerboard of both, of the first pair.
        align_model: Kind of maps: shift; similarity, which also scales and turns; affine, also for pictures that were
            stretched; homography, for cameras that look in different directions; or auto, a similarity, or an affine
            map where that clearly fits better.
        pairs: Use the pairs of a list instead: CSV in UTF-8 with the columns ir,vis or ir,vis,name.
        pattern: Names of infrared and visible files where {name} is what a pair has in common and * is any text, such
            as '{name}_T.JPG' '{name}_W.JPG'.
        recursive: Also search sub-folders.
        exif: Turn both images as their EXIF orientations say; fuse them with --exif, too, then.
        ir_range: Infrared values that are black and white, as of mfjax fuse.
        ir_palette: Make heat of the colours of an infrared picture; auto finds the palette.
        ir_polarity: What hot is in the infrared images.
        photo_ratio: How many times the photo in a thermal camera's file shows as wide a view as its infrared image.
        quiet: Print only errors.
        json: Print the result as JSON.
    """
    if quiet:
        only_errors()
    checks.check_sources(ir, vis, pairs, searching=pattern is not None or recursive)
    if preview is not None and preview.suffix.lower() not in images.FORMATS:
        raise MfjaxError(unknown_suffix(preview))
    if out is not None and out.suffix.lower() in images.FORMATS:
        raise MfjaxError(f"{out} is named like an image; a rig file is called such as rig.json")
    infrared = Reading(check_ir_range(parse_ir_range(ir_range)), ir_palette, ir_polarity, photo_ratio)
    some = aligning.pairs_of(ir, vis, listed=pairs, pattern=pattern, recursive=recursive)
    outputs = [path for path in (out, preview) if path is not None]
    checks.check_outputs(_Planned(pair, outputs if number == 0 else []) for number, pair in enumerate(some))
    if pairs is not None and any(path.exists() and path.samefile(pairs) for path in outputs):
        raise MfjaxError(f"{pairs} is the list of pairs and would be overwritten; choose another output")
    found = aligning.align_files(some, infrared, model=align_model, exif=exif)
    if preview is not None:
        lumas = aligning.read_lumas(some[0], infrared, exif=exif)
        preview.parent.mkdir(parents=True, exist_ok=True)
        images.write(preview, drawn(lumas.ir, lumas.vis, found.matrix))
        if found.confidence < LEAST_CONFIDENCE:
            logger.warning("%s: shows the best guess, which is not reliable", preview)
    check_confidence(found)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        found.save(out)
    if json:
        right, down = found.shift
        numbers = {"confidence": found.confidence, "residual": found.residual, "overlap": found.overlap}
        moved = {"shift": [right, down], "scale": found.scale, "rotation": found.rotation}
        print_json(
            {"pairs": len(some), **numbers, **moved, "matrix": found.matrix.tolist(), "written": out and str(out)}
        )
    elif not quiet:
        print(f"confidence {found.confidence:.2f}, expected error {found.residual:.1f} px at 512 px width")
        print(f"{found.words}, overlap {100 * found.overlap:.0f} %")
        print_line(f"{out}: {found.found}, {found.model}" if out else "--out RIG.json keeps it for mfjax fuse --align")
    return 0
