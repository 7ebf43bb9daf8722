"""Opening what a user names as the two sources: files, streams of one file, halves of one picture, sequences."""

import logging
import os
from pathlib import Path

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.messages import NOTE
from mfjax.video import files, thermal
from mfjax.video.files import OPPOSITE, Side, VideoFile
from mfjax.video.frames import Source
from mfjax.video.sequences import ImageSequence, is_pattern
from mfjax.video.thermal import ThermalSequence

Named = str | os.PathLike[str] | Source

SEQUENCE_RATE = 25.0  # frames a second of images that say nothing
INFRARED_WORDS = ("infrared", "thermal", "lwir", "ir ")  # in the title of a stream

logger = logging.getLogger("mfjax")


def open_pair(
    ir: Named,
    vis: Named | None = None,
    *,
    side_by_side: Side | None = None,
    rate: float | None = None,
    palette: bool = False,
) -> tuple[Source, Source]:
    """Returns the infrared and the visible source.

    Args:
        ir: a video file, FILE[N] for its stream number N, a SEQ or CSQ file, a folder of images or a pattern such as
            `ir_%05d.png`; or a `Source`.
        vis: likewise; None for one file with two streams, or with `side_by_side`.
        side_by_side: the side of each frame where infrared is, of one file that has both in one picture.
        rate: frames a second of sources that don't say it.
        palette: infrared is in the colours of a palette.

    Raises:
        FileNotFoundError, MfjaxError: they can't be read, or are not two.
    """
    if rate is not None and not 0 < rate < 1000:
        raise MfjaxError(f"the rate is {rate:g}; it is a number of frames a second, such as 25")
    if side_by_side is not None:
        if vis is not None or not isinstance(ir, str | os.PathLike):
            raise MfjaxError("side by side is of one file that shows both; leave VIS out")
        file, number = images.split_selection(ir)
        left = VideoFile(file, number or 0, heat=not palette, side=side_by_side)
        return left, VideoFile(file, number or 0, side=OPPOSITE[side_by_side])
    if vis is None:
        ir, vis = _streams_of_one(ir)
    opened = _opened(ir, rate, heat=True, palette=palette), _opened(vis, rate, heat=False)
    _check_distinct(*opened)
    if rate is None:
        _set_rates(*opened)
    return opened


def _opened(named: Named, rate: float | None, *, heat: bool, palette: bool = False) -> Source:
    if not isinstance(named, str | os.PathLike):
        return named
    path = Path(named)
    if path.is_dir() or is_pattern(path):
        return ImageSequence(path, rate or SEQUENCE_RATE, heat=heat)
    file, number = images.split_selection(path)
    suffix = file.suffix.lower()
    if suffix in thermal.SUFFIXES:
        if not heat:
            raise MfjaxError(f"{path}: is a thermal camera's file, and given as the visible source")
        return ThermalSequence(file, rate)
    if suffix in images.SUFFIXES and suffix != ".gif":
        raise MfjaxError(
            f"{path}: is one image; give a video, a folder of images or a pattern such as {file.stem}_%05d{suffix}, or "
            "fuse two images by mfjax fuse"
        )
    return VideoFile(file, number or 0, heat=heat and not palette)


def _streams_of_one(named: Named) -> tuple[Named, Named]:
    """Returns the two streams of one file, after telling which of them is infrared."""
    if not isinstance(named, str | os.PathLike) or Path(named).is_dir() or is_pattern(Path(named)):
        raise MfjaxError(f"{getattr(named, 'name', named)} is one source; name the visible one, too")
    path = Path(named)
    if path.suffix.lower() in thermal.SUFFIXES:
        raise MfjaxError(f"{path} is a thermal camera's file without a visible video; name that, too")
    found = files.streams_of(path)
    if len(found) != 2:
        raise MfjaxError(
            f"{path} has {len(found)} video streams; name a second file, or two of its streams as {path}[0] {path}[1], "
            "or say by side_by_side (--side-by-side left) where infrared is in its pictures"
        )
    marks = [
        [any(word in f"{each.words} " for word in INFRARED_WORDS) for each in found],
        [each.is_gray for each in found],
        [each.height * each.width < other.height * other.width for each, other in zip(found, found[::-1], strict=True)],
    ]
    reasons = "its title", "being gray", "its smaller size"
    for mark, reason in zip(marks, reasons, strict=True):
        if mark[0] != mark[1]:
            ir = mark.index(True)
            logger.warning("%s: stream %d is taken as infrared by %s", path, ir, reason, extra=NOTE)
            return f"{path}[{ir}]", f"{path}[{1 - ir}]"
    raise MfjaxError(f"{path}: neither of its two streams looks infrared; name them as {path}[0] {path}[1]")


def _check_distinct(ir: Source, vis: Source) -> None:
    if not ir.is_live and ir.name == vis.name:
        raise MfjaxError(f"{ir.name} is given for both sources")


def _set_rates(ir: Source, vis: Source) -> None:
    """Gives image sequences, which state no rate, that of the other source, or a usual one, which is said."""
    sequences = [each for each in (ir, vis) if isinstance(each, ImageSequence)]
    if len(sequences) == 2:
        one, other = sequences
        patterns = [is_pattern(Path(each.name)) for each in sequences]
        if all(patterns):
            one.first = other.first = min(one.first, other.first)  # equal numbers are of equal times
        elif len(one.files) != len(other.files):
            raise MfjaxError(
                f"{one.name} has {len(one.files)} images and {other.name} {len(other.files)}; name both by patterns "
                f"such as {Path(one.name) / 'ir_%05d.png'}, so that their numbers tell which belong together"
            )
        logger.warning("images are taken as %g frames a second; rate (--rate) says another", SEQUENCE_RATE, extra=NOTE)
    elif sequences:
        [one] = sequences
        other_source = vis if one is ir else ir
        if not other_source.rate or not other_source.duration:
            raise MfjaxError(f"{one.name}: images state no frames a second; say it by rate (--rate)")
        expected, found = other_source.rate * other_source.duration, len(one.files)
        if abs(expected - found) > 0.02 * found + 1:
            raise MfjaxError(
                f"{one.name} has {found} images and {other_source.name} about {expected:.0f} frames; say by rate "
                "(--rate) how many images a second there are"
            )
        one.rate = other_source.rate
        said = one.name, one.rate, other_source.name
        logger.warning("%s: taken as %.4g frames a second, as %s has", *said, extra=NOTE)
