"""Sources of any kind: frames with times, in order."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from numpy.typing import NDArray

T = TypeVar("T")

FIRST_FRAMES, EACH = 240, 10  # of a source whose length is not known, what samples are taken of


@dataclass(frozen=True)
class Frame:
    """A frame of a source."""

    pixels: NDArray
    """Gray [h, w] or RGB [h, w, 3]; uint8, uint16 or float32."""
    time: float
    """Seconds since the source's begin."""
    unit: str | None = None
    """The unit of the values, as `mfjax.images.Metadata.unit`; None: they have none."""


class Source(Protocol):
    """A stream of frames."""

    @property
    def name(self) -> str:
        """Returns its name in messages."""

    @property
    def rate(self) -> float | None:
        """Returns the frames of a second, on average; None if that is not known."""

    @property
    def duration(self) -> float | None:
        """Returns the seconds that it lasts; None if that is not known, as of a live camera."""

    @property
    def is_live(self) -> bool:
        """Returns true if frames come when they come, and are lost if nobody takes them."""

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yields the frames, whose times increase.

        Args:
            start: the seconds to begin at: the first frame is the first one that is not before it.
        """


def sampled(source: Source, times: Sequence[float]) -> list[Frame]:
    """Returns the frames of a source at some times, for looking at it before it is fused; of a live one, none.

    Args:
        source: the source.
        times: the seconds; if there are none, since the source's length is not known, some of its first frames are
            taken; and if none is there that late, the first one.
    """
    if source.is_live:
        return []
    if not times:
        return [frame for i, frame in zip(range(FIRST_FRAMES), source.frames(), strict=False) if i % EACH == 0]
    found: list[Frame] = []
    for time in times:
        frame = next(source.frames(time), None)
        if frame is not None and (not found or frame.time > found[-1].time):
            found.append(frame)
    return found or [*itertools.islice(source.frames(), 1)]


def spread(source: Source, count: int) -> list[float]:
    """Returns times that are evenly spread over a source; none if its length is not known.

    The ends of the source are left out, unless it is so short that all of its frames are taken.

    Args:
        source: the source.
        count: the number of times.
    """
    if not source.duration:
        return []
    is_short = source.rate is not None and source.duration * source.rate <= count
    return [source.duration * (i + (0 if is_short else 0.5)) / count for i in range(count)]


def evenly(items: Sequence[T], count: int) -> list[T]:
    """Returns so many items, or all if there are fewer, at about equal distances.

    Args:
        items: the items.
        count: the most items to take.
    """
    some = min(count, len(items))
    return [items[i * len(items) // some] for i in range(some)]
