"""A thermal camera's sequences (SEQ, CSQ) as sources: temperatures in °C, with the times that the camera wrote."""

import logging
import mmap
from collections.abc import Iterator
from pathlib import Path

from mfjax.errors import MfjaxError
from mfjax.images import flir
from mfjax.images.metadata import CELSIUS
from mfjax.images.reading import named
from mfjax.video.frames import Frame

SUFFIXES = (".seq", ".csq", ".fff")

logger = logging.getLogger("mfjax")


class ThermalSequence:
    """The frames of a SEQ or CSQ file.

    Args:
        path: the file, which may be larger than memory.
        rate: frames a second; None: as the camera's times say.

    Raises:
        FileNotFoundError: there is no such file.
        MfjaxError: it has no frame.
    """

    is_live = False

    def __init__(self, path: Path, rate: float | None = None) -> None:
        self.path, self.name = path, str(path)
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file")
        with self._mapped() as data, named(path):
            self._starts = flir.starts(data)
            try:
                flir.frame(data, self._starts[-1])
            except MfjaxError:
                self._starts.pop()
                logger.warning("%s: its last frame is cut and left out", path)
            if not self._starts:
                raise MfjaxError("has no whole frame")
            stamps = [flir.time_of(flir.frame(data, start)) for start in self._starts]
        if rate is not None:
            self._times = [i / rate for i in range(len(stamps))]
        elif any(stamp is None for stamp in stamps):
            raise MfjaxError(f"{path}: has no times in it; say its frames a second by rate (--rate)")
        else:
            self._times = [stamp - (stamps[0] or 0) for stamp in stamps if stamp is not None]
        last, count = self._times[-1], len(self._times)
        self.rate = (count - 1) / last if last > 0 else rate
        self.duration = last + (1 / self.rate if self.rate else 0)

    @property
    def paths(self) -> list[Path]:
        """Returns the files that it reads."""
        return [self.path]

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yields the frames from a time on, as `Source.frames`."""
        last = -1.0
        with self._mapped() as data, named(self.path):
            for at, time in zip(self._starts, self._times, strict=True):
                if time < start - 1e-6 or time <= last:
                    continue
                last = time
                yield Frame(flir.thermal(flir.frame(data, at)).celsius, time, CELSIUS)

    def _mapped(self) -> mmap.mmap:
        with open(self.path, "rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # of an empty file
                raise MfjaxError(f"{self.path}: the file is empty") from None
