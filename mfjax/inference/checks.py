"""Checks of a plan of jobs: what can be known of sources and results before anything is read or made."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.images.formats import unknown_suffix
from mfjax.pairing import Pair, mixed_up

logger = logging.getLogger("mfjax")


class Planned(Protocol):
    """A pair of files and the files for its results."""

    @property
    def pair(self) -> Pair:
        """Returns the pair."""

    @property
    def outputs(self) -> list[Path]:
        """Returns the files for its results."""


def check_sources(ir: Path | None, vis: Path | None, pairs: Path | None, *, searching: bool) -> None:
    """Raises an error if sources are named that don't exist or don't belong together, or none.

    Args:
        ir: an infrared file or folder, or None.
        vis: a visible one, or None.
        pairs: a list of pairs, or None.
        searching: options for folders are given.

    Raises:
        FileNotFoundError, MfjaxError: as said.
    """
    if pairs is not None:
        if ir is not None or searching:
            raise MfjaxError("--pairs lists all files; leave IR, VIS, --pattern and --recursive out")
        return
    if ir is None:
        raise MfjaxError("name IR and VIS, a folder with both kinds of images, or a list of pairs by --pairs LIST.csv")
    for source in (ir, vis or ir):
        if not images.split_selection(source)[0].exists():
            raise FileNotFoundError(f"{source}: no such file or folder")
    if vis is not None and ir.is_dir() != vis.is_dir():
        folder, file = (ir, vis) if ir.is_dir() else (vis, ir)
        raise MfjaxError(f"{folder} is a folder and {file} a file; give two files or two folders")
    if searching and not ir.is_dir():
        raise MfjaxError("--pattern and --recursive are for folders, and these are two files; leave them out")


def check_photo(path: Path) -> None:
    """Raises MfjaxError if a file that is the only source has no photo in it.

    Args:
        path: the file.
    """
    if not images.has_photo(path):
        raise MfjaxError(
            f"{path} is one image, without a visible camera's photo in it, as some FLIR files have; name the visible "
            "image, too"
        )


def check_distinct(ir: Path, vis: Path) -> None:
    """Raises MfjaxError if both sources are the same picture of one file.

    Args:
        ir: the infrared file.
        vis: the visible file.
    """
    (ir_file, ir_number), (vis_file, vis_number) = images.split_selection(ir), images.split_selection(vis)
    if ir_number == vis_number and identity(ir_file) == identity(vis_file):
        raise MfjaxError(
            f"{ir} is given for both sources; give two files, choose what is infrared in it, such as {ir_file}[3], its "
            "fourth channel, or leave VIS out if the file has a photo of its own"
        )


def check_file(out: Path) -> None:
    """Raises MfjaxError if one fused image can't have this name.

    Args:
        out: the fused image's file.
    """
    if out.is_dir():
        raise MfjaxError(f"{out} is a folder; of two files, the output is a file such as {out / 'fused.png'}")
    if out.suffix.lower() not in images.FORMATS:
        raise MfjaxError(unknown_suffix(out))


def check_beside(job: Planned) -> None:
    """Logs it if the results of two files would be taken for sources when their folders are fused.

    Args:
        job: the pair and the files for its results.

    Raises:
        MfjaxError: with them, the folders could not be fused any more.
    """
    ir, vis = (images.split_selection(path)[0] for path in (job.pair.ir, job.pair.vis))
    for path in mixed_up(ir, vis, job.outputs):
        logger.warning("%s: lies among sources: if their folder is fused, it will be taken for one", path)


def check_apart(out: Path, jobs: Iterable[Planned], searched: Iterable[Path]) -> None:
    """Raises MfjaxError if results would lie among sources, where the next run would take them for sources.

    Args:
        out: the folder for results.
        jobs: the jobs.
        searched: the folders that are searched with their sub-folders.
    """
    jobs = list(jobs)
    folders = {path.parent.resolve() for job in jobs for path in job.outputs}
    among = folders & {path.parent.resolve() for job in jobs for path in (job.pair.ir, job.pair.vis)}
    below = [root for root in searched if any(folder.is_relative_to(root.resolve()) for folder in folders)]
    if among or below:
        role = "is searched for sources" if below else "holds sources"
        raise MfjaxError(f"{out} {role}, and the next run would take the results for some; choose another folder")


def check_outputs(jobs: Iterable[Planned]) -> None:
    """Raises MfjaxError if results would replace a source or each other, or can't be written.

    Args:
        jobs: the jobs.
    """
    jobs = list(jobs)
    outputs = [path for job in jobs for path in job.outputs]
    sources = {identity(images.split_selection(path)[0]) for job in jobs for path in (job.pair.ir, job.pair.vis)}
    for path in outputs:
        if path.is_dir():
            raise MfjaxError(f"{path} is a folder; choose another output")
        if path.exists() and identity(path) in sources:
            raise MfjaxError(f"{path} is a source and would be overwritten; choose another output")
    for path, count in Counter(outputs).items():
        if count > 1:
            raise MfjaxError(f"{count} results would be called {path.name}; rename their sources")
    for folder in {path.parent for path in outputs}:
        _check_writable(folder)


def identity(path: Path) -> tuple[int, int]:
    """Returns a value that is the same for two names of one file, and differs between files.

    Args:
        path: the file, which exists.
    """
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
