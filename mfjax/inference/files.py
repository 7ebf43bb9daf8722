"""Fusing image files: the plan of what is read and written, and a pair's reading and writing."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.inference import sizes
from mfjax.pairing import Pair, find_pairs, read_list
from mfjax.pairing.patterns import Patterns

if TYPE_CHECKING:  # these import JAX
    from mfjax.inference.composition import Fusion
    from mfjax.inference.fuser import Fuser
    from mfjax.inference.request import Request

FOLDER_SUFFIX = ".png"  # suffix of images in an output folder: lossless, 8 or 16 bits

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
            a folder with both kinds.
        vis: a visible image file, or a folder of them.
        out: the fused image's file, or the folder for NAME.png of every pair.
        sr: also write both super-resolved sources, as NAME_ir and NAME_vis beside NAME.
        pairs: a list of pairs, instead of `ir` and `vis`, as `read_list` reads it.
        pattern: the forms of infrared and visible names, as of `find_pairs`.
        recursive: also search sub-folders.

    Raises:
        FileNotFoundError: a source does not exist.
        MfjaxError: the sources can't be paired, or the results can't be written there.
    """
    _check_sources(ir, vis, pairs, searching=pattern is not None or recursive)
    if ir is not None and vis is not None and not ir.is_dir():
        _check_distinct(ir, vis)
        job = _job(Pair(out.stem, ir, vis), out, sr=sr)
        _check_file(out)
        _check_outputs([job])
        return Plan([job], is_folder=False)
    if out.exists() and not out.is_dir():
        raise MfjaxError(f"{out} is a file; for many pairs, the output is a folder")
    if not out.exists() and out.suffix.lower() in images.FORMATS:
        raise MfjaxError(f"{out} is named like an image; for many pairs, the output is a folder")
    if ir is not None:
        found = find_pairs(ir, vis, pattern=pattern, recursive=recursive, flags=True)
    else:
        assert pairs is not None
        found = read_list(pairs)
    jobs = [_job(pair, out / f"{pair.name}{FOLDER_SUFFIX}", sr=sr) for pair in found.pairs]
    _check_apart(out, jobs, [root for root in (ir, vis) if root is not None] if recursive else [])
    _check_outputs(jobs)
    return Plan(jobs, found.problems, found.notes)


def fuse_pair(
    fuser: "Fuser", job: Job, *, exif: bool = False, quality: int | None = None, **options: Any
) -> tuple[int, int]:
    """Fuses one pair of files, writes all of its results or none, and returns their (height, width).

    Args:
        fuser: the model.
        job: the pair and the files for its results.
        exif: as of `read`.
        quality: as of `write`.
        options: options of a `Fuser`'s call.

    Raises:
        FileNotFoundError, MfjaxError, MemoryError: as `images.read`, `Fuser.__call__` and `images.write` do.
    """
    ir, vis = _opened(job.pair, exif=exif, stretch=options.get("stretch", False))
    made = fuser(ir.pixels, vis.pixels, **options)
    write(job, made, vis.metadata, quality=quality)
    return made.fused.shape[:2]


def read(job: Job, *, exif: bool = False, **options: Any) -> Sources:
    """Returns the request for a pair of files, and the visible file's metadata.

    Args:
        job: the pair.
        exif: turn both images as their EXIF orientations say.
        options: options of `Request.of`.

    Raises:
        FileNotFoundError, MfjaxError: as `images.read` and `Request.of` do.
    """
    from mfjax.inference.request import Request

    ir, vis = _opened(job.pair, exif=exif, stretch=options.get("stretch", False))
    return Sources(Request.of(ir.pixels, vis.pixels, **options), vis.metadata)


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


def _opened(pair: Pair, *, exif: bool, stretch: bool) -> tuple[images.ImageFile, images.ImageFile]:
    """Returns both files of a pair. Raises MfjaxError if an orientation that is ignored parts their views."""
    ir, vis = images.open(pair.ir, exif=exif), images.open(pair.vis, exif=exif)
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
    return ir, vis


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


def _check_sources(ir: Path | None, vis: Path | None, pairs: Path | None, *, searching: bool) -> None:
    """Raises an error if sources are named that don't exist or don't belong together, or none."""
    if pairs is not None:
        if ir is not None or searching:
            raise MfjaxError("--pairs lists all files; leave IR, VIS, --pattern and --recursive out")
        return
    if ir is None:
        raise MfjaxError("name IR and VIS, a folder with both kinds of images, or a list of pairs by --pairs LIST.csv")
    for source in (ir, vis or ir):
        if not images.split_selection(source)[0].exists():
            raise FileNotFoundError(f"{source}: no such file or folder")
    if vis is None and not ir.is_dir():
        raise MfjaxError(f"{ir} is one file; name the visible image after it, too")
    if vis is not None and ir.is_dir() != vis.is_dir():
        folder, file = (ir, vis) if ir.is_dir() else (vis, ir)
        raise MfjaxError(f"{folder} is a folder and {file} a file; give two files or two folders")
    if searching and not ir.is_dir():
        raise MfjaxError("--pattern and --recursive are for folders, and these are two files; leave them out")


def _check_distinct(ir: Path, vis: Path) -> None:
    """Raises MfjaxError if both sources are the same picture of one file."""
    (ir_file, ir_number), (vis_file, vis_number) = images.split_selection(ir), images.split_selection(vis)
    if ir_number == vis_number and _identity(ir_file) == _identity(vis_file):
        raise MfjaxError(
            f"{ir} is given for both sources; give two files, or choose what is infrared in it, such as {ir_file}[3], "
            "its fourth channel"
        )


def _check_file(out: Path) -> None:
    """Raises MfjaxError if one fused image can't have this name."""
    if out.is_dir():
        raise MfjaxError(f"{out} is a folder; of two files, the output is a file such as {out / 'fused.png'}")
    if out.suffix.lower() not in images.FORMATS:
        raise MfjaxError(f"{out}: unknown suffix {out.suffix!r}; use one of {', '.join(images.FORMATS)}")


def _check_apart(out: Path, jobs: Iterable[Job], searched: Iterable[Path]) -> None:
    """Raises MfjaxError if results would lie among sources, where the next run would take them for sources."""
    jobs = list(jobs)
    folders = {path.parent.resolve() for job in jobs for path in job.outputs}
    among = folders & {path.parent.resolve() for job in jobs for path in (job.pair.ir, job.pair.vis)}
    below = [root for root in searched if any(folder.is_relative_to(root.resolve()) for folder in folders)]
    if among or below:
        role = "is searched for sources" if below else "holds sources"
        raise MfjaxError(f"{out} {role}, and the next run would take the results for some; choose another folder")


def _check_outputs(jobs: Iterable[Job]) -> None:
    """Raises MfjaxError if results would replace a source or each other, or can't be written."""
    jobs = list(jobs)
    outputs = [path for job in jobs for path in job.outputs]
    sources = {_identity(images.split_selection(path)[0]) for job in jobs for path in (job.pair.ir, job.pair.vis)}
    for path in outputs:
        if path.is_dir():
            raise MfjaxError(f"{path} is a folder; choose another output")
        if path.exists() and _identity(path) in sources:
            raise MfjaxError(f"{path} is a source and would be overwritten; choose another output")
    for path, count in Counter(outputs).items():
        if count > 1:
            raise MfjaxError(f"{count} results would be called {path.name}; rename their sources")
    for folder in {path.parent for path in outputs}:
        _check_writable(folder)


def _identity(path: Path) -> tuple[int, int]:
    """Returns a value that is the same for two names of one file, and differs between files."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _check_writable(folder: Path) -> None:
    """Raises MfjaxError if a file can't be made in a folder, or the folder itself can't be made."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass  # a try, since permissions mislead for root and on read-only disks
    except OSError as error:
        raise MfjaxError(f"{folder}: can't be written to ({os.strerror(error.errno or 0)})") from error
