"""Writing a fused video: a file that plays at any time, also of a process that was killed, or numbered images."""

import itertools
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.size import Size
from mfjax.video.audio import Audio
from mfjax.video.colours import BT709, usual_matrix, yuv_of
from mfjax.video.files import pyav
from mfjax.video.fusing import FusedFrame, FusedVideo
from mfjax.video.sequences import NUMBER, numbered_files

if TYPE_CHECKING:
    import av

CONTAINERS = (".mp4", ".mov", ".mkv")
TICKS = 90_000  # of a second, in which times are written
GOP_SECONDS = 1.0  # between pictures from which a player can begin: a killed process loses that, and what x264 holds
USUAL_CRF = 18  # x264's quality: visually lossless
ENCODERS = {"libx264": {"preset": "veryfast"}, "mpeg4": {"qscale": "3"}}  # the first one that PyAV has

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

    Args:
        video: what `mfjax.video.fuse` returns.
        out: a .mp4, .mov or .mkv file; a folder; or a pattern such as "fused_%05d.png".
        crf: the quality of a file, from 0 to 51, less is better.
        audio: copy the sound of the visible source, or else of the infrared one.

    Raises:
        MfjaxError: as iterating over the video does; or it can't be written there.
    """
    count = 0
    path = Path(out)
    in_file = path.suffix.lower() in CONTAINERS
    writer: Writer = VideoWriter.of(path, video, crf=crf, audio=audio) if in_file else ImageWriter(path)
    try:
        for frame in video:
            writer.write(frame)
            count += 1
    finally:
        video.close()
        writer.close()
    return count


class ImageWriter:
    """Writes frames as numbered images.

    Args:
        out: a folder, for 00000.png and so on; or a pattern such as `fused_%05d.png`.
        first: the number of the first frame.

    Raises:
        MfjaxError: it is neither.
    """

    def __init__(self, out: Path, first: int = 0) -> None:
        self._pattern = pattern_of(out)
        if self._pattern.suffix.lower() not in images.FORMATS:
            kinds = f"{', '.join(CONTAINERS)}, or of images {', '.join(images.FORMATS)}"
            raise MfjaxError(f"{out}: unknown suffix {out.suffix!r}; a video is written as {kinds} with %05d")
        self._pattern.parent.mkdir(parents=True, exist_ok=True)
        self._number = first

    def write(self, frame: FusedFrame) -> None:
        """Writes one more image, completely or not at all."""
        images.write(self._pattern.with_name(self._pattern.name % self._number), frame.fused)
        self._number += 1

    def close(self) -> None:
        """Does nothing, since each image is complete."""


def pattern_of(out: Path) -> Path:
    """Returns the pattern of the images that are written to a folder or a pattern.

    Args:
        out: a folder or a pattern.

    Raises:
        MfjaxError: it is a file's name without a number in it.
    """
    if NUMBER.search(out.name):
        numbered_files(out)  # checks that there is one
        return out
    if out.suffix and not out.is_dir():
        ways = f"a video's suffix ({', '.join(CONTAINERS)}), a folder, or a pattern such as fused_%05d.png"
        raise MfjaxError(f"{out}: is none of what a video is written to: {ways}")
    return out / "%05d.png"


class VideoWriter:
    """Writes a video file of H.264, in fragments, so that what is on the disk can be played.

    Args:
        out: the file, which is replaced.
        rate: about how many frames a second come.
        crf: the quality.
        audio: the sound to copy.
        comment: text that is kept in the file.

    Raises:
        MfjaxError: PyAV is not installed, or there is no such quality.
    """

    def __init__(self, out: Path, rate: float | None, *, crf: int, audio: Audio | None, comment: str = "") -> None:
        self._av, self._out, self._rate, self._crf, self._audio = pyav(), out, rate or 25.0, crf, audio
        self._comment = comment
        if not 0 <= crf <= 51:
            raise MfjaxError(f"crf is {crf}; it is from 0, without loss, to 51")
        self._container: av.container.OutputContainer | None = None
        self._stream: Any = None
        self._size: Size | None = None
        self._matrix = BT709
        self._last = -1

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
        sound = Audio.of((video.vis, 0.0), (video.ir, video.offset)) if audio else None
        return cls(out, video.rate, crf=crf, audio=sound, comment=comment)

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
        made.pts = max(round(frame.time * TICKS), self._last + 1)
        made.time_base = Fraction(1, TICKS)
        self._last = made.pts
        self._mux(self._stream.encode(made), frame.time)

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
        self._container = self._av.open(str(self._out), "w", container_options=options)
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
        self._mux(self._stream.encode(None), self._last / TICKS + 1 / self._rate)
        self._container.close()
        self._container = None

    def _mux(self, packets: list[Any], time: float) -> None:
        """Writes encoded frames, and before them the sound up to their time."""
        assert self._container is not None
        sound = self._audio.until(time) if self._audio is not None else ()
        for packet in itertools.chain(sound, packets):
            self._container.mux(packet)

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


def encoder(av: Any) -> str:
    """Returns the name of the encoder that is used, and logs it if that is not H.264's.

    Args:
        av: the module.
    """
    found = next(name for name in ENCODERS if name in av.codecs_available or name == "mpeg4")
    if found != "libx264":
        logger.warning("this PyAV has no libx264; MPEG-4 part 2 is written, which takes more space")
    return found


def as_bytes(fused: NDArray) -> NDArray[np.uint8]:
    """Returns a picture in 8 bits.

    Args:
        fused: uint8 or uint16.
    """
    return fused if fused.dtype == np.uint8 else images.from_float(images.to_float(fused), np.uint8)


def even(fused: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a picture whose sides are even, with the last row or column repeated if need be.

    Args:
        fused: the picture.
    """
    rows, cols = fused.shape[:2]
    if not rows % 2 and not cols % 2:
        return fused
    return np.asarray(cv2.copyMakeBorder(fused, 0, rows % 2, 0, cols % 2, cv2.BORDER_REPLICATE), np.uint8)


def parameter_sets(extradata: bytes) -> set[bytes]:
    """Returns the sequence and picture parameters of H.264, as either way of storing them has them.

    Args:
        extradata: of an encoder, after start codes; or of a file, after lengths (ISO 14496-15, 5.3.3.1).
    """
    if extradata[:1] != b"\x01":
        units = extradata.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
        return {unit for unit in units if unit and unit[0] & 31 in (7, 8)}
    found, at = set(), 5
    for mask in (31, 255):
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            found.add(extradata[at + 2 : at + 2 + length])
            at += 2 + length
    return found
