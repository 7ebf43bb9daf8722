"""The sound of a fused video: copied from a source's file as it is."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfjax.errors import MfjaxError
from mfjax.video.files import VideoFile, begin_of, opened
from mfjax.video.frames import Source

if TYPE_CHECKING:
    import av

LEAD_IN = 0.2  # seconds before the begin in which a decoder of sound warms up

logger = logging.getLogger("mfjax")


class Audio:
    """The first sound stream of a file.

    Args:
        path: the file.
        offset: the seconds that its times are moved by.
    """

    def __init__(self, path: Path, offset: float) -> None:
        self._path = path
        self._container = opened(path)
        self._from = self._container.streams.audio[0]
        self._move = offset - begin_of(self._container)  # known before the sound ends, which closes the file
        self._to: Any = None
        self._packets: Iterator[Any] | None = None
        self._next: Any = None
        self._before = 0.0

    @classmethod
    def of(cls, *sources: tuple[Source, float]) -> "Audio | None":
        """Returns the sound of the first source that has some; None if none has.

        Args:
            sources: the sources, each with the seconds that its times are moved by.
        """
        for source, offset in sources:
            if isinstance(source, VideoFile):
                with opened(source.path) as container:
                    count = len(container.streams.audio)
                if count > 1:
                    logger.warning("%s: the first of %d sound streams is copied", source.path, count)
                if count:
                    return cls(source.path, offset)
        return None

    def begin(self, container: "av.container.OutputContainer", out: Path) -> None:
        """Adds the stream to an output.

        Args:
            container: the output.
            out: its name.

        Raises:
            MfjaxError: sound of this kind can't be in such a file.
        """
        codec = self._from.codec_context.name
        if codec not in container.supported_codecs:
            raise MfjaxError(
                f"{self._path}: has sound of the kind {codec}, which {out.suffix} does not take; write a .mkv, or "
                "leave the sound out (audio=False, --no-audio)"
            )
        self._before = 0.0 if "matroska" in container.format.name else LEAD_IN  # it would move all times by it
        self._to = container.add_stream_from_template(self._from)
        if self._move < -self._before:  # it begins within the file, whose part before that may be long
            self._container.seek(int((-self._move - self._before) * 1_000_000), backward=True)
        self._packets = self._container.demux(self._from)

    def until(self, time: float) -> Iterator["av.Packet"]:
        """Yields the packets up to a time, which were not yielded before.

        Args:
            time: the seconds.
        """
        while self._packets is not None:
            packet = self._next or next(self._packets, None)
            self._next = None
            if packet is None or packet.pts is None:  # the last one is empty
                self._packets = None
                self._container.close()
                return
            begins = float(packet.pts * packet.time_base) + self._move
            if begins > time:
                self._next = packet
                return
            if begins >= -self._before:
                ticks = round(self._move / packet.time_base)
                packet.pts += ticks
                packet.dts = packet.dts + ticks if packet.dts is not None else packet.pts
                packet.stream = self._to
                yield packet
