"""Frames: the field of view of an output, and where both sources lie under it."""

import math
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np

from mfjax.alignment import geometry
from mfjax.alignment.geometry import Matrix
from mfjax.errors import MfjaxError
from mfjax.size import Size

View = Literal["visible", "infrared", "overlap"]
VIEWS: tuple[View, ...] = get_args(View)

FADE = 0.05  # largest width of the soft edge, as a share of the output's width
LEVEL_FADE = 0.16  # the same for the level, since eyes see a step of brightness where structure ends unnoticed
LEVEL_CELLS = 24  # pieces of the output's width; the level is what is left of finer structure
FADE_OF_GAP = 4.0  # most that a soft edge is wider than what lies beyond it, so that a thin gap costs little
ROUNDING = 1e-9  # relative error of a size by the arithmetic of its map
UNMOVED = 0.1  # pixels of a source; corners that are moved by less are not moved


class Frame(NamedTuple):
    """The field of view of an output. Maps are those of `geometry`, from the output to a source."""

    to_ir: Matrix
    to_vis: Matrix
    size: Size  # the (height, width), of the view's aspect, at which no source loses a pixel in the middle
    view: View

    @classmethod
    def of(cls, matrix: Matrix, ir: Size, vis: Size, view: View = "visible") -> Self:
        """Returns the frame of a view.

        Args:
            matrix: the map from the visible to the infrared image.
            ir: the infrared image's (height, width).
            vis: the visible image's (height, width).
            view: "visible" or "infrared", that camera's view; or "overlap", the largest upright rectangle of the
                visible image that both show.

        Raises:
            MfjaxError: it is none of these, or the images show nothing in common.
        """
        check_view(view)
        rectangle = common_rectangle(matrix, vis, view)
        if view == "infrared":
            to_vis: Matrix = np.linalg.inv(matrix)
            to_vis = to_vis / to_vis[2, 2]
            return cls(np.eye(3), to_vis, _finer(ir, vis, to_vis), view)
        crop: Matrix = np.eye(3)
        own = vis
        if view == "overlap":
            rows, cols = rectangle
            own = rows.stop - rows.start, cols.stop - cols.start
            crop = geometry.cropped(rows.start, cols.start, own, vis)
        return cls(matrix @ crop, crop, _finer(own, ir, matrix @ crop), view)

    def seen(self, size: Size) -> np.ndarray:
        """Returns how much of the fused image to show at each pixel, `[H, W]`; see `soft_mask`.

        Args:
            size: the output's (height, width).
        """
        return _mask(self.to_other, size, FADE)

    @property
    def to_other(self) -> Matrix:
        """Returns the map to the source that need not fill the view, the other one than that whose view it is."""
        return self.to_vis if self.view == "infrared" else self.to_ir

    @property
    def is_filled(self) -> bool:
        """Returns true if both sources show all of the view, so that nothing is to be faded."""
        return self.view == "overlap" or all(_gap(line) <= 0 for line in geometry.sides(self.to_other))


def check_view(view: View, *, aligned: bool = True) -> None:
    """Raises MfjaxError if there is no such view, or it is of aligned images only.

    Args:
        view: the view.
        aligned: both images are aligned.
    """
    if view not in VIEWS:
        raise MfjaxError(f"view is {view!r}; it is one of {', '.join(VIEWS)}")
    if not aligned and view != "visible":
        raise MfjaxError(f"view is {view!r}, which is of aligned images; give their alignment, too")


def common_rectangle(matrix: Matrix, vis: Size, view: View) -> tuple[slice, slice]:
    """Returns the rows and columns of the largest upright rectangle of the visible image that infrared shows, too.

    Args:
        matrix: the map from the visible to the infrared image.
        vis: the visible image's (height, width).
        view: the output's view; an overlap has 2 pixels a side at least.

    Raises:
        MfjaxError: there is none.
    """
    found = geometry.common_rectangle(matrix, vis)
    if found is None:
        raise MfjaxError("as they are aligned, the infrared and the visible image show nothing in common")
    height, width = (each.stop - each.start for each in found)
    if view == "overlap" and min(height, width) < 2:
        raise MfjaxError(f"as they are aligned, both images show only {height}x{width} pixels in common")
    return found


def faded(fused: Any, alone: Any, to_source: Any, *, xp: Any = np) -> Any:
    """Returns a fused image that softly becomes the image of one source where the other source ends.

    Structure ends within `FADE` of the width, and the level, which is not seen to change if it does so slowly, within
    `LEVEL_FADE`.

    Args:
        fused: the fused image, `[…, H, W]`.
        alone: the image of the source that is seen everywhere, `[…, H, W]`.
        to_source: the map from the output to the other source, `[3, 3]`.
        xp: as of `soft_mask`.
    """
    _, width = size = fused.shape[-2:]
    added = fused - alone
    rows, cols = (_splines(side, max(2, round(LEVEL_CELLS * side / width))) for side in size)
    coarse = (rows / rows.sum(axis=0)).T @ added @ (cols / cols.sum(axis=0))
    level = rows @ coarse @ cols.T
    slow, fast = (_mask(to_source, (size[0], size[1]), fade, xp) for fade in (LEVEL_FADE, FADE))
    return alone + slow * level + fast * (added - level)


def _mask(to_source: Any, size: Size, fade: float, xp: Any = np) -> Any:
    """Returns `soft_mask`; the last ones are kept, since all frames of a rig have the same."""
    return _kept(to_source.tobytes(), size, fade) if xp is np else soft_mask(to_source, size, fade=fade, xp=xp)


@lru_cache(2)
def _kept(to_source: bytes, size: Size, fade: float) -> np.ndarray:
    mask: np.ndarray = soft_mask(np.frombuffer(to_source).reshape(3, 3), size, fade=fade)
    mask.flags.writeable = False
    return mask


def _splines(length: int, count: int) -> np.ndarray:
    """Returns so many cubic B-splines that share an axis evenly, and add up to 1 everywhere, `[length, count]`."""
    at = (np.arange(length)[:, None] + 0.5) / length * count - (np.arange(-2, count + 2) + 0.5)
    far = np.abs(at)
    weights = np.where(far < 1, 2 / 3 - far**2 + far**3 / 2, np.maximum(2 - far, 0) ** 3 / 6)
    weights[:, 2] += weights[:, 0] + weights[:, 1]  # what lies beyond an end is its last piece
    weights[:, -3] += weights[:, -2] + weights[:, -1]
    return weights[:, 2:-2].astype(np.float32)


def soft_mask(to_source: Any, size: Size, *, fade: float = FADE, xp: Any = np) -> Any:
    """Returns how much of a source to show at each pixel of an output, `[H, W]`: 1, with a soft edge to 0 at its sides.

    A side that lies inside the output has an edge in the form of a raised cosine, on the source's own pixels, as wide
    as `fade` of the output but not wider than `FADE_OF_GAP` times what is missing beyond it.

    Args:
        to_source: the map from the output to the source, `[3, 3]`.
        size: the output's (height, width).
        fade: the largest width of an edge, as a share of the output's width.
        xp: the arrays' module, `numpy` or `jax.numpy`; the result is differentiable in the map.
    """
    height, width = size
    y = ((xp.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    x = ((xp.arange(width, dtype=np.float32) + 0.5) / width)[None]
    to_source = xp.asarray(to_source, np.float32)
    across = xp.asarray([1.0, width / height], np.float32)  # from lengths in output widths to shares of its sides
    mask = xp.ones(size, np.float32)
    for line in geometry.sides(to_source):
        slope = line[:2] * across
        length = xp.sqrt(slope @ slope + 1e-12)
        inside = (line[0] * x + line[1] * y + line[2]) / length  # distance from the side, in output widths
        gap = _gap(line, xp) / length
        wide = xp.clip(FADE_OF_GAP * gap, 1e-6, fade)
        edge = 0.5 - 0.5 * xp.cos(math.pi * xp.clip(inside / wide, 0, 1))
        mask = mask * xp.where(gap > 0, edge, 1)
    return mask


def is_unmoved(to_source: Matrix, source: Size) -> bool:
    """Returns true if a source covers the output as it is, to within `UNMOVED` of its pixels.

    Args:
        to_source: the map from the output to the source.
        source: the source's (height, width).
    """
    return geometry.moved_by(to_source, np.eye(3), source) <= UNMOVED


def _gap(line: Any, xp: Any = np) -> Any:
    """Returns how far the output reaches beyond a side of a source, in units of `geometry.sides`; at most 0: not."""
    corners = xp.asarray(geometry.CORNERS, np.float32)
    return -xp.min(corners @ line[:2] + line[2])


def _finer(own: Size, other: Size, to_other: Matrix) -> Size:
    """Returns the size of a view at the resolution of the finer one of its own source and another one."""
    if is_unmoved(to_other, other):
        return max((own, other), key=math.prod)
    finer = max(geometry.steps(to_other, other, own)) * (1 - ROUNDING)
    return own if finer <= 1 else (math.ceil(own[0] * finer), math.ceil(own[1] * finer))
