"""Fusing two streams of frames: reading, matching, fusing and whoever takes the frames overlap, in threads."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import Alignment, Tracker
from mfjax.alignment.frames import View
from mfjax.errors import MfjaxError
from mfjax.images.palettes import Palette
from mfjax.inference import sizes
from mfjax.inference.colour import Color
from mfjax.inference.infrared import Reading
from mfjax.inference.ranges import IrRange, check_ir_range
from mfjax.inference.views import Align, is_given, is_word
from mfjax.video import placing
from mfjax.video.files import Side
from mfjax.video.frames import Frame, Source, evenly, sampled, spread
from mfjax.video.matching import Matches, Stream, infrared_leads
from mfjax.video.opening import Named, open_pair
from mfjax.video.steadiness import Infrared, Level
from mfjax.video.threads import Ahead

if TYPE_CHECKING:  # it imports JAX
    from mfjax.inference.fuser import Fuser

RANGE_SAMPLES = 32  # frames that the range of a whole source is taken of
ALIGN_SAMPLES = 8  # pairs that one alignment of all frames is found with
LIVE_EACH = 5  # of a live source, every so many frames make such a pair
READ_AHEAD = 4  # decoded frames of a source that wait

logger = logging.getLogger("mfjax")


class FusedFrame(NamedTuple):
    """A frame of a fused video."""

    fused: NDArray
    """The picture, [H, W], or [H, W, 3] in colour; uint8, or uint16 if 16 bits were asked for."""
    time: float
    """Seconds since the begin of the visible source, or of a live one's first frame."""


@dataclass(frozen=True)
class Options:
    """The way in which frames are fused. `fuse` says more of each."""

    infrared: Reading
    align: Align = None
    view: View = "visible"
    size: sizes.PartialSize | None = None
    scale: float | None = None
    color: Color = "auto"
    stretch: bool = False
    bits: Literal[8, 16] = 8
    offset: float = 0.0
    start: float = 0.0
    seconds: float | None = None
    skip: int = 0


def fuse(
    ir: Named,
    vis: Named | None = None,
    *,
    fuser: "Fuser | None" = None,
    side_by_side: Side | None = None,
    rate: float | None = None,
    offset: float = 0.0,
    start: float = 0.0,
    seconds: float | None = None,
    skip: int = 0,
    size: sizes.PartialSize | None = None,
    scale: float | None = None,
    color: Color = "auto",
    ir_range: IrRange = None,
    palette: Palette | None = None,
    polarity: Literal["white", "black"] = "white",
    align: Align = None,
    view: View = "visible",
    stretch: bool = False,
    bits: Literal[8, 16] = 8,
) -> "FusedVideo":
    """Returns an iterator over the frames of two videos, fused.

    The source of fewer frames a second leads: each of its frames is fused with the other's nearest one. What is left
    out or missing is counted, and logged at the end.

    Args:
        ir: infrared: a video file (`pip install 'mfjax[video]'`), FILE[N] for its stream N counted from 0, a SEQ or CSQ
            file, a folder of images or a pattern such as "ir_%05d.png"; or a `Source`, such as a live `Camera`.
        vis: visible, likewise; None for one file with two streams, or one with both in a picture.
        fuser: the model; by default the bundled "small".
        side_by_side: the side of each picture, "left", "right", "top" or "bottom", where infrared is, of one file that
            shows both.
        rate: frames a second of sources that don't state times, such as images: by default the other source's, or 25.
        offset: the seconds by which the infrared recording began later than the visible one.
        start: the seconds of the visible source to begin at.
        seconds: the most seconds to fuse; None: all.
        skip: the frames of the result to leave out at its begin, such as those that an earlier run made.
        size: as of a `Fuser`'s call, and so are scale, color, view and stretch.
        scale: as of a `Fuser`'s call.
        color: as of a `Fuser`'s call.
        ir_range: the infrared values that are black and white. "full"; (low, high), or `Celsius` of files in degrees;
            "auto:all", one range of frames from all over the source; "auto", which follows the scene slowly, and a cut
            at once. By default "full", but for temperatures, and for 16 bits of which at most a quarter is used,
            "auto:all", and "auto" of a live camera.
        palette: the palette whose colours are heat, or "auto"; None: the luma is heat.
        polarity: the colour of hot in the infrared source.
        align: where the visible frames lie under the infrared ones: "auto", found with some pairs and the same for all;
            "track" or an `mfjax.alignment.Tracker`, which follows it; an `mfjax.Alignment` or a rig file.
        view: as of a `Fuser`'s call.
        stretch: as of a `Fuser`'s call.
        bits: the bits of a value of the fused frames.

    Raises:
        FileNotFoundError, MfjaxError: the sources can't be read, or are not two; while iterating, also what a
            `Fuser`'s call raises, but frames that a track can't place are left out, unless these are all.
    """
    infrared = Reading(check_ir_range(ir_range), palette, polarity)
    if bits not in (8, 16):
        raise MfjaxError(f"bits is {bits!r}; it is 8 or 16")
    sources = open_pair(ir, vis, side_by_side=side_by_side, rate=rate, palette=palette is not None)
    if fuser is None:
        from mfjax.inference.loading import load

        fuser = load("small")
    options = Options(infrared, align, view, size, scale, color, stretch, bits, offset, start, seconds, skip)
    return FusedVideo(*sources, fuser, options)


class FusedVideo:
    """The iterator that `fuse` returns.

    Args:
        ir: the infrared source.
        vis: the visible source.
        fuser: the model.
        options: how frames are fused.
    """

    def __init__(self, ir: Source, vis: Source, fuser: "Fuser", options: Options) -> None:
        self.ir, self.vis, self._fuser, self._options = ir, vis, fuser, options
        self.offset = options.offset
        """The seconds by which the infrared recording began later than the visible one."""
        self.start = 0.0 if ir.is_live or vis.is_live else max(options.start, 0.0)
        """The seconds of the visible source at which the fused video begins."""
        self.skip = options.skip
        """The frames that are left out at the begin; it may be set before the first one is taken."""
        self._infrared_leads = infrared_leads(ir.rate, vis.rate)
        names = (Stream(ir.name, ir.rate), Stream(vis.name, vis.rate))
        self.matches = Matches(*(names if self._infrared_leads else names[::-1]))
        self._followed: placing.Followed | None = None
        self._made: Ahead[FusedFrame] | None = None

    @property
    def rate(self) -> float | None:
        """Returns the frames of a second; None if the leading source does not say it."""
        return self.matches.leader.rate

    @property
    def count(self) -> int | None:
        """Returns about how many frames there will be; None if that is not known."""
        ends = [
            None if self.vis.duration is None else self.vis.duration,
            None if self.ir.duration is None else self.ir.duration + self._options.offset,
            None if self._options.seconds is None else self._options.start + self._options.seconds,
        ]
        end = min((each for each in ends if each is not None), default=None)
        return None if end is None or self.rate is None else max(round((end - self._options.start) * self.rate), 0)

    @property
    def notes(self) -> list[str]:
        """Returns a line for everything that was left out, missing or used twice so far."""
        followed = self._followed.notes if self._followed is not None else []
        return [*self.matches.notes, *followed, *_dropped(self.ir), *_dropped(self.vis)]

    def __iter__(self) -> "FusedVideo":
        return self

    def __next__(self) -> FusedFrame:
        self._made = self._made or Ahead(self._run())
        return next(self._made)

    def close(self) -> None:
        """Ends all work and closes the sources; also done at the end."""
        if self._made is not None:
            self._made.close()

    def _run(self) -> Iterator[FusedFrame]:
        """Yields fused frames, and at the end logs what was left out."""
        options, live = self._options, self.ir.is_live or self.vis.is_live
        align, heat = self._prepared()
        starts = max(options.start - options.offset, 0), max(options.start, 0)
        ahead = [Ahead(each.frames(start), READ_AHEAD) for each, start in zip((self.ir, self.vis), starts, strict=True)]
        lead, follow = self.matches.leader, self.matches.follower
        ir_first = self._infrared_leads
        watched = [
            (lead if ir_first else follow).watched(ahead[0], options.offset),
            (follow if ir_first else lead).watched(ahead[1], 0.0),
        ]
        level, begin, numbers = Level(), None, itertools.count()
        try:
            pairs = self.matches.of(*(watched if ir_first else watched[::-1]))
            ordered = (pair if ir_first else pair[::-1] for pair in pairs)
            if live and is_word(align, "auto"):
                some = [*itertools.islice(ordered, 0, LIVE_EACH * ALIGN_SAMPLES, LIVE_EACH)]
                heat, align = self._live_alignment(some)
            for ir, vis in ordered:
                time = (ir if ir_first else vis).time
                begin = begin if begin is not None else (time if live else 0.0)
                if options.seconds is not None and time - max(begin, options.start) >= options.seconds:
                    break
                if time < options.start - 1e-6:
                    continue
                if heat is None:
                    heat = Infrared.of(ir, [], options.infrared, self.ir.name, live=True)
                luma = heat(ir)  # of skipped frames, too, which a slow range follows, as a track does
                place = self._followed(luma, vis.pixels) if self._followed is not None else align
                if self._followed is not None and place is None:
                    continue
                if next(numbers) >= self.skip:
                    yield FusedFrame(self._fused(luma, vis.pixels, place, level), time - begin)
            if self._followed is not None:
                self._followed.check()
        finally:
            for each in ahead:
                each.close()
            for note in self.notes:
                logger.warning("%s", note)

    def _prepared(self) -> tuple[Any, Infrared | None]:
        """Returns the alignment and the infrared range that sources of known frames have."""
        options = self._options
        align: Any = options.align if is_given(options.align) else None
        if is_word(align, "track"):
            align = Tracker()
        if isinstance(align, Tracker):
            self._followed = placing.Followed(align)
        if isinstance(align, str | Path) and not is_word(align, "auto"):
            align = Alignment.load(Path(align))
        if self.ir.is_live:
            return align, None
        irs = sampled(self.ir, spread(self.ir, RANGE_SAMPLES))
        if not irs:
            raise MfjaxError(f"{self.ir.name}: has no frames that can be read")
        heat = Infrared.of(irs[0], irs, options.infrared, self.ir.name, live=False)
        if self.vis.is_live or isinstance(align, Tracker):
            return align, heat
        chosen = evenly(irs, ALIGN_SAMPLES if is_word(align, "auto") else 1)
        viss = [next(self.vis.frames(max(frame.time + options.offset, 0)), None) for frame in chosen]
        pairs = [(one, other) for one, other in zip(chosen, viss, strict=True) if other is not None]
        lumas = [placing.lumas_of(heat, *pair) for pair in pairs]
        if is_word(align, "auto"):
            return placing.found(lumas), heat.anew()
        if options.align is None or isinstance(align, Alignment):
            placing.doubt(lumas, self.ir.name, self.vis.name, align)
        return align, heat.anew()

    def _live_alignment(self, pairs: list[tuple[Frame, Frame]]) -> tuple[Infrared, Alignment]:
        if not pairs:
            raise MfjaxError(f"{self.ir.name} and {self.vis.name} gave no frames to align")
        heat = Infrared.of(pairs[0][0], [], self._options.infrared, self.ir.name, live=True)
        return heat.anew(), placing.found([placing.lumas_of(heat, *pair) for pair in pairs])

    def _fused(self, ir: NDArray, vis: NDArray, align: Any, level: Level) -> NDArray:
        options = self._options
        shape: Any = {"size": options.size, "scale": options.scale, "stretch": options.stretch, "color": options.color}
        made = self._fuser(ir, vis, align=align, view=options.view, **shape).fused
        return stored(made, level.offset(made, ir, vis), options.bits)


def stored(fused: NDArray, offset: float, bits: int) -> NDArray:
    """Returns a fused picture in whole numbers.

    Args:
        fused: the picture, float in [0, 1].
        offset: what is added to it.
        bits: 8 or 16.
    """
    white, depth = (255, cv2.CV_8U) if bits == 8 else (65535, cv2.CV_16U)
    return np.asarray(cv2.addWeighted(fused, white, fused, 0, offset * white, dtype=depth))


def _dropped(source: Source) -> list[str]:
    dropped = getattr(source, "dropped", 0)
    plural = "s" * (dropped != 1)
    return [f"{source.name}: left out, as it was faster than fusing: {dropped} frame{plural}"] if dropped else []
