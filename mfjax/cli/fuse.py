"""The command `mfjax fuse`."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tqdm.contrib.logging import logging_redirect_tqdm
from tyro.conf import Positional, arg

from mfjax import images, weights
from mfjax.alignment.frames import View
from mfjax.alignment.tracking import Tracker
from mfjax.cli.aligning import asked_alignment
from mfjax.cli.messages import only_errors, print_json, print_line
from mfjax.cli.processes import join, leave
from mfjax.cli.progress import Progress, WithinImages
from mfjax.cli.ranges import parse_ir_range
from mfjax.errors import MfjaxError
from mfjax.images.palettes import Palette
from mfjax.inference import files, sizes
from mfjax.inference.colour import Color
from mfjax.inference.detail import check_detail
from mfjax.inference.engines import Engine, Precision, check_engine
from mfjax.inference.infrared import Reading, range_of_all
from mfjax.inference.ranges import check_ir_range
from mfjax.messages import NOTE, one_line
from mfjax.pairing import messages_about
from mfjax.pairing.patterns import Patterns

if TYPE_CHECKING:  # these import JAX
    from mfjax.inference.fuser import Fuser
    from mfjax.inference.fusion import Fusion

DOUBTED_PAIRS = 8  # pairs of a folder that are looked at for being misaligned; one warning is enough

logger = logging.getLogger("mfjax")


def fuse(
    ir: Annotated[Positional[Path | None], arg(metavar="IR", help_behavior_hint="")] = None,
    vis: Annotated[Positional[Path | None], arg(metavar="VIS", help_behavior_hint="")] = None,
    *,
    out: Annotated[Path, arg(metavar="OUT")],
    pairs: Annotated[Path | None, arg(metavar="LIST.csv", help_behavior_hint="")] = None,
    pattern: Annotated[Patterns | None, arg(metavar="IR_NAME VIS_NAME", help_behavior_hint="")] = None,
    recursive: Annotated[bool, arg(help_behavior_hint="")] = False,
    height: Annotated[int | None, arg(metavar="H", help_behavior_hint="")] = None,
    width: Annotated[int | None, arg(metavar="W", help_behavior_hint="")] = None,
    scale: Annotated[float | None, arg(metavar="S", help_behavior_hint="")] = None,
    color: Color = "auto",
    sr: Annotated[bool, arg(help_behavior_hint="")] = False,
    align: Annotated[str | None, arg(metavar="auto|each|track|RIG.json|none", help_behavior_hint="")] = None,
    view: Annotated[View | None, arg(help_behavior_hint="")] = None,
    stretch: Annotated[bool, arg(help_behavior_hint="")] = False,
    exif: Annotated[bool, arg(help_behavior_hint="")] = False,
    quality: Annotated[int | None, arg(metavar="Q", help_behavior_hint="")] = None,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "default",
    detail: Annotated[float, arg(metavar="0..1")] = 1.0,
    ir_range: Annotated[str | None, arg(metavar="full|auto|auto:all|LO,HI", help_behavior_hint="")] = None,
    ir_palette: Annotated[Palette | None, arg(help_behavior_hint="")] = None,
    ir_polarity: Literal["white", "black"] = "white",
    photo_ratio: Annotated[float | None, arg(metavar="R", help_behavior_hint="")] = None,
    engine: Engine = "auto",
    precision: Precision = "auto",
    tile: Annotated[int | Literal["auto"], arg(metavar="auto|N")] = "auto",
    skip_finished: Annotated[bool, arg(help_behavior_hint="")] = False,
    distributed: Annotated[str | None, arg(metavar="auto|HOST:PORT,N,I", help_behavior_hint="")] = None,
    quiet: Annotated[bool, arg(help_behavior_hint="")] = False,
    json: Annotated[bool, arg(help_behavior_hint="")] = False,
) -> int:
    """Fuse an infrared (IR) and a visible (VIS) image, or the pairs of two folders, at any size, into OUT.

    Files are paired by names, which may differ by a word such as ir, thermal, vis or rgb, or by what all infrared and
    all visible names have in one place, such as _T and _W; that is said. The rest of both names must be equal.

    Args:
        ir: Infrared image, a folder of them, or without VIS a folder with both kinds (or with a folder for each).
            FILE[N] is page N, or channel N, of a file, counted from 0. Of a thermal camera's file (FLIR JPEG, FFF, SEQ,
            CSQ) the temperatures are read.
        vis: Visible image of the same view at any resolution, or a folder of them; leave it out for a FLIR JPEG with a
            photo in it, or a folder of such.
        out: The fused image (.png .tif .jpg .webp .jp2 .bmp), or a folder for NAME.png of every pair.
        pairs: Fuse the pairs of a list instead: CSV in UTF-8 with the columns ir,vis or ir,vis,name; files are relative
            to the list's folder.
        pattern: Names of infrared and visible files where {name} is what a pair has in common and * is any text, such
            as '{name}_T.JPG' '{name}_W.JPG'.
        recursive: Also search sub-folders; OUT gets the same ones.
        height: Output height in pixels. With only one of height and width, the other keeps the aspect.
        width: Output width in pixels. Without any size: that of the larger source.
        scale: Output size as a multiple of the larger source's, such as 2 or 0.5.
        color: Output in colour, gray, or auto: in colour if the visible image is stored in colour.
        sr: Also write both super-resolved sources, as OUT_ir and OUT_vis.
        align: Where the visible image lies under the infrared one: found for these images, one place for all pairs of a
            folder (auto), or one for each, as of a hand-held camera (each); followed from frame to frame of folders in
            the order of their names (track); as a rig file of mfjax align says; or exactly under it (none, the default;
            without the flag a pair that is clearly off is a warning).
        view: The view of an aligned output: the visible camera's (the default), softly the visible image alone where
            infrared shows nothing; the infrared camera's; or the overlap, cut to what both show. Of the photo in a
            camera's file, infrared is the default.
        stretch: Fuse even if the aspects of both sources differ by more than 20 %.
        exif: Turn both images as their EXIF orientations say; otherwise they stay as they are stored.
        quality: Quality from 1 to 100 of a .jpg (else 95) or .webp (else lossless).
        model: Name of a bundled model (default; small, for video; tiny, live; paper), or a weights file.
        detail: How much structure the fused image shows: 1, that of both sources; 0, a natural look without seams: the
            brighter source, with the other one's structure where it is much stronger; or a number between.
        ir_range: Infrared values that are black and white: the ends of the type's range (full), the image's own (auto,
            for raw thermal data; for each image anew), those of all images (auto:all, so that a sequence does not
            flicker), or two values, in degrees where the files have them (10C,40C). By default full, but auto, which is
            said, for temperatures and for an image of 16 bits that uses at most a quarter of their range.
        ir_palette: Make heat of the colours of an infrared picture; auto finds the palette.
        ir_polarity: What hot is in the infrared images: white, or black, which is turned over.
        photo_ratio: How many times the photo in a thermal camera's file shows as wide a view as its infrared image, if
            not as the file says.
        engine: Engine that runs the model; auto: on a CPU OpenVINO where it is installed (it is faster), else XLA.
        precision: Type in which features are extracted; auto: bfloat16 on a GPU or TPU, float32 on a CPU.
        tile: Side in pixels of the tiles in which an image is made; the result is the same.
        skip_finished: Leave out pairs whose results exist by name, whatever made them: to continue an interrupted run.
        distributed: This is process number I of N that share two folders and meet at the address of the first; auto
            under Slurm, Open MPI and on TPUs.
        quiet: Print only errors: no summary, progress or warnings.
        json: Print a summary as JSON: the written files, and the failed pairs with their errors.
    """
    if quiet:
        only_errors()
    check_engine(engine, precision)
    check_detail(detail)
    if isinstance(tile, int) and tile < 1:
        raise MfjaxError(f"--tile is {tile}; it is auto or a number of pixels")
    size = None if height is None and width is None else (height, width)
    sizes.check_requested_size(size, scale)
    infrared = Reading(check_ir_range(parse_ir_range(ir_range)), ir_palette, ir_polarity, photo_ratio)
    if photo_ratio is not None and not 0 < photo_ratio < math.inf:
        raise MfjaxError(f"--photo-ratio is {photo_ratio:g}; it is a positive number, such as 2.2")
    plan = files.plan_jobs(ir, vis, out, sr=sr, pairs=pairs, pattern=pattern, recursive=recursive)
    images.check_quality(quality, plan.jobs[0].fused if plan.jobs else out)
    model_file = weights.find(model)

    everything = plan.jobs
    if distributed is not None:
        if not plan.is_folder:
            raise MfjaxError("--distributed shares the pairs of two folders between processes, and these are files")
        if align == "track":
            raise MfjaxError(
                "--align track goes from frame to frame, which --distributed shares; leave one of them out"
            )
        join(distributed)
        number, processes = leave()
        plan = files.Plan(plan.jobs[number::processes], *(([], []) if number else (plan.problems, plan.notes)))
    if stretch and align not in (None, "none"):
        raise MfjaxError("--stretch is of images that are fused as they lie; leave it out with --align")
    resolved = asked_alignment(align, view, everything, infrared, exif=exif)
    left = [job for job in plan.jobs if not (skip_finished and job.finished)]
    start = time.monotonic()
    skipped = [job.pair.name for job in plan.jobs if job not in left]
    if not plan.is_folder and not left:
        _summarise(f"{out}: was there", Outcome(skipped=skipped), start, quiet=quiet, as_json=json)
        return 0

    from mfjax.inference.loading import load
    from mfjax.inference.watching import watched

    start = time.monotonic()  # importing JAX does not count
    options: dict[str, Any] = {
        "size": size,
        "scale": scale,
        "color": color,
        "stretch": stretch,
        "align": resolved,
        "view": view,
    }
    fuser = load(model_file, engine=engine, precision=precision, detail=detail)
    if not plan.is_folder:
        reading: dict[str, Any] = {"exif": exif, "infrared": infrared, "quality": quality} | options
        with watched(WithinImages(out.name, quiet=quiet)), _way_on(lambda: f"{out} is not written"):
            rows, cols = files.fuse_pair(fuser, left[0], tile=tile, doubtful=align is None, **reading)
        done = Outcome({left[0]: (rows, cols)})
        _summarise(f"{out}: {rows}x{cols}", done, start, quiet=quiet, as_json=json)
        return 0
    for note in plan.notes:
        logger.warning("%s", note)
    for problem in plan.problems:
        logger.error("%s", problem)
    if infrared.ir_range == "auto:all":
        infrared = replace(infrared, ir_range=range_of_all([job.pair.ir for job in everything], infrared, exif=exif))
    read = partial(files.read, exif=exif, infrared=infrared, largest_factor=fuser.largest_factor, **options)
    done = _fuse_all(fuser, left, read, tile, quiet=quiet, doubtful=align is None)
    if isinstance(resolved, Tracker):
        logger.warning("--align track: %s", resolved.words, extra=NOTE)
    done = replace(done, skipped=skipped, unpaired=plan.problems, notes=plan.notes)
    there = f" ({len(skipped)} were there)" if skip_finished else ""
    text = f"{out}: {len(done.sizes)} of {len(left)} pairs fused{there}"
    _summarise(text, done, start, quiet=quiet, as_json=json)
    return 1 if done.failed or plan.problems else 0


@dataclass(frozen=True)
class Outcome:
    """The outcome of all jobs."""

    sizes: Mapping[files.Job, tuple[int, int]] = field(default_factory=dict)
    """The sizes of the fused images that were written, by their jobs."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """The errors of the pairs that failed, by their names."""
    skipped: Sequence[str] = ()
    """The names of pairs whose results existed."""
    unpaired: Sequence[str] = ()
    """A line for each reason why images have no partner."""
    notes: Sequence[str] = ()
    """A line for each guess in pairing files, and for what was ignored."""


def _summarise(text: str, done: Outcome, start: float, *, quiet: bool, as_json: bool) -> None:
    """Prints the outcome and the seconds that it took, in words or as JSON."""
    seconds = time.monotonic() - start
    if as_json:
        fused = [_as_json(job, size) for job, size in done.sizes.items()]
        failed = [{"name": name, "error": why} for name, why in done.failed.items()]
        told = {"fused": fused, "failed": failed, "skipped": [*done.skipped], "unpaired": [*done.unpaired]}
        print_json(told | {"notes": [*done.notes], "seconds": round(seconds, 3)})
    elif not quiet:
        print_line(f"{text}, {seconds:.1f} s" if done.sizes or done.failed else text)


def _as_json(job: files.Job, size: tuple[int, int]) -> dict[str, Any]:
    outputs = {"fused": job.fused, "ir": job.ir, "vis": job.vis}
    written = {name: str(path) for name, path in outputs.items() if path is not None}
    sources = {"ir": str(job.pair.ir), "vis": str(job.pair.vis)}
    return {"name": job.pair.name, "sources": sources, "written": written, "height": size[0], "width": size[1]}


@contextmanager
def _way_on(words: Callable[[], str]) -> Iterator[None]:
    """Logs what is done and how to go on, if a block is ended by Ctrl-C or another signal."""
    try:
        yield
    except BaseException as ended:
        if not isinstance(ended, Exception | SystemExit | GeneratorExit):
            logger.warning("%s", words())
        raise


def _fuse_all(
    fuser: "Fuser",
    jobs: Sequence[files.Job],
    read: Callable[[files.Job], files.Sources],
    tile: int | Literal["auto"],
    *,
    quiet: bool,
    doubtful: bool,
) -> Outcome:
    """Does all jobs, in batches of the size that suits the model, and logs those that fail."""
    from mfjax.inference.watching import watched

    done: dict[files.Job, tuple[int, int]] = {}
    failed: dict[str, str] = {}

    @contextmanager
    def reported(*jobs: files.Job) -> Iterator[None]:
        """Logs the failure of some jobs, and continues."""
        try:
            with messages_about(jobs[0].pair) if len(jobs) == 1 else nullcontext():
                yield
        except (MfjaxError, OSError, MemoryError) as error:
            for job in jobs:
                logger.error("%s: %s", job.pair.name, one_line(error))
                failed[job.pair.name] = one_line(error)

    def way_on() -> str:
        """Returns what is to be said when this is interrupted."""
        return f"{len(done)} of {len(jobs)} pairs are fused; the same command with --skip-finished goes on"

    within = WithinImages("", quiet=quiet)
    progress = Progress("fusing", len(jobs), "pair", quiet=quiet)
    with logging_redirect_tqdm([logger]), closing(progress), watched(within), _way_on(way_on):
        for first in range(0, len(jobs), fuser.batch_size):
            some = jobs[first : first + fuser.batch_size]
            sources: dict[files.Job, files.Sources] = {}
            made: list[Fusion] = []
            for job in some:
                within.name = job.pair.name
                with reported(job):
                    sources[job] = read(job)
                    if doubtful and len(done) + len(sources) <= DOUBTED_PAIRS:
                        doubtful = not files.doubt(job.pair, sources[job].request)
            with reported(*sources):
                made = fuser.fuse_requests([each.request for each in sources.values()], tile=tile)
            for (job, (_, metadata)), fusion in zip(sources.items(), made, strict=False):  # none if fusing failed
                with reported(job):
                    files.write(job, fusion, metadata)
                    done[job] = (fusion.fused.shape[0], fusion.fused.shape[1])
            progress.step(len(some))
    return Outcome(done, failed)
