"""The place of the visible frames under the infrared ones: one for all, found with some pairs; or followed."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from numpy.typing import NDArray

from mfjax import images
from mfjax.alignment import LEAST_CONFIDENCE, Alignment, Tracker
from mfjax.alignment.estimate import looks_misaligned
from mfjax.inference.views import align_lumas, check_confidence, doubt_rig
from mfjax.messages import NOTE
from mfjax.video.frames import Frame
from mfjax.video.steadiness import Infrared

logger = logging.getLogger("mfjax")


class Lumas(NamedTuple):
    """A pair of frames to be aligned."""

    ir: NDArray  # luma in [0, 1], [h, w]
    vis: NDArray  # luma in [0, 1], [h', w']


def lumas_of(heat: Infrared, ir: Frame, vis: Frame) -> Lumas:
    """Returns a pair of frames as lumas.

    Args:
        heat: the conversion of infrared frames.
        ir: the infrared frame.
        vis: the visible one.
    """
    return Lumas(heat(ir), images.to_luma(images.to_float(vis.pixels)))


def found(pairs: Sequence[Lumas]) -> Alignment:
    """Returns the one alignment of some pairs, and logs it.

    Args:
        pairs: the pairs.

    Raises:
        MfjaxError: they have too little in common.
    """
    alignment = check_confidence(align_lumas([each.ir for each in pairs], [each.vis for each in pairs]))
    logger.warning(
        "align auto: one place for all frames, of %d pairs: %s, confidence %.2f",
        *(len(pairs), alignment.words, alignment.confidence),
        extra=NOTE,
    )
    return alignment


class Followed:
    """The place of each frame, of cameras that move against each other; frames whose place is not known are counted.

    Args:
        tracker: what follows it.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._surest: Alignment | None = None
        self.count = self.unknown = 0

    def __call__(self, ir: NDArray, vis: NDArray) -> Alignment | None:
        """Returns the place of the next frame; None if it is not known.

        Args:
            ir: infrared luma in [0, 1], [h, w].
            vis: the visible picture, [h', w'] or [h', w', 3].
        """
        place = self._tracker.update(ir, images.to_luma(images.to_float(vis)))
        if self._surest is None or place.confidence > self._surest.confidence:
            self._surest = place
        self.count += 1
        if place.confidence >= LEAST_CONFIDENCE:
            return place
        self.unknown += 1
        return None

    def check(self) -> None:
        """Raises MfjaxError if the place of no frame is known, though there were some."""
        if self._surest is not None and self.unknown == self.count:
            check_confidence(self._surest)

    @property
    def notes(self) -> list[str]:
        """Returns a line for the frames whose place is not known, if there are some."""
        told = f"align track: {self.unknown} of {self.count} frames could not be aligned and are left out"
        return [told] if self.unknown else []


def doubt(pairs: Sequence[Lumas], ir: str, vis: str, rig: Alignment | None = None) -> None:
    """Logs it if the first pair is measurably not of the same view, or not where a rig says.

    Args:
        pairs: some pairs.
        ir: the infrared source's name.
        vis: the visible source's name.
        rig: the alignment that is doubted; by default both show the same view.
    """
    if pairs and rig is not None:
        doubt_rig(rig, pairs[0].ir, pairs[0].vis, ir, vis)
    elif pairs and (off := looks_misaligned(*pairs[0])) is not None:
        logger.warning(
            "%s and %s: their edges lie about %.0f %% of the width apart, so that they fuse into ghosts; align "
            '"auto" (--align auto) or a rig file brings them together (--align none is silent)',
            *(ir, vis, 100 * off),
        )
