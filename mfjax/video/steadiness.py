"""Keeps a fused video from flickering: steadies the range of infrared values, and the level of the fused picture.

Both follow changes of a scene slowly, so that the mean level of a scene that stands still changes by less than half a
gray level from frame to frame, and a cut at once.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.images.metadata import CELSIUS
from mfjax.inference import infrared, ranges
from mfjax.inference.infrared import Reading
from mfjax.messages import NOTE, quietly
from mfjax.video.frames import Frame

Range = tuple[float, float] | None  # what is black and white; None: the ends of the type

CELLS = 32, 24  # columns and rows of the small pictures by which frames are compared
CHANGED = 0.04  # change of a cell of a source from which on it shows something else
CUT = 0.5  # share of such cells from which on it is another scene
SETTLING = 4.0  # seconds in which a range follows two thirds of a change
STEP = 0.0008  # most of the range that one of its ends moves in a frame: 0.2 gray levels

SAME = 0.01  # change of a cell of both sources up to which it shows the same
HALO = 5  # cells, across, that something that changed may affect around it
LEAST_SAME = 0.05  # share of cells that show the same below which nothing is known of the level
FORGETTING = 0.015  # share of the level's correction that is given up in a frame
MOST_FORGOTTEN = 0.15 / 255  # most that is given up in a frame

logger = logging.getLogger("mfjax")


def small(image: NDArray) -> NDArray[np.float32]:
    """Returns a picture's luma in a few cells.

    Args:
        image: [h, w] or [h, w, 3]; uint8, uint16, or float in [0, 1].
    """
    cells = np.asarray(cv2.resize(image, CELLS, interpolation=cv2.INTER_AREA))
    return images.to_luma(images.to_float(cells) if cells.dtype.kind == "u" else cells.astype(np.float32))


def luma_in(pixels: NDArray, ends: Range) -> NDArray[np.float32]:
    """Returns infrared pixels as luma in [0, 1], with NaN as cold as can be.

    Args:
        pixels: [h, w] or [h, w, 3].
        ends: what is black and white; None: the ends of the type.
    """
    if ends is None:
        return images.to_luma(images.to_float(pixels))
    low, high = ends
    luma = (images.to_luma(pixels.astype(np.float32)) - np.float32(low)) * np.float32(1 / max(high - low, 1e-9))
    return np.clip(np.nan_to_num(luma, copy=False, nan=0.0), 0, 1)


def is_cut(change: NDArray) -> bool:
    """Returns true if so much of a small picture changed that it is of another scene.

    Args:
        change: its change.
    """
    return bool((np.abs(change) > CHANGED).mean() > CUT)


class FixedRange:
    """A range that is the same for all frames.

    Args:
        ends: what is black and white; None: the ends of the type.
    """

    def __init__(self, ends: Range) -> None:
        self.ends = ends

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """Returns a frame as luma in [0, 1].

        Args:
            frame: the frame.
        """
        return luma_in(frame.pixels, self.ends)


class SlowRange:
    """A range that begins as that of the first frame, and follows the scene slowly, and a cut at once."""

    def __init__(self) -> None:
        self.ends = 0.0, 0.0
        self._last: NDArray[np.float32] | None = None
        self._time = 0.0

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """Returns a frame as luma in [0, 1].

        Args:
            frame: the frame, not before the last one.
        """
        wanted = _own(frame)
        if self._last is None or is_cut(small(luma_in(frame.pixels, self.ends)) - self._last):
            self.ends = wanted
        else:
            low, high = self.ends
            share = 1 - math.exp(-max(frame.time - self._time, 0) / SETTLING)
            most = STEP * (high - low)
            moves = [min(max(share * (to - at), -most), most) for at, to in zip(self.ends, wanted, strict=True)]
            self.ends = low + moves[0], max(high + moves[1], low + moves[0] + 1e-6)
        self._time = frame.time
        made = luma_in(frame.pixels, self.ends)
        self._last = small(made)
        return made


class Level:
    """Keeps the level of the fused picture steady where both sources show the same as before.

    The network raises contrast about the level of the whole picture, so that something bright that comes into view
    darkens all the rest. What that changes at once is taken back, and then given up over seconds.
    """

    def __init__(self) -> None:
        self._last: tuple[NDArray, NDArray, NDArray] | None = None
        self._offset = 0.0

    def offset(self, fused: NDArray, ir: NDArray, vis: NDArray) -> float:
        """Returns what is to be added to a fused picture, of which 1 is white.

        Args:
            fused: the picture, float in [0, 1].
            ir: infrared luma in [0, 1].
            vis: the visible picture.
        """
        now = small(fused), small(ir), small(vis)
        last, self._last = self._last, now
        if last is None:
            return 0.0
        made, ir_change, vis_change = (new - old for new, old in zip(now, last, strict=True))
        if is_cut(ir_change) or is_cut(vis_change):
            self._offset = 0.0
            return 0.0
        given_up = FORGETTING * self._offset
        self._offset -= min(max(given_up, -MOST_FORGOTTEN), MOST_FORGOTTEN)
        most = np.maximum(np.abs(ir_change), np.abs(vis_change))
        near = cv2.dilate((most > CHANGED).astype(np.uint8), np.ones((HALO, HALO), np.uint8))
        same = (most < SAME) & (near == 0)
        if same.mean() >= LEAST_SAME:
            moved = [float(change[same].mean()) for change in (made, ir_change, vis_change)]
            explained = min(max(moved[0], min(*moved[1:], 0.0)), max(*moved[1:], 0.0))  # by the sources' own change
            self._offset -= moved[0] - explained
        return self._offset


@dataclass(frozen=True)
class Infrared:
    """The conversion of infrared frames to luma."""

    how: Reading
    range: FixedRange | SlowRange
    name: str

    @classmethod
    def of(cls, first: Frame, samples: Sequence[Frame], how: Reading, name: str, *, live: bool) -> "Infrared":
        """Returns it for a source, and logs what is decided.

        Args:
            first: a frame of the source.
            samples: frames from all over it; none of a live one.
            how: how its pixels are to be understood.
            name: its name.
            live: it is a live camera.

        Raises:
            MfjaxError: the source has no unit, palette or polarity of the kind that is asked for, or no such range.
        """
        path, wanted = Path(name), how.ir_range
        first = as_heat(first, how, name)
        if wanted == "auto:all" and live:
            raise MfjaxError("auto:all takes one range of all frames, and a live camera's are not known; choose auto")
        given = infrared.in_own_units(wanted, _file(first), path, how.polarity)
        if isinstance(given, tuple):
            return cls(how, FixedRange(given), name)
        degrees = first.unit == CELSIUS
        if wanted == "full" and degrees:
            raise MfjaxError(
                f"{name}: holds temperatures, which have no full range; give one, such as 10C,40C, or auto"
            )
        if wanted == "full" or (wanted is None and not degrees):
            with quietly():
                found = ranges.resolve(first.pixels, wanted)
            if found == "full":
                return cls(how, FixedRange(None), name)
        if wanted == "auto" or live:
            logger.warning(
                "%s: the range of infrared values follows the scene slowly (--ir-range auto)", name, extra=NOTE
            )
            return cls(how, SlowRange(), name)
        low, high = ranges.of_samples([ranges.sample(as_heat(each, how, name).pixels) for each in samples or [first]])
        unit = " °C" if degrees else ""
        logger.warning(
            "%s: black is %.6g%s and white %.6g%s in all frames, of %d that were looked at (--ir-range auto:all)",
            *(name, low, unit, high, unit, max(len(samples), 1)),
            extra=NOTE,
        )
        return cls(how, FixedRange((low, high)), name)

    def anew(self) -> "Infrared":
        """Returns the same conversion before any frame was seen."""
        return self if isinstance(self.range, FixedRange) else replace(self, range=SlowRange())

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """Returns a frame as luma in [0, 1].

        Args:
            frame: the frame.
        """
        return self.range(as_heat(frame, self.how, self.name))


def as_heat(frame: Frame, how: Reading, name: str) -> Frame:
    """Returns a frame of which larger values are hotter.

    Args:
        frame: the frame.
        how: how it is to be understood.
        name: the name of its source.
    """
    if how.palette is None and how.polarity == "white":
        return frame
    with quietly():  # the first frame's messages would be repeated
        return replace(frame, pixels=infrared.as_heat(_file(frame), Path(name), how).pixels)


def _file(frame: Frame) -> images.ImageFile:
    return images.ImageFile(frame.pixels, images.Metadata(unit=frame.unit))


def _own(frame: Frame) -> tuple[float, float]:
    """Returns the range of one frame, of a quarter of its pixels."""
    with quietly():
        return ranges.own(frame.pixels[::2, ::2])
