"""Finding pairs of files and opening one: both images, turned or not, and the photo in a thermal camera's file."""

from pathlib import Path
from typing import NamedTuple

from mfjax import images
from mfjax.alignment import Alignment
from mfjax.errors import MfjaxError
from mfjax.inference import sizes
from mfjax.inference.infrared import Reading
from mfjax.inference.photo import visible_of, whole_photo
from mfjax.pairing import Matches, Pair, find_pairs, natural_key, read_list
from mfjax.pairing.patterns import Patterns


class Opened(NamedTuple):
    """The two files of a pair."""

    ir: images.ImageFile
    vis: images.ImageFile
    alignment: Alignment | None = None  # where the file places its photo, if the whole of that is the visible image


def matches_of(
    ir: Path | None,
    vis: Path | None,
    *,
    listed: Path | None = None,
    pattern: Patterns | None = None,
    recursive: bool = False,
) -> Matches:
    """Returns the pairs of two folders, of one, or of a list.

    Args:
        ir: a folder of infrared images, or without `vis` one with both kinds, or of files that have a photo in them.
        vis: a folder of visible images.
        listed: a list of pairs instead, as `read_list` reads it.
        pattern: the forms of infrared and visible names, as of `find_pairs`.
        recursive: also search sub-folders.

    Raises:
        MfjaxError: there are none.
    """
    if ir is None:
        assert listed is not None
        return read_list(listed)
    try:
        return find_pairs(ir, vis, pattern=pattern, recursive=recursive, flags=True)
    except MfjaxError:
        if vis is not None or pattern is not None or recursive or not (files := _with_photos(ir)):
            raise
        note = f"{len(files)} files of {ir} are each fused with the photo in it"
        return Matches([Pair(file.stem, file, file) for file in files], notes=[note])


def _with_photos(folder: Path) -> list[Path]:
    """Returns the image files of a folder if each of them has a photo in it, else none."""
    files = [
        file for file in folder.iterdir() if file.suffix.lower() in images.SUFFIXES and not file.name.startswith(".")
    ]
    files.sort(key=lambda file: natural_key(file.name))
    try:
        return files if all(images.read_thermal(file).photo is not None for file in files) else []
    except MfjaxError:
        return []


def opened(pair: Pair, infrared: Reading, *, exif: bool, stretch: bool, whole: bool = False) -> Opened:
    """Returns both files of a pair.

    Args:
        pair: the files; the same one twice if the visible image is the photo in a thermal camera's file.
        infrared: how the infrared file is to be understood.
        exif: turn both images as their EXIF orientations say.
        stretch: take files whose aspects differ.
        whole: take the whole photo, not only the part of it that shows the infrared view.

    Raises:
        FileNotFoundError, MfjaxError: as `images.open` does, or an orientation that is ignored parts the views.
    """
    ir = images.open(pair.ir, exif=exif, thermal=True)
    if pair.vis == pair.ir:
        if whole:
            return Opened(ir, *whole_photo(pair.ir, ir.metadata, ratio=infrared.photo_ratio))
        return Opened(ir, visible_of(pair.ir, ir.metadata, ratio=infrared.photo_ratio))
    vis = images.open(pair.vis, exif=exif)
    as_stored = sizes.aspects_apart(ir.pixels.shape, vis.pixels.shape)
    upright = sizes.aspects_apart(ir.upright_size, vis.upright_size)
    if not stretch and upright <= sizes.ASPECTS_DIFFER < as_stored:
        (rows, cols), (height, width) = ir.pixels.shape[:2], vis.pixels.shape[:2]
        turned = " and ".join(
            str(path) for path, file in ((pair.ir, ir), (pair.vis, vis)) if file.upright_size != file.pixels.shape[:2]
        )
        raise MfjaxError(
            f"infrared is {rows}x{cols} but visible is {height}x{width} as they are stored: they can't show the same "
            f"view; pass --exif, which turns {turned} as its EXIF orientation says"
        )
    return Opened(ir, vis)
