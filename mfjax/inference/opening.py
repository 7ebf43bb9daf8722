"""Finding pairs of files and opening one: both images, turned or not, and the photo in a thermal camera's file."""

from pathlib import Path
from typing import NamedTuple

from mfjax import images
from mfjax.alignment import Alignment
from mfjax.errors import MfjaxError
from mfjax.inference import sizes
from mfjax.inference.infrared import Reading, Source, source
from mfjax.inference.photo import visible_of, whole_photo
from mfjax.pairing import Matches, Pair, find_pairs, read_list
from mfjax.pairing.folders import read_folder
from mfjax.pairing.patterns import Patterns


class Opened(NamedTuple):
    """The two files of a pair, the infrared one as a source."""

    ir: Source
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
        if vis is not None or pattern is not None or recursive or not (found := _with_photos(ir)).pairs:
            raise
        return found


def _with_photos(folder: Path) -> Matches:
    """Returns the files of a folder that have a photo in them as pairs, and the others as those without a partner."""
    content = read_folder(folder)
    files = [file.path for file in content.files]
    own = [file for file in files if _has_photo(file)]
    notes = [f"files of {folder} that have a photo in them ({len(own)} of {len(files)}) are each fused with it"]
    if content.note is not None:
        notes.append(content.note)
    return Matches(
        [Pair(file.stem, file, file) for file in own], [each for each in files if each not in own], notes=notes
    )


def _has_photo(file: Path) -> bool:
    try:
        return images.has_photo(file)
    except MfjaxError:  # whatever is wrong with the file, it makes no pair
        return False


def opened(pair: Pair, infrared: Reading, *, exif: bool, stretch: bool, whole: bool = False) -> Opened:
    """Returns both files of a pair.

    Args:
        pair: the files; the same one twice if the visible image is the photo in a thermal camera's file.
        infrared: how the infrared file is to be understood.
        exif: turn both images as their EXIF orientations say.
        stretch: take files whose aspects differ.
        whole: take the whole photo, not only the part of it that shows the infrared view.

    Raises:
        FileNotFoundError, MfjaxError: as `images.open` and `infrared.source` do, or an orientation that is ignored
            parts the views.
    """
    ir = images.open(pair.ir, exif=exif, thermal=True)
    alignment = None
    if pair.vis != pair.ir:
        vis = images.open(pair.vis, exif=exif)
        if not stretch:
            _check_turned(pair, ir, vis)
    elif whole:
        vis, alignment = whole_photo(pair.ir, ir.metadata, ratio=infrared.photo_ratio)
    else:
        vis = visible_of(pair.ir, ir.metadata, ratio=infrared.photo_ratio)
    return Opened(source(ir, pair.ir, infrared), vis, alignment)


def _check_turned(pair: Pair, ir: images.ImageFile, vis: images.ImageFile) -> None:
    """Raises MfjaxError if an orientation that is ignored parts the views of a pair."""
    as_stored = sizes.aspects_apart(ir.pixels.shape, vis.pixels.shape)
    upright = sizes.aspects_apart(ir.upright_size, vis.upright_size)
    if upright <= sizes.ASPECTS_DIFFER < as_stored:
        (rows, cols), (height, width) = ir.pixels.shape[:2], vis.pixels.shape[:2]
        turned = " and ".join(
            str(path) for path, file in ((pair.ir, ir), (pair.vis, vis)) if file.upright_size != file.pixels.shape[:2]
        )
        raise MfjaxError(
            f"infrared is {rows}x{cols} but visible is {height}x{width} as they are stored: they can't show the same "
            f"view; pass --exif, which turns {turned} as its EXIF orientation says"
        )
