"""Fusing image files: the plan of what is read and written, and a pair's reading and writing."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mfjax import images
from mfjax.alignment.estimate import looks_misaligned
from mfjax.alignment.frames import View
from mfjax.errors import MfjaxError
from mfjax.inference import checks
from mfjax.inference.aligning import align_opened
from mfjax.inference.infrared import Reading
from mfjax.inference.opening import matches_of, opened
from mfjax.inference.views import Align, check_confidence, is_given, is_word
from mfjax.messages import NOTE
from mfjax.pairing import Pair
from mfjax.pairing.patterns import Patterns

if TYPE_CHECKING:  # these import JAX
    from mfjax.inference.canvases import TileSide
    from mfjax.inference.composition import Progress
    from mfjax.inference.fuser import Fuser
    from mfjax.inference.fusion import Fusion
    from mfjax.inference.request import Request

FOLDER_SUFFIX = ".png"  # suffix of images in an output folder: lossless, 8 or 16 bits

AS_STORED = Reading()

logger = logging.getLogger("mfjax")


class Job(NamedTuple):
    """A pair of files and the files for its results."""

    pair: Pair
    fused: Path
    ir: Path | None  # file for the super-resolved infrared source; None if it is not wanted
    vis: Path | None  # file for the super-resolved visible source; None if it is not wanted

    @property
    def outputs(self) -> list[Path]:
        """Returns the files that this job writes."""
        return [path for path in (self.ir, self.vis, self.fused) if path is not None]

    @property
    def finished(self) -> bool:
        """Returns true if all of its outputs exist."""
        return all(path.exists() for path in self.outputs)


class Sources(NamedTuple):
    """The sources of a pair as they were read, and what its results keep of the visible file."""

    request: "Request"
    metadata: images.Metadata


class Plan(NamedTuple):
    """The jobs of a command, and what is to be said of its files."""

    jobs: list[Job]
    problems: Sequence[str] = ()  # a line for each reason why files can't be fused
    notes: Sequence[str] = ()  # a line for each guess, and for what was ignored
    is_folder: bool = True  # false: two files are fused into one


def plan_jobs(
    ir: Path | None,
    vis: Path | None,
    out: Path,
    *,
    sr: bool = False,
    pairs: Path | None = None,
    pattern: Patterns | None = None,
    recursive: bool = False,
) -> Plan:
    """Returns the jobs for two files, folders or a list, after checking everything that can be checked beforehand.

    Args:
        ir: an infrared image file, which may be FILE[N] (`mfjax.images.read`), a folder of them, or without `vis`
            a folder with both kinds, or of files that have a photo in them.
        vis: a visible image file, or a folder of them; None for one file that has a photo in it.
        out: the fused image's file, or the folder for NAME.png of every pair.
        sr: also write both super-resolved sources, as NAME_ir and NAME_vis beside NAME.
        pairs: a list of pairs, instead of `ir` and `vis`, as `read_list` reads it.
        pattern: the forms of infrared and visible names, as of `find_pairs`.
        recursive: also search sub-folders.

    Raises:
        FileNotFoundError: a source does not exist.
        MfjaxError: the sources can't be paired, or the results can't be written there.
    """
    checks.check_sources(ir, vis, pairs, searching=pattern is not None or recursive)
    if ir is not None and not ir.is_dir():
        if vis is None:
            checks.check_photo(ir)
            vis = ir
        else:
            checks.check_distinct(ir, vis)
        job = _job(Pair(out.stem, ir, vis), out, sr=sr)
        checks.check_file(out)
        checks.check_outputs([job])
        checks.check_beside(job)
        return Plan([job], is_folder=False)
    if out.exists() and not out.is_dir():
        raise MfjaxError(f"{out} is a file; for many pairs, the output is a folder")
    if not out.exists() and out.suffix.lower() in images.FORMATS:
        raise MfjaxError(f"{out} is named like an image; for many pairs, the output is a folder")
    found = matches_of(ir, vis, listed=pairs, pattern=pattern, recursive=recursive)
    jobs = [_job(pair, out / f"{pair.name}{FOLDER_SUFFIX}", sr=sr) for pair in found.pairs]
    checks.check_apart(out, jobs, [root for root in (ir, vis) if root is not None] if recursive else [])
    checks.check_outputs(jobs)
    return Plan(jobs, found.problems, found.notes)


def fuse_pair(
    fuser: "Fuser",
    job: Job,
    *,
    exif: bool = False,
    infrared: Reading = AS_STORED,
    quality: int | None = None,
    tile: "TileSide" = "auto",
    progress: "Progress" = iter,
    doubtful: bool = False,
    **options: Any,
) -> tuple[int, int]:
    """Fuses one pair of files, writes all of its results or none, and returns their (height, width).

    Args:
        fuser: the model.
        job: the pair and the files for its results.
        exif: as of `read`.
        infrared: as of `read`.
        quality: as of `write`.
        tile: as of a `Fuser`'s call.
        progress: as of a `Fuser`'s call.
        doubtful: say it if both images are measurably not of the same view, see `doubt`.
        options: as of `read`.

    Raises:
        FileNotFoundError, MfjaxError, MemoryError: as `images.read`, `Fuser.__call__` and `images.write` do.
    """
    factor = fuser.largest_factor
    request, metadata = read(job, exif=exif, infrared=infrared, largest_factor=factor, **options)
    if doubtful:
        doubt(job.pair, request)
    [made] = fuser.fuse_requests([request], tile=tile, progress=progress)
    write(job, made, metadata, quality=quality)
    return made.fused.shape[0], made.fused.shape[1]


def read(
    job: Job,
    *,
    exif: bool = False,
    infrared: Reading = AS_STORED,
    align: Align = None,
    view: View | None = None,
    **options: Any,
) -> Sources:
    """Returns the request for a pair of files, and the visible file's metadata.

    Args:
        job: the pair.
        exif: turn both images as their EXIF orientations say.
        infrared: how the infrared file is to be understood, with its range.
        align: as of a `Fuser`'s call; a photo in the infrared file lies where that file says, unless it is given.
        view: as of a `Fuser`'s call; by default "visible", but "infrared" for a photo in the infrared file.
        options: other options of `Request.of`, but the range.

    Raises:
        FileNotFoundError, MfjaxError: as `images.read` and `Request.of` do.
    """
    from mfjax.inference.request import Request

    pair, aligned = job.pair, is_given(align)
    in_file = pair.vis == pair.ir
    whole = in_file and (aligned or view == "visible")
    files = opened(pair, infrared, exif=exif, stretch=options.get("stretch", False), whole=whole)
    if is_word(align, "auto"):
        align = found = check_confidence(align_opened(files))
        logger.warning("aligned by %s, confidence %.2f", found.words, found.confidence, extra=NOTE)
    if whole:
        align = align if aligned else files.alignment
    view = view or ("infrared" if in_file else "visible")
    if in_file and not is_given(align):  # its photo is cut to the infrared view
        view = "visible"
    ir, vis = files.ir, files.vis
    request = Request.of(ir.pixels, vis.pixels, ir_range=ir.ir_range, align=align, view=view, **options)
    return Sources(request, vis.metadata)


def doubt(pair: Pair, request: "Request") -> bool:
    """Returns true, and logs it, if the two images of a pair are measurably not of the same view.

    Args:
        pair: the files; a photo in the infrared file is not doubted here, but where it is read.
        request: the request for them, not aligned.
    """
    if pair.vis == pair.ir or (off := looks_misaligned(request.ir, request.vis)) is None:
        return False
    logger.warning(
        "%s and %s: their edges lie about %.0f %% of the width apart, so that they fuse into ghosts; --align auto "
        "brings them together, or mfjax align once for all images of these cameras (--align none is silent)",
        *(pair.ir, pair.vis, 100 * off),
    )
    return True


def write(job: Job, made: "Fusion", metadata: images.Metadata, *, quality: int | None = None) -> None:
    """Writes all of a pair's results or none.

    Args:
        job: the files for the results.
        made: the images.
        metadata: the visible file's, which the fused and the visible image keep (ICC profile, dpi, EXIF).
        quality: 1 to 100, for JPEG and WebP; None: the format's default.

    Raises:
        MfjaxError, OSError: as `images.write` does.
    """
    job.fused.parent.mkdir(parents=True, exist_ok=True)
    wanted = ((job.ir, made.ir), (job.vis, made.vis), (job.fused, made.fused))
    images.write_all(
        {path: _storable(image, path) for path, image in wanted if path is not None},
        metadata={path: metadata for path in (job.vis, job.fused) if path is not None},
        quality=quality,
    )


def _job(pair: Pair, fused: Path, *, sr: bool) -> Job:
    """Returns a pair's job, with the super-resolved sources as NAME_ir and NAME_vis if `sr`."""
    ir, vis = (fused.with_stem(f"{fused.stem}_{source}") for source in ("ir", "vis")) if sr else (None, None)
    return Job(pair, fused, ir, vis)


def _storable(image: np.ndarray, path: Path) -> np.ndarray:
    """Returns an image in as many bits as its file's format holds: 32 only in a TIFF, 16 not in a JPEG or BMP."""
    depths, bits = images.FORMATS[path.suffix.lower()], 8 * image.dtype.itemsize
    if bits in depths:
        return image
    if bits == 16 or 16 not in depths:
        logger.warning("%s: stored in 8 bits of the sources' %d; .png and .tif keep more", path, bits)
    return images.from_float(images.to_float(image), np.uint16 if 16 in depths else np.uint8)
