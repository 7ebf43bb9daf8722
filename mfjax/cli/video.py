"""The command `mfjax video`."""

import hashlib
import json as json_format
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tqdm.contrib.logging import logging_redirect_tqdm
from tyro.conf import Positional, arg

import mfjax
from mfjax import weights
from mfjax.alignment.frames import View
from mfjax.cli.messages import only_errors, print_json
from mfjax.cli.progress import Progress
from mfjax.cli.ranges import parse_ir_range
from mfjax.cli.signals import EndedError
from mfjax.errors import MfjaxError
from mfjax.images.palettes import Palette
from mfjax.inference import sizes
from mfjax.inference.colour import Color
from mfjax.inference.detail import check_detail
from mfjax.inference.engines import Engine, Precision, check_engine
from mfjax.inference.ranges import check_ir_range
from mfjax.messages import NOTE
from mfjax.video import Camera, numbering, resuming, writing
from mfjax.video.files import Side
from mfjax.video.fusing import FusedVideo, fuse
from mfjax.video.outputs import check_spared, is_video_file

if TYPE_CHECKING:
    from mfjax.video.writing import Writer

logger = logging.getLogger("mfjax")


def video(
    ir: Annotated[Positional[str | None], arg(metavar="IR", help_behavior_hint="")] = None,
    vis: Annotated[Positional[str | None], arg(metavar="VIS", help_behavior_hint="")] = None,
    *,
    out: Annotated[Path, arg(metavar="OUT")],
    live: Annotated[tuple[str, str] | None, arg(metavar="IR_DEV VIS_DEV", help_behavior_hint="")] = None,
    side_by_side: Annotated[Side | None, arg(help_behavior_hint="")] = None,
    rate: Annotated[float | None, arg(metavar="F", help_behavior_hint="")] = None,
    offset: Annotated[float, arg(metavar="S")] = 0.0,
    start: Annotated[float, arg(metavar="S")] = 0.0,
    seconds: Annotated[float | None, arg(metavar="S", help_behavior_hint="")] = None,
    resume: Annotated[bool, arg(help_behavior_hint="")] = False,
    height: Annotated[int | None, arg(metavar="H", help_behavior_hint="")] = None,
    width: Annotated[int | None, arg(metavar="W", help_behavior_hint="")] = None,
    scale: Annotated[float | None, arg(metavar="S", help_behavior_hint="")] = None,
    color: Color = "auto",
    align: Annotated[str | None, arg(metavar="auto|track|RIG.json|none", help_behavior_hint="")] = None,
    view: Annotated[View | None, arg(help_behavior_hint="")] = None,
    stretch: Annotated[bool, arg(help_behavior_hint="")] = False,
    ir_range: Annotated[str | None, arg(metavar="full|auto|auto:all|LO,HI", help_behavior_hint="")] = None,
    ir_palette: Annotated[Palette | None, arg(help_behavior_hint="")] = None,
    ir_polarity: Literal["white", "black"] = "white",
    crf: Annotated[int, arg(metavar="Q")] = writing.USUAL_CRF,
    bits: Literal[8, 16] = 8,
    no_audio: Annotated[bool, arg(help_behavior_hint="")] = False,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "small",
    detail: Annotated[float, arg(metavar="0..1")] = 1.0,
    engine: Engine = "auto",
    precision: Precision = "auto",
    quiet: Annotated[bool, arg(help_behavior_hint="")] = False,
    json: Annotated[bool, arg(help_behavior_hint="")] = False,
) -> int:
    """Fuse an infrared (IR) and a visible (VIS) video into OUT.

    Frames are matched by their times: the source of fewer frames a second leads. What is left out is said at the end.
    Ctrl-C leaves a video that plays, and --resume goes on with it. Video files need PyAV (pip install 'mfjax[video]').

    Args:
        ir: Infrared video; FILE[N] is stream N of a file, counted from 0. Or a SEQ or CSQ file, of which the
            temperatures are read; a folder of images; or a pattern of images, such as ir_%05d.png.
        vis: Visible video, likewise; leave it out for one file with two streams, or with --side-by-side.
        out: The fused video (.mp4 .mov .mkv), or images: a folder, or a pattern such as fused_%05d.png.
        live: Take both from live cameras instead: a number, or a path such as /dev/video2. Of infrared ones, 16 bits
            (Y16) and a picture above temperatures (256x384, as of a TC001) are understood.
        side_by_side: The side of each picture where infrared is, of one file that shows both.
        rate: Frames a second of sources that state no times, such as images; by default the other source's, or 25.
        offset: Seconds by which the infrared recording began later than the visible one.
        start: Seconds of the visible video to begin at; a video file plays from there.
        seconds: Most seconds to fuse.
        resume: Go on with OUT, which an interrupted run of the same command made: only its last seconds are made again.
        height: Output height in pixels. With only one of height and width, the other keeps the aspect.
        width: Output width in pixels. Without any size: that of the larger source.
        scale: Output size as a multiple of the larger source's, such as 2 or 0.5.
        color: Output in colour, gray, or auto: in colour if the visible video is stored in colour.
        align: Where the visible frames lie under the infrared ones: found with some of them, one place for all (auto);
            followed from frame to frame (track), for cameras that move against each other; as a rig file of mfjax align
            says; or exactly under them (none, the default; without the flag sources that are clearly off are a
            warning).
        view: The view of an aligned output: the visible camera's (the default), the infrared camera's, or the overlap.
        stretch: Fuse even if the aspects of both sources differ by more than 20 %.
        ir_range: Infrared values that are black and white: the ends of the type's range (full), those of all frames
            (auto:all), what follows the scene slowly (auto), or two values, in degrees where the source has them
            (10C,40C). By default full, but auto:all, which is said, for temperatures and for 16 bits of which at most a
            quarter is used; of a live camera auto.
        ir_palette: Make heat of the colours of an infrared video; auto finds the palette.
        ir_polarity: What hot is in the infrared video: white, or black, which is turned over.
        crf: Quality of a video, from 0 to 51; less is better and larger.
        bits: Bits of the values of images; a video has 8.
        no_audio: Leave the sound out, which is otherwise copied from the visible file, or else from the infrared one.
        model: Name of a bundled model (small, for video; tiny, live; default; paper), or a weights file.
        detail: How much structure the fused picture shows, as of mfjax fuse.
        engine: Engine that runs the model; auto: on a CPU OpenVINO where it is installed (it is faster), else XLA.
        precision: Type in which features are extracted; auto: bfloat16 on a GPU or TPU, float32 on a CPU.
        quiet: Print only errors: no summary, progress or warnings.
        json: Print a summary as JSON: the written file, its frames and what was left out.
    """
    if quiet:
        only_errors()
    check_engine(engine, precision)
    check_detail(detail)
    size = None if height is None and width is None else (height, width)
    sizes.check_requested_size(size, scale)
    _check(ir, vis, out, live=live, align=align, view=view, bits=bits, start=start, resume=resume)
    settings: dict[str, Any] = {
        "side_by_side": side_by_side,
        "rate": rate,
        "offset": offset,
        "start": start,
        "size": size,
        "scale": scale,
        "color": color,
        "align": align,
        "view": view or "visible",
        "stretch": stretch,
        "palette": ir_palette,
        "polarity": ir_polarity,
        "bits": bits,
    }
    model_file = weights.find(model)
    files = {"model": _digest(model_file), "rig": _digest(align)}  # an edited file of the same name is another setting
    comment = _comment({"ir": ir, "vis": vis, "ir_range": ir_range, "detail": detail, "crf": crf} | files | settings)
    sources = (Camera(live[0], heat=True), Camera(live[1])) if live is not None else (ir, vis)
    settings |= {"ir_range": check_ir_range(parse_ir_range(ir_range)), "seconds": seconds}

    from mfjax.inference.loading import load

    fuser = load(model_file, engine=engine, precision=precision, detail=detail)
    fused = fuse(*sources, fuser=fuser, **settings)
    check_spared(out, fused.ir, fused.vis)
    part = resuming.Part(out, comment) if resume and is_video_file(out) else None
    done = part.count if part is not None else numbering.images_there(out) if resume else 0
    fused.skip = done
    writer: Writer
    if is_video_file(out):
        to_file = writing.VideoWriter.of(out, fused, crf=crf, audio=not no_audio, comment=comment)
        if part is not None and part.count:
            part.copy_to(to_file)
        writer = to_file
    else:
        writer = numbering.ImageWriter(out, done)
    if done:
        logger.warning("%s: goes on after the first %d frames", out, done, extra=NOTE)
    return _written(fused, writer, out, done, quiet=quiet, as_json=json)


def _frames(count: int) -> str:
    """Returns a number of frames as text."""
    return f"{count} frame{'' if count == 1 else 's'}"


def _written(fused: FusedVideo, writer: "Writer", out: Path, done: int, *, quiet: bool, as_json: bool) -> int:
    """Writes all frames, and prints what was done."""
    count, size = 0, (0, 0)
    with logging_redirect_tqdm([logger]):
        progress = Progress(str(out), fused.count, "frame", done=done, quiet=quiet)
        try:
            for frame in fused:
                writer.write(frame)
                count, size = count + 1, (frame.fused.shape[0], frame.fused.shape[1])
                progress.step()
        except (KeyboardInterrupt, EndedError) as ended:
            fused.close()
            by_hand = isinstance(ended, KeyboardInterrupt) or ended.number == signal.SIGINT
            if fused.ir.is_live and by_hand:  # the usual end of a recording
                logger.warning("%s: has %s", out, _frames(count), extra=NOTE)
            else:
                way_on = "" if fused.ir.is_live else "; the same command with --resume goes on"
                logger.warning("%s: has %s%s", out, _frames(done + count), way_on)
                raise
        finally:
            fused.close()
            writer.close()
            progress.close()
    if not count and not done:
        raise MfjaxError(f"{fused.ir.name} and {fused.vis.name} have no frames at the same times; nothing was written")
    if as_json:
        summary = {"written": str(out), "frames": count, "were_there": done, "height": size[0], "width": size[1]}
        print_json(summary | {"frames_per_second": round(progress.rate, 2), "notes": fused.notes})
    elif not quiet:
        there = f" ({done} were there)" if done else ""
        print(f"{out}: {_frames(count)} of {size[0]}x{size[1]}{there}, {progress.rate:.1f} frames/s")
    return 0


def _check(
    ir: str | None,
    vis: str | None,
    out: Path,
    *,
    live: tuple[str, str] | None,
    align: str | None,
    view: View | None,
    bits: int,
    start: float,
    resume: bool,
) -> None:
    """Raises MfjaxError for flags that don't go together."""
    if (live is None) == (ir is None):
        raise MfjaxError("name IR and VIS, or two cameras by --live IR_DEV VIS_DEV")
    if live is not None and (resume or start):
        raise MfjaxError("--live begins now; leave --resume and --start out")
    if view is not None and align in (None, "none"):
        raise MfjaxError(f"--view {view} is of aligned frames; add --align auto or --align RIG.json")
    if bits == 16 and is_video_file(out):
        raise MfjaxError(
            f"{out}: a video has 8 bits; write images, such as {out.with_suffix('') / '%05d.png'}, for --bits 16"
        )
    if start < 0:
        raise MfjaxError(f"--start is {start:g}; it is 0 seconds or more")
    if not is_video_file(out):
        numbering.pattern_of(out)


def _digest(file: Path | str | None) -> str | None:
    """Returns what tells the content of a file; None if there is no such file."""
    if file is None or not Path(file).is_file():
        return None
    with open(file, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _comment(settings: dict[str, Any]) -> str:
    """Returns what a file keeps of the settings, by which --resume knows that they are the same."""
    text = json_format.dumps(settings, default=str, sort_keys=True)
    return f"mfjax {mfjax.__version__}, settings {hashlib.sha256(text.encode()).hexdigest()[:12]}"
