"""Image sequences as sources: the files of a folder, or those of a numbered pattern."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.messages import quietly
from mfjax.video.frames import Frame

NUMBER = re.compile(r"%(0(\d+))?d")

logger = logging.getLogger("mfjax")


class ImageSequence:
    """Images as the frames of a video.

    Args:
        path: a folder, whose images are taken in the order of the numbers in their names; or a pattern with one number
            such as `ir_%05d.png`, whose missing numbers are missing frames.
        rate: frames a second, which may be set later.
        heat: read them as infrared images, with temperatures where they have any.

    Raises:
        MfjaxError: there are no such images.
    """

    is_live = False
    first: int
    """The number that is at 0 seconds: the pattern's first one, unless it is set."""

    def __init__(self, path: Path, rate: float, *, heat: bool = False) -> None:
        self.name, self.rate, self._heat = str(path), rate, heat
        if is_pattern(path):
            self.files = dict(sorted(numbered_files(path).items()))
            self.first = min(self.files, default=0)
        else:
            found = [each for each in path.iterdir() if each.suffix.lower() in images.SUFFIXES]
            self.files, self.first = dict(enumerate(sorted(found, key=_in_order))), 0
        if not self.files:
            raise MfjaxError(f"{path}: there are no images of this name")

    @property
    def duration(self) -> float:
        """Returns the seconds that it lasts."""
        return (max(self.files) - self.first + 1) / self.rate

    @property
    def paths(self) -> list[Path]:
        """Returns the files that it reads."""
        return [*self.files.values()]

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yields the frames from a time on, as `Source.frames`; the first one's messages are of all."""
        said = False
        for number, file in self.files.items():
            time = (number - self.first) / self.rate
            if time < start - 1e-6:
                continue
            if said:
                with quietly():
                    read = images.open(file, thermal=self._heat)
            else:
                read, said = images.open(file, thermal=self._heat), True
            yield Frame(read.pixels, time, read.metadata.unit)


def is_pattern(path: Path) -> bool:
    """Returns true for the pattern of an image sequence, such as `ir_%05d.png`.

    Args:
        path: a path.
    """
    return NUMBER.search(path.name) is not None and not path.exists()


def numbered_files(path: Path) -> dict[int, Path]:
    """Returns the files of a pattern by their numbers.

    Args:
        path: the pattern.

    Raises:
        MfjaxError: it has more than one number in it.
    """
    if len(NUMBER.findall(path.name)) != 1:
        raise MfjaxError(f"{path}: a pattern has one number in it, such as ir_%05d.png")
    before, after = re.split(r"%0?\d*d", path.name)
    name = re.compile(f"{re.escape(before)}(\\d+){re.escape(after)}")
    matches = ((name.fullmatch(each.name), each) for each in path.parent.glob("*"))
    return {int(match[1]): each for match, each in matches if match is not None}


def _in_order(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Returns the key by which names are sorted as people do: 2 before 10."""
    parts = re.findall(r"(\d+)|(\D+)", path.stem)
    return [(int(number or 0), text) for number, text in parts], path.name
