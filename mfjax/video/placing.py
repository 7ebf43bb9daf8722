"""The place of the visible frames under the infrared ones: one for all, found with some pairs; or each frame's own."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from numpy.typing import NDArray

from mfjax import images
from mfjax.alignment import Alignment
from mfjax.alignment.estimate import looks_misaligned
from mfjax.inference.views import align_lumas, check_confidence
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


def doubt(pairs: Sequence[Lumas], ir: str, vis: str) -> None:
    """Logs it if the first pair is measurably not of the same view.

    Args:
        pairs: some pairs.
        ir: the infrared source's name.
        vis: the visible source's name.
    """
    if pairs and (off := looks_misaligned(*pairs[0])) is not None:
        logger.warning(
            "%s and %s: their edges lie about %.0f %% of the width apart, so that they fuse into ghosts; align "
            '"auto" (--align auto) or a rig file brings them together (--align none is silent)',
            *(ir, vis, 100 * off),
        )
