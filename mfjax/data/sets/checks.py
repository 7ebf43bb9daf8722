"""Checks which pairs may enter a data set, and brings the two images of a pair to one view and size."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images, regular
from mfjax.data.pairs import infrared_pixels
from mfjax.data.sets.alignment import Alignment, alignment
from mfjax.data.sets.layouts import Candidate, Layout, View
from mfjax.data.sets.views import crop_to_view, to_unit
from mfjax.errors import MfjaxError
from mfjax.inference import sizes


@dataclass(frozen=True)
class Requirements:
    """Conditions that a pair must meet, besides being complete, readable, and of one aspect."""

    min_alignment: float = 0.0
    min_side: int = images.MIN_SIDE
    """Smallest number of pixels that a side of the pair may have, once both images are of one size."""
    homographies: dict[tuple[int, int], View] | None = None
    """Homographies in place of the layout's views, from infrared to visible pixels, (x, y), by visible image size."""
    views: dict[tuple[int, int], View] | None = None
    """Views in place of the layout's, by visible image size; pairs of other sizes are left out."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_alignment <= 1:
            raise MfjaxError(f"the smallest alignment is {self.min_alignment}; it must be in [0, 1]")


class LeftOut(NamedTuple):
    """A pair that does not enter the data set."""

    name: str
    kind: str  # one word, by which reasons are counted
    reason: str


class Fit(NamedTuple):
    """A pair that enters the data set: the files' bytes as they are, and its measurements."""

    name: str
    ir: bytes
    vis: bytes
    view: View
    size: tuple[int, int]  # rows and columns of the pair at one size
    alignment: Alignment


def examine(candidate: Candidate, layout: Layout, wanted: Requirements) -> Fit | LeftOut:
    """Returns the pair if it is fit, or the reason why it is left out. It reads both files completely.

    Args:
        candidate: the files of the pair.
        layout: the data set's layout, which knows its cameras' views.
        wanted: the conditions to meet.
    """
    name, ir_file, vis_file = candidate
    if ir_file is None or vis_file is None:
        missing, present = ("infrared", vis_file) if ir_file is None else ("visible", ir_file)
        return LeftOut(name, "incomplete", f"{present} has no {missing} partner")
    try:
        ir_bytes, vis_bytes = regular.read_bytes(ir_file), regular.read_bytes(vis_file)
        ir = infrared_pixels(images.decode(ir_bytes, ir_file), ir_file)
        vis = images.luma(images.decode(vis_bytes, vis_file))
    except (MfjaxError, OSError) as error:
        return LeftOut(name, "unreadable", str(error))
    view = _view(ir.shape, vis.shape, layout, wanted)
    if view is None:
        return LeftOut(name, "view", f"which part of {_size(vis)} infrared sees is not known; give a homography for it")
    try:
        seen = crop_to_view(vis, view)
    except MfjaxError as error:
        return LeftOut(name, "view", f"{vis_file}: {error}")
    if sizes.aspects_apart(seen.shape, ir.shape) > sizes.ASPECTS_DIFFER:
        return LeftOut(name, "aspect", f"infrared is {_size(ir)} but visible, as infrared sees it, {_size(seen)}")
    ir, vis = to_same_size(ir, seen)
    if min(ir.shape) < wanted.min_side:
        return LeftOut(name, "size", f"{_size(ir)}; {wanted.min_side} pixels a side are wanted")
    measured = alignment(ir, vis)
    if measured.score < wanted.min_alignment:
        return LeftOut(
            name,
            "alignment",
            f"{measured.score:.2f}, below {wanted.min_alignment:g}; moved by {measured.rows:+.0f} rows and "
            f"{measured.cols:+.0f} columns, visible would lie best",
        )
    return Fit(name, ir_bytes, vis_bytes, view, (ir.shape[0], ir.shape[1]), measured)


def open_pair(ir: bytes, vis: bytes, view: View, name: str) -> tuple[NDArray, NDArray]:
    """Returns the luma of a pair, uint8 [h, w], at one view and one size.

    Args:
        ir: the bytes of the infrared file.
        vis: the bytes of the visible file.
        view: the part of the visible image that infrared sees.
        name: name of the pair, for messages.

    Raises:
        MfjaxError: an image is damaged, or infrared sees more than the visible image.
    """
    file = Path(name)
    first, second = infrared_pixels(images.decode(ir, file), file), images.luma(images.decode(vis, file))
    return to_same_size(first, crop_to_view(second, view))


def to_same_size(ir: NDArray, vis: NDArray) -> tuple[NDArray, NDArray]:
    """Returns both images at the smaller one's rows and columns, averaged over areas; equal sizes are left unchanged.

    Args:
        ir: the infrared image, [h, w].
        vis: the visible image, [h, w].
    """
    rows, cols = np.minimum(ir.shape, vis.shape).tolist()
    first, second = (
        image if image.shape == (rows, cols) else cv2.resize(image, (cols, rows), interpolation=cv2.INTER_AREA)
        for image in (ir, vis)
    )
    return first, second


def summary(kept: int, left_out: Iterable[LeftOut]) -> str:
    """Returns the numbers kept and left out as text: "kept 95,316 of 95,328; left out 12: 7 unreadable, 5 aspect".

    Args:
        kept: number of pairs that are kept.
        left_out: the pairs that are left out.
    """
    kinds = Counter(entry.kind for entry in left_out)
    text = f"kept {kept:,} of {kept + kinds.total():,}"
    if kinds:
        text += f"; left out {kinds.total():,}: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    return text


def _view(ir_size: tuple[int, ...], vis_size: tuple[int, ...], layout: Layout, wanted: Requirements) -> View | None:
    (h, w), (rows, cols) = ir_size, vis_size
    if wanted.views is not None:
        return wanted.views.get((rows, cols))
    if wanted.homographies is None or (rows, cols) not in wanted.homographies:
        return layout.view((h, w), (rows, cols))
    pixels: View = wanted.homographies[rows, cols]
    view = to_unit(rows, cols) @ pixels @ np.linalg.inv(to_unit(h, w))
    return view / view[2, 2]


def _size(image: NDArray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"
