"""Views of a data set's cameras, found by aligning some of its pairs."""

import itertools
import logging
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import LEAST_CONFIDENCE, Model
from mfjax.data.sets.layouts.base import Candidates, Layout, View
from mfjax.data.sets.views import crop_to_view
from mfjax.errors import MfjaxError
from mfjax.inference.aligning import MOST_PAIRS, read_lumas
from mfjax.inference.infrared import Reading
from mfjax.inference.views import align_lumas
from mfjax.messages import NOTE
from mfjax.pairing import Pair
from mfjax.size import Size

SAMPLED = 4 * MOST_PAIRS  # pairs that are read, evenly spaced; a data set has one to four sizes

logger = logging.getLogger("mfjax")


def find_views(candidates: Candidates, layout: Layout, *, model: Model = "homography") -> dict[Size, View]:
    """Returns the view of each size of visible images, found from pairs of this size, and logs it.

    The layout's own view is the start: the visible images are cut to it, and what is found is added to it.

    Args:
        candidates: the pairs.
        layout: the data set's layout.
        model: the kind of maps to seek among, as of `mfjax.align`.

    Raises:
        MfjaxError: no size could be aligned reliably.
    """
    complete = [pair for pair in itertools.chain(*candidates.values()) if pair.ir is not None and pair.vis is not None]
    step = max(1, len(complete) // SAMPLED)
    groups: dict[Size, list[tuple[NDArray, NDArray]]] = defaultdict(list)
    starts: dict[Size, View] = {}
    for pair in complete[::step]:
        assert pair.ir is not None
        assert pair.vis is not None
        try:
            ir, vis, _ = read_lumas(Pair(pair.name, pair.ir, pair.vis), Reading())
            size = vis.shape[0], vis.shape[1]
            start = layout.view((ir.shape[0], ir.shape[1]), size)
            if start is None or len(groups[size]) == MOST_PAIRS:
                continue
            groups[size].append((ir, crop_to_view(vis, start)))
            starts[size] = start
        except (MfjaxError, OSError):
            continue  # the builder says why when it comes to the pair
    found, refused = {}, []
    for size, pairs in groups.items():
        if not pairs:
            continue
        rig = align_lumas(*(list(side) for side in zip(*pairs, strict=True)), model=model)
        told = f"{size[0]}x{size[1]}: {rig.found}, {rig.words}, confidence {rig.confidence:.2f}"
        if rig.confidence < LEAST_CONFIDENCE:
            refused.append(told)
            continue
        logger.warning("--align %s", told, extra=NOTE)
        view: View = starts[size] @ np.linalg.inv(rig.matrix)
        found[size] = view / view[2, 2]
    for told in refused:
        logger.warning("--align %s, which is below %g: pairs of this size are left out", told, LEAST_CONFIDENCE)
    if not found:
        raise MfjaxError(
            f"no pairs could be aligned reliably ({'; '.join(refused) or 'none could be read'}); give homographies "
            "(--homographies FILE.json), or build without --align"
        )
    return found
