"""Writing a fused video: a file that plays at any time, also of a process that was killed, or numbered images.

A file is written beside its place, under a hidden name, until a player can show something of it. Then it takes its
place, and grows there.
"""

import itertools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mfjax.errors import MfjaxError
from mfjax.size import Size
from mfjax.video.audio import Audio
from mfjax.video.colours import BT709, usual_matrix, yuv_of
from mfjax.video.encoding import ENCODERS, as_bytes, encoder, even, parameter_sets
from mfjax.video.files import opened, pyav
from mfjax.video.fusing import FusedFrame, FusedVideo
from mfjax.video.numbering import ImageWriter
from mfjax.video.outputs import check_spared, hidden_name, is_video_file

if TYPE_CHECKING:
    import av

TICKS = 90_000  # of a second, in which times are written
GOP_SECONDS = 1.0  # between pictures from which a player can begin: a killed process loses that, and what x264 holds
USUAL_CRF = 18  # x264's quality: visually lossless

logger = logging.getLogger("mfjax")


class Writer(Protocol):
    """Takes the frames of a fused video."""

    def write(self, frame: FusedFrame) -> None:
        """Writes one more frame.

        Args:
            frame: the frame, not before the last one.
        """

    def close(self) -> None:
        """Completes what was written."""


def write(video: FusedVideo, out: str | Path, *, crf: int = USUAL_CRF, audio: bool = True) -> int:
    """Writes a fused video and returns how many frames it has.

    A file begins where the video was asked to start, with sound of the same span.

    Args:
        video: what `mfjax.video.fuse` returns.
        out: a .mp4, .mov or .mkv file; a folder; or a pattern such as "fused_%05d.png".
        crf: the quality of a file, from 0 to 51, less is better.
        audio: copy the sound of the visible source, or else of the infrared one.

    Raises:
        MfjaxError: as iterating over the video does; or it can't be written there, or is a source.
    """
    count = 0
    path = Path(out)
    check_spared(path, video.ir, video.vis)
    writer: Writer = VideoWriter.of(path, video, crf=crf, audio=audio) if is_video_file(path) else ImageWriter(path)
    try:
        for frame in video:
            writer.write(frame)
            count += 1
    finally:
        video.close()
        writer.close()
    return count


def move_if_it_plays(hidden: Path, out: Path) -> bool:
    """Moves a video file to its place, and returns true, if a player can show something of it.

    Args:
        hidden: where it is; it may still be written, but Windows moves no open file.
        out: its place.
    """
    with suppress(MfjaxError, OSError, ValueError):  # FFmpeg's errors are of these kinds
        with opened(hidden) as container:
            plays = any(packet.size for packet in container.demux(container.streams.video))
        if plays:
            os.replace(hidden, out)
            return True
    return False


class VideoWriter:
    """Writes a video file of H.264, in fragments, so that what is on the disk can be played.

    Args:
        out: the file, which is replaced as soon as a player can show something of the new one.
        rate: about how many frames a second come.
        crf: the quality.
        audio: the sound to copy.
        comment: text that is kept in the file.
        start: the time of a frame that is at the begin of the file; the sound's times are the file's.

    Raises:
        MfjaxError: PyAV is not installed, or there is no such quality.
    """

    def __init__(
        self, out: Path, rate: float | None, *, crf: int, audio: Audio | None, comment: str = "", start: float = 0.0
    ) -> None:
        self._av, self._out, self._rate, self._crf, self._audio = pyav(), out, rate or 25.0, crf, audio
        self._comment, self._start, self._at = comment, start, hidden_name(out)
        if not 0 <= crf <= 51:
            raise MfjaxError(f"crf is {crf}; it is from 0, without loss, to 51")
        self._container: av.container.OutputContainer | None = None
        self._stream: Any = None
        self._size: Size | None = None
        self._matrix = BT709
        self._last, self._is_begun = -1, False

    @classmethod
    def of(cls, out: Path, video: FusedVideo, *, crf: int = USUAL_CRF, audio: bool = True, comment: str = "") -> Self:
        """Returns the writer of a video.

        Args:
            out: the file.
            video: the video.
            crf: as of `write`.
            audio: as of `write`.
            comment: text that is kept in the file.

        Raises:
            MfjaxError: as the class does.
        """
        sound = Audio.of((video.vis, -video.start), (video.ir, video.offset - video.start)) if audio else None
        return cls(out, video.rate, crf=crf, audio=sound, comment=comment, start=video.start)

    def write(self, frame: FusedFrame) -> None:
        """Writes one more frame; the first one opens the file."""
        pixels = even(as_bytes(frame.fused))
        if self._size is None:
            self._say_what_changes(frame.fused)
            self.open((pixels.shape[0], pixels.shape[1]))
        size = self._size
        if size is not None and pixels.shape[:2] != size:
            rows, cols = pixels.shape[:2]
            raise MfjaxError(f"{self._out}: is {size[0]}x{size[1]}, and a frame of {rows}x{cols} comes; give a size")
        made = yuv_of(pixels, self._matrix)
        time = frame.time - self._start
        made.pts = max(round(time * TICKS), self._last + 1)
        made.time_base = Fraction(1, TICKS)
        self._last = made.pts
        packets = self._stream.encode(made)
        self._mux(packets, time)
        if any(packet.is_keyframe for packet in packets):  # what was before it is on the disk
            self._show_when_it_plays()

    def open(self, size: Size) -> None:
        """Creates the file.

        Args:
            size: the (height, width) of the frames, both even.

        Raises:
            MfjaxError: the sound can't be in such a file, or the file can't be written.
        """
        self._size, self._matrix = size, usual_matrix(size[0])
        fragments = {"movflags": "hybrid_fragmented+frag_keyframe", "avoid_negative_ts": "disabled"}
        fragments = {} if self._out.suffix.lower() == ".mkv" else fragments
        self._out.parent.mkdir(parents=True, exist_ok=True)
        options = {**fragments, "flush_packets": "1"}
        with self._named():
            self._container = self._av.open(str(self._at), "w", container_options=options)
        self._container.metadata["comment"] = self._comment
        codec = encoder(self._av)
        stream = self._container.add_stream(codec, rate=Fraction(self._rate).limit_denominator(1001))
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        context = stream.codec_context
        context.time_base, context.max_b_frames = Fraction(1, TICKS), 0  # in order, so that parts can be joined
        context.gop_size = max(round(GOP_SECONDS * self._rate), 1)
        context.colorspace, context.color_range = (1 if self._matrix == BT709 else 6), 1
        context.color_primaries = context.color_trc = 1
        stream.options = {**ENCODERS[codec], **({"crf": str(self._crf)} if codec == "libx264" else {})}
        self._stream = stream
        if self._audio is not None:
            self._audio.begin(self._container, self._out)
        with self._named():
            self._container.start_encoding()

    def copy(self, packets: Iterator["av.Packet"]) -> None:
        """Writes encoded frames as they are, which an earlier run made.

        Args:
            packets: the packets.
        """
        for packet in packets:
            packet.stream = self._stream
            time = float(packet.pts * packet.time_base)
            self._last = round(time * TICKS)
            self._mux([packet], time)

    @property
    def parameter_sets(self) -> set[bytes]:
        """Returns what a decoder must know beforehand: the encoder's sequence and picture parameters."""
        return parameter_sets(bytes(self._stream.codec_context.extradata or b""))

    def close(self) -> None:
        """Writes what the encoder still has, and completes the file."""
        if self._container is None:
            return
        try:
            self._mux(self._stream.encode(None), self._last / TICKS + 1 / self._rate)
        finally:  # on a full disk, too
            try:
                self._end()
            finally:
                self._show_when_it_plays()
                self._remove_hidden()

    def discard(self) -> None:
        """Closes the file and removes it, unless it is in its place."""
        self._end()
        self._remove_hidden()

    def _end(self) -> None:
        """Closes the container."""
        container, self._container = self._container, None
        if container is not None and self._is_begun:  # FFmpeg crashes when it completes fragments without any packet
            with self._named():
                container.close()

    def _show_when_it_plays(self) -> None:
        """Moves the file to its place if a player can show something of it."""
        if self._at != self._out and move_if_it_plays(self._at, self._out):
            self._at = self._out

    def _remove_hidden(self) -> None:
        if self._at != self._out:
            with suppress(FileNotFoundError, PermissionError):  # Windows removes no open file
                self._at.unlink()

    def _mux(self, packets: list[Any], time: float) -> None:
        """Writes encoded frames, and before them the sound up to their time."""
        assert self._container is not None
        sound = self._audio.until(time) if self._audio is not None else ()
        with self._named():
            for packet in itertools.chain(sound, packets):
                self._container.mux(packet)
                self._is_begun = True

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Lets errors name the file by its place, where FFmpeg names it as it was opened."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._out)) from error

    def _say_what_changes(self, fused: NDArray) -> None:
        rows, cols = fused.shape[:2]
        if rows % 2 or cols % 2:
            size = f"{rows + rows % 2}x{cols + cols % 2}"
            logger.warning(
                "%s: frames are %dx%d, and video needs even sides: the last row or column is repeated (%s)",
                *(self._out, rows, cols, size),
            )
        if fused.dtype != np.uint8:
            logger.warning("%s: written in 8 bits of the frames' 16; image sequences keep them", self._out)
