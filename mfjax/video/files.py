"""Video files as sources, read by PyAV: one stream of a file, turned upright, with the times that it states."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.video.colours import Colours, colours_of, heat_of, is_colourful, rgb_of
from mfjax.video.frames import Frame

if TYPE_CHECKING:
    import av

Side = Literal["left", "right", "top", "bottom"]
OPPOSITE: dict[Side, Side] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}

logger = logging.getLogger("mfjax")


def pyav() -> Any:
    """Returns the module `av`.

    Raises:
        MfjaxError: it is not installed.
    """
    try:
        import av
    except ModuleNotFoundError as error:
        if error.name != "av":
            raise
        raise MfjaxError(
            "video files need PyAV: pip install 'mfjax[video]'; image sequences (ir_%05d.png, or a folder) and SEQ "
            "files do without it"
        ) from error
    return av


@dataclass(frozen=True)
class Stream:
    """The properties of a video stream that its file states."""

    height: int
    width: int
    rate: float | None
    duration: float | None
    is_gray: bool
    words: str
    """Its title and tags, in lower case."""


def streams_of(path: Path) -> list[Stream]:
    """Returns the video streams of a file.

    Args:
        path: the file.

    Raises:
        MfjaxError: it can't be read, or PyAV is not installed.
    """
    with opened(path) as container:
        return [_stream(container, each) for each in container.streams.video]


class VideoFile:
    """One stream of a video file.

    Args:
        path: the file.
        number: the number of its video stream, counted from 0.
        heat: read luma alone, as of infrared without a palette.
        side: the half of each frame to take.

    Raises:
        MfjaxError: the file can't be read, or has no such stream, or PyAV is not installed.
    """

    is_live = False

    def __init__(self, path: Path, number: int = 0, *, heat: bool = False, side: Side | None = None) -> None:
        self.path, self.number, self._heat, self._side = path, number, heat, side
        found = streams_of(path)
        if not found:
            raise MfjaxError(f"{path}: has no video in it")
        if number >= len(found):
            raise MfjaxError(f"{path}: has {len(found)} video streams, counted from 0; there is no stream {number}")
        self.name = f"{path}[{number}]" if len(found) > 1 else str(path)
        self.rate, self.duration = found[number].rate, found[number].duration
        self._said: set[str] = set()

    @property
    def paths(self) -> list[Path]:
        """Returns the files that it reads."""
        return [self.path]

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yields the frames from a time on, as `Source.frames`."""
        with opened(self.path) as container:
            stream = container.streams.video[self.number]
            stream.thread_type = "AUTO"
            begin = begin_of(container)
            if start > 0:
                container.seek(int((start + begin) * 1_000_000), backward=True)
            last, colours = -1.0, None
            for frame in self._decoded(container, stream):
                time = (frame.time if frame.time is not None else last + 1 / (self.rate or 25)) - begin
                if time < start - 1e-6 or time <= last:
                    continue
                last = time
                colours = colours or self._colours(frame)
                yield Frame(self._pixels(frame, colours), time)

    def _decoded(self, container: "av.container.InputContainer", stream: Any) -> Iterator["av.VideoFrame"]:
        """Yields decoded frames; where the file is damaged, its end is left out, which is said."""
        found = 0
        try:
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    self._say("damaged", "%s: some frames are damaged", self.name)
                found += 1
                yield frame
        except (pyav().error.InvalidDataError, pyav().error.EOFError) as error:
            if not found:
                raise MfjaxError(f"{self.name}: can't be decoded ({error.strerror})") from error
            self._say("cut", "%s: is damaged (%s); the rest of it is left out", self.name, error.strerror)

    def _colours(self, frame: "av.VideoFrame") -> Colours:
        found = colours_of(frame, self.name)
        if not found.stated and not self._heat:
            lines, matrix = frame.height, found.matrix
            self._say(
                "matrix", "%s: does not state its colour matrix; taken as %s (%d lines)", self.name, matrix, lines
            )
        if self._heat and is_colourful(self._upright(rgb_of(frame, found), frame)):
            self._say(
                "colourful",
                "%s: is in colour: its luma is fused, which in a false-colour palette is not heat (--ir-palette makes "
                "heat of it)",
                self.name,
            )
        if frame.rotation:
            self._say("turned", "%s: turned by %d degrees, as the file says", self.name, frame.rotation)
        if frame.interlaced_frame:
            self._say(
                "fields", "%s: is interlaced, and its fields are not separated: moving edges show combs", self.name
            )
        return found

    def _pixels(self, frame: "av.VideoFrame", colours: Colours) -> NDArray:
        return self._upright(heat_of(frame, colours) if self._heat else rgb_of(frame, colours), frame)

    def _upright(self, pixels: NDArray, frame: "av.VideoFrame") -> NDArray:
        """Returns the half of a frame's pixels that is wanted, turned as the file says."""
        if turns := round(frame.rotation / 90) % 4:
            pixels = np.ascontiguousarray(np.rot90(pixels, turns))
        return pixels if self._side is None else half(pixels, self._side)

    def _say(self, what: str, text: str, *values: Any) -> None:
        """Logs something once, however often the source is read."""
        if what not in self._said:
            self._said.add(what)
            logger.warning(text, *values)


def half(pixels: NDArray, side: Side) -> NDArray:
    """Returns one half of a frame that shows two pictures beside or above each other.

    Args:
        pixels: the frame; of an odd number of columns or rows, the middle one is left out.
        side: the half.
    """
    axis = 1 if side in ("left", "right") else 0
    length = pixels.shape[axis] // 2
    part = slice(0, length) if side in ("left", "top") else slice(pixels.shape[axis] - length, None)
    return np.ascontiguousarray(pixels[:, part] if axis else pixels[part])


def opened(path: Path) -> "av.container.InputContainer":
    """Returns a file, opened for reading.

    Args:
        path: the file.

    Raises:
        FileNotFoundError, MfjaxError: there is none, it is no video, or PyAV is not installed.
    """
    av = pyav()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    # Titles may be of any bytes; PyAV 19 escapes those that are not UTF-8 by itself.
    options: dict[str, Any] = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
    try:
        return av.open(str(path), **options)
    except (av.error.FFmpegError, ValueError) as error:
        raise MfjaxError(f"{path}: is no video that can be read ({getattr(error, 'strerror', error)})") from error


def _stream(container: "av.container.InputContainer", stream: Any) -> Stream:
    length = stream.duration * stream.time_base if stream.duration else Fraction(container.duration or 0, 1_000_000)
    rate = stream.average_rate or stream.guessed_rate
    words = " ".join([*stream.metadata.values()]).lower()
    is_gray = (stream.pix_fmt or "").startswith("gray")
    return Stream(stream.height, stream.width, float(rate) if rate else None, float(length) or None, is_gray, words)


def begin_of(container: "av.container.InputContainer") -> float:
    """Returns the time at which a file begins, with whichever of its streams is first.

    Args:
        container: the file.
    """
    return (container.start_time or 0) / 1_000_000
