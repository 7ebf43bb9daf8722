"""Matching the frames of two sources by their times, and counting what is left out.

The source of fewer frames a second leads: each of its frames gets the other's nearest one, if that is near enough.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mfjax.video.frames import Frame

GAP = 1.5  # usual intervals between frames from which on frames are missing
NEAR = 0.75  # intervals of the follower within which its frame is near enough; a lost one's neighbour is not
USUAL_RATE = 25.0  # frames a second of a source that does not say it


@dataclass
class Stream:
    """Counts of one source's frames, and the gaps between them."""

    name: str
    rate: float | None
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    gaps: list[float] = field(default_factory=list)
    ended: bool = False

    @property
    def interval(self) -> float:
        """Returns the usual seconds between frames."""
        return 1 / (self.rate or USUAL_RATE)

    def watched(self, frames: Iterable[Frame], offset: float) -> Iterator[Frame]:
        """Yields frames, with their times moved, and notes gaps.

        Args:
            frames: the frames.
            offset: the seconds to add to their times.
        """
        for frame in frames:
            time = frame.time + offset
            if not self.count:
                self.first = time
            elif time - self.last > GAP * self.interval:
                self.gaps.append(time - self.last)
            self.count, self.last = self.count + 1, time
            yield Frame(frame.pixels, time, frame.unit)
        self.ended = True


@dataclass
class Matches:
    """The pairs of two sources, and what became of the other frames. Iterate over it once.

    Args:
        leader: the source of fewer frames a second.
        follower: the other one.
    """

    leader: Stream
    follower: Stream
    pairs: int = 0
    alone: int = 0
    """Frames of the leader without one of the follower near enough."""
    used: int = 0
    """Frames of the follower that were taken."""
    cut_short: bool = False
    """True: the follower ended before the leader."""

    @property
    def tolerance(self) -> float:
        """Returns the most seconds between the frames of a pair."""
        return max(NEAR * self.follower.interval, self.leader.interval / 2)

    def of(self, leading: Iterator[Frame], following: Iterator[Frame]) -> Iterator[tuple[Frame, Frame]]:
        """Yields pairs.

        Args:
            leading: the leader's frames, as its `Stream` watches them.
            following: the follower's.
        """
        before: Frame | None = None
        after = next(following, None)
        taken: Frame | None = None
        for frame in leading:
            while after is not None and after.time <= frame.time:
                before, after = after, next(following, None)
            near = [each for each in (before, after) if each is not None]
            nearest = min(near, key=lambda each: abs(each.time - frame.time), default=None)
            if nearest is None or abs(nearest.time - frame.time) > self.tolerance:
                self.alone += 1
                if after is None:
                    self.cut_short = True
                    return
                continue
            if nearest is not taken:
                self.used, taken = self.used + 1, nearest
            self.pairs += 1
            yield frame, nearest

    @property
    def notes(self) -> list[str]:
        """Returns a line for everything that was left out, missing or used twice."""
        lead, follow = self.leader, self.follower
        notes = []
        if self.alone:
            reach = f"within {1000 * self.tolerance:.0f} ms"
            notes.append(
                f"{lead.name}: {self.alone} of {lead.count} frames have none of {follow.name} {reach} and are left out"
            )
        surplus = follow.count - self.used
        if surplus > 2:
            rates = f"{_rate(follow)} against {_rate(lead)}"
            notes.append(f"{follow.name}: {surplus} of {follow.count} frames are not used ({rates})")
        if (repeats := self.pairs - self.used) > 0:
            plural = "s" * (repeats != 1)
            notes.append(f"{follow.name}: used once more, where none was nearer in time: {repeats} frame{plural}")
        for stream in (lead, follow):
            if stream.gaps:
                longest = max(stream.gaps)
                notes.append(f"{stream.name}: {len(stream.gaps)} gaps between frames, the longest of {longest:.2f} s")
        if self.cut_short:
            notes.append(f"{follow.name} ends at {follow.last:.1f} s, and {lead.name} goes on")
        elif lead.ended and not follow.ended and follow.last - lead.last > 2 * lead.interval:
            notes.append(f"{lead.name} ends at {lead.last:.1f} s, and {follow.name} goes on")
        return notes


def infrared_leads(ir: float | None, vis: float | None) -> bool:
    """Returns true if infrared leads: unless it has more frames a second, by more than 2 %.

    Args:
        ir: frames a second of the infrared source; None: unknown.
        vis: those of the visible one.
    """
    return ir is None or vis is None or ir <= 1.02 * vis


def _rate(stream: Stream) -> str:
    return f"{stream.rate:.3g} frames/s" if stream.rate else "an unknown rate"
