"""Fuses what a request of the page names, by the rules of `mfjax fuse` for two files, or one with a photo in it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.alignment import Alignment, geometry
from mfjax.alignment.preview import preview
from mfjax.errors import MfjaxError
from mfjax.images.metadata import CELSIUS
from mfjax.inference import checks, files
from mfjax.inference.infrared import Reading
from mfjax.messages import quietly
from mfjax.pairing import Pair
from mfjax.serve.limits import Limits
from mfjax.serve.models import Models
from mfjax.serve.options import Options
from mfjax.serve.queue import Job
from mfjax.serve.uploads import Upload, laid_out
from mfjax.size import Size

if TYPE_CHECKING:  # these import JAX
    from mfjax.inference.fusion import Fusion
    from mfjax.inference.request import Request


@dataclass(frozen=True)
class Task:
    """Two files, and what to make of them."""

    ir: Upload
    vis: Upload | None
    """None: the visible image is the photo in the infrared file."""
    options: Options


@dataclass(frozen=True, eq=False)
class Place:
    """The place of the visible image under the infrared one, and a picture to judge that by."""

    picture: NDArray[np.uint8]
    """Infrared edges on the visible image, and a checkerboard of both, as of `mfjax.alignment.preview`."""
    found: Alignment | None
    """The alignment that was found; None: the images were fused as they are."""


@dataclass(frozen=True, eq=False)
class Result:
    """A fused image with all that the page shows beside it."""

    fusion: "Fusion"
    """The fused image and both super-resolved sources, float32 in [0, 1]."""
    ir: NDArray[np.float32]
    """The infrared source in the output's view, in its own pixels if nothing was aligned, [h, w] in [0, 1]."""
    vis: NDArray[np.float32]
    """The visible source, likewise, [h', w'] or [h', w', 3]."""
    metadata: images.Metadata
    """The rest of the visible file, besides its pixels."""
    name: str
    """The name of the pair, by which downloads are called."""
    celsius: tuple[float, float] | None
    """The temperatures that are black and white; None if they are not known."""
    seen: tuple[slice, slice]
    """The rows and columns of the fused image in which both sources show something."""

    @property
    def bytes(self) -> int:
        """Returns the memory that it takes."""
        return sum(image.nbytes for image in (*self.fusion, self.ir, self.vis))


def fuse(job: Job, models: Models, limits: Limits) -> Result:
    """Returns the fused image of a task, and says in the job how far it is.

    Args:
        job: the job; its task is a `Task`, and what it has found is a `Place`.
        models: the models.
        limits: the most pixels.

    Raises:
        FileNotFoundError, MfjaxError, MemoryError: as `mfjax fuse`; or the sources or the output are too large.
        StoppedError: the job is stopped, or took too long.
    """
    from mfjax.inference.watching import watched

    task: Task = job.task
    if task.vis is not None and task.vis.data == task.ir.data:
        raise MfjaxError(
            f"{task.ir.name} is given for both sources; give two files, or leave the visible one out if the file has a "
            "photo of its own"
        )
    job.stage = "loading the model"
    fuser = models.load(task.options.model, task.options.detail)
    job.check()
    with laid_out(task.ir, task.vis) as (ir, vis):
        read = _read(job, Pair(ir.stem, ir, vis), fuser.largest_factor, limits)
    job.check()
    job.stage = "fusing"

    def tell(size: Size, share: float) -> None:
        job.share = share
        job.check()

    # Floats are rounded to 8 or 16 bits only when they are written, which gives the pixels of a call on either.
    with watched(tell):
        [made] = fuser.fuse_requests([read.request._replace(dtype=np.dtype(np.float32))])
    return Result(made, read.ir, read.vis, read.metadata, Path(task.ir.name).stem, read.celsius, _seen(read.request))


class _Read(NamedTuple):
    """Two files as they were read."""

    request: "Request"
    ir: NDArray[np.float32]  # this and the following as of a `Result`
    vis: NDArray[np.float32]
    metadata: images.Metadata
    celsius: tuple[float, float] | None


def _read(job: Job, pair: Pair, largest_factor: float, limits: Limits) -> _Read:
    """Returns two files, and notes in the job where the visible image lies."""
    from mfjax.inference.aligning import align_files
    from mfjax.inference.opening import opened
    from mfjax.inference.sources import infrared_luma, visible_values
    from mfjax.inference.views import check_confidence

    options: Options = job.task.options
    job.stage = "reading"
    if pair.ir == pair.vis:
        checks.check_photo(pair.ir)
    infrared = Reading(options.ir_range, options.ir_palette, options.ir_polarity)
    with quietly():  # what is to be said of the files is said when they are read to be fused
        file = images.open(pair.ir, thermal=True)
        aligned = options.align == "auto"
        both = opened(pair, infrared, exif=options.exif, stretch=aligned or options.stretch, whole=aligned)
        ir, vis = infrared_luma(both.ir.pixels, both.ir.ir_range), visible_values(both.vis.pixels)
    for kind, image in (("infrared", ir), ("visible", vis)):
        _check_pixels(f"{kind} has", math.prod(image.shape[:2]), limits.source_pixels)
    found: Alignment | None = None
    if aligned:
        job.check()
        job.stage = "aligning"
        found = align_files([pair], infrared, exif=options.exif)
        job.found = Place(preview(ir, images.to_luma(vis), found.matrix), found)
        check_confidence(found)
    sources = files.read(
        files.Job(pair, Path("fused.png"), None, None),
        exif=options.exif,
        infrared=infrared,
        align=found if aligned else options.align,
        view=options.view,
        size=options.size,
        scale=options.scale,
        color=options.color,
        stretch=options.stretch,
        largest_factor=largest_factor,
    )
    request = sources.request
    rows, cols = request.size
    _check_pixels(f"the fused image would be {rows}x{cols},", rows * cols, limits.output_pixels)
    if found is None:
        if options.align is None:
            files.doubt(pair, request)
        job.found = Place(preview(request.ir, request.vis, np.eye(3)), None)
    ends = both.ir.ir_range
    celsius = ends if file.metadata.unit == CELSIUS and isinstance(ends, tuple) else None
    return _Read(request, *_shown(request, ir, vis), sources.metadata, celsius)


def _seen(request: "Request") -> tuple[slice, slice]:
    """Returns the largest rectangle of the output that both sources show."""
    frame, size = request.frame, request.size
    found = None if frame is None or frame.is_filled else geometry.common_rectangle(frame.to_other, size)
    return found or (slice(size[0]), slice(size[1]))


def _shown(request: "Request", ir: NDArray, vis: NDArray) -> tuple[NDArray, NDArray]:
    """Returns both sources as they lie under the output, not super-resolved."""
    from mfjax.alignment.warping import resampled

    if (frame := request.frame) is None:
        return request.ir, request.vis if request.colours is None else request.colours
    vis = vis if request.colours is not None else images.to_luma(vis)
    shown = [resampled(ir, frame.to_ir, frame.size), resampled(vis, frame.to_vis, frame.size)]
    if not frame.is_filled:
        at = 1 if frame.view == "infrared" else 0
        seen = frame.seen(frame.size) > 0
        shown[at] = np.where(seen if shown[at].ndim == 2 else seen[..., None], shown[at], np.float32(0))
    return shown[0], shown[1]


def _check_pixels(what: str, pixels: int, most: int) -> None:
    """Raises MfjaxError if an image has too many pixels."""
    if pixels > most:
        raise MfjaxError(
            f"{what} {pixels / 1e6:,.1f} megapixels, and this page takes {most / 1e6:g} at most; use mfjax fuse, or "
            "ask for a smaller size"
        )
