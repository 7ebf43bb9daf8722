"""Going on with a video that an earlier run began: what it encoded is copied, and its last seconds are made again."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mfjax.errors import MfjaxError
from mfjax.video.encoding import parameter_sets
from mfjax.video.files import opened, pyav
from mfjax.video.outputs import hidden_name
from mfjax.video.writing import VideoWriter, move_if_it_plays

if TYPE_CHECKING:
    import av

logger = logging.getLogger("mfjax")


class _OtherSettingsError(MfjaxError):
    """The error of a part that other settings made, which is kept, as a broken file is not."""


class Part:
    """The part of a video that an earlier run wrote.

    Args:
        out: the file of that run, and of this one.
        comment: what this run says about its settings.

    Raises:
        MfjaxError: the part was made with other settings.
    """

    def __init__(self, out: Path, comment: str) -> None:
        self._out, self.count = out, 0
        """The number of frames that are kept."""
        if not out.exists() and not move_if_it_plays(hidden_name(out), out):
            return
        try:
            with opened(out) as container:
                self._look(container, comment)
        except _OtherSettingsError:
            raise
        except MfjaxError:
            logger.warning("%s: has no frame of an earlier run that can be kept, and begins anew", out)

    def _look(self, container: "av.container.InputContainer", comment: str) -> None:
        """Finds which frames are kept: those before the last one from which a player can begin."""
        if not container.streams.video:
            raise MfjaxError(f"{self._out}: has no video in it")
        told = {key.lower(): value for key, value in container.metadata.items()}.get("comment")
        if told != comment:
            raise _OtherSettingsError(
                f"{self._out}: was made with other settings or sources ({told}); leave --resume out to make it anew"
            )
        stream = container.streams.video[0]
        self.size = stream.height, stream.width
        self._extradata = bytes(stream.codec_context.extradata or b"")
        packets = (packet for packet in container.demux(stream) if packet.pts is not None)
        self.count = max((i for i, packet in enumerate(packets) if packet.is_keyframe), default=0)

    def copy_to(self, writer: VideoWriter) -> None:
        """Copies the frames that are kept. The old file is replaced when the new one goes beyond it.

        Args:
            writer: what writes the new one.

        Raises:
            MfjaxError: another version of the encoder made them.
        """
        try:
            writer.open(self.size)
            if parameter_sets(self._extradata) != writer.parameter_sets:
                raise MfjaxError(f"{self._out}: was made by another encoder; leave --resume out to make it anew")
            with opened(self._out) as container:
                writer.copy(self._packets(container))
        except BaseException:
            writer.discard()
            raise

    def _packets(self, container: "av.container.InputContainer") -> Iterator["av.Packet"]:
        """Yields the packets that are kept, as the encoder gives them."""
        stream = container.streams.video[0]
        av = pyav()
        is_h264 = stream.codec_context.name == "h264"
        split = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream) if is_h264 else None
        found = (packet for packet in container.demux(stream) if packet.pts is not None)
        for _, packet in zip(range(self.count), found, strict=False):
            yield from split.filter(packet) if split is not None else [packet]
