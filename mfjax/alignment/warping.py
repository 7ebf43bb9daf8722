"""Resampling a source to a frame, once, by Lanczos kernels: for arrays by OpenCV, in a pure function by JAX."""

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from mfjax.alignment import geometry
from mfjax.alignment.frames import is_unmoved
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.windows import Window, placed
from mfjax.errors import MfjaxError
from mfjax.size import Size

if TYPE_CHECKING:
    import jax

TAPS = 8  # source pixels along each axis that a pixel is made of
HALF = TAPS // 2
WHOLE = 1e-3  # pixels; a part of an image that is so near to whole pixels is cut out of it
LARGEST_SIDE = 2**15 - 2  # pixels, by OpenCV


def seen_through(image: np.ndarray, to_source: Matrix, size: Size) -> tuple[np.ndarray, Window | None]:
    """Returns a source as it lies under a frame: with its own pixels if it is only scaled and shifted, else resampled.

    Beyond its ends its last pixels are repeated.

    Args:
        image: the source in [0, 1], `[h, w]` or `[h, w, 3]`, float32.
        to_source: the map from the frame to the source.
        size: the (height, width) to resample to.

    Returns:
        A source that covers the frame, in [0, 1], not of that size if it is not resampled; and its place under the
        frame, None if it covers it exactly.

    Raises:
        MfjaxError: the source or the frame is larger than can be resampled.
    """
    source = image.shape[0], image.shape[1]
    if is_unmoved(to_source, source):
        return image, None
    if (part := _whole_part(to_source, source)) is not None:
        return np.ascontiguousarray(image[part]), None
    if (found := placed(image, to_source, size)) is not None:
        return found
    return resampled(image, to_source, size), None


def resampled(image: np.ndarray, to_source: Matrix, size: Size) -> np.ndarray:
    """Returns a source resampled to a frame, averaged first along an axis on which it is finer; clipped to [0, 1].

    Args:
        image: the source in [0, 1], `[h, w]` or `[h, w, 3]`, float32.
        to_source: the map from the frame to the source.
        size: the (height, width) to resample to.

    Raises:
        MfjaxError: the source or the frame is larger than can be resampled.
    """
    rows, cols = image.shape[:2]
    down, right = np.maximum(geometry.steps(to_source, (rows, cols), size), 1)
    # Pixels of the averaged image are as large as those of the frame, each along the axis that is nearest to its own.
    turned = abs(geometry.jacobian(to_source)[0, 0] * cols / size[1]) < 0.7 * right
    down, right = (right, down) if turned else (down, right)
    coarse = max(2, math.ceil(rows / down)), max(2, math.ceil(cols / right))
    if coarse != (rows, cols):
        image = np.asarray(cv2.resize(image, coarse[::-1], interpolation=cv2.INTER_AREA), image.dtype)
    if max(*size, *coarse) > LARGEST_SIDE:
        raise MfjaxError(f"aligning {rows}x{cols} to {size[0]}x{size[1]}: sides have at most {LARGEST_SIDE:,} pixels")
    to_pixels = geometry.to_pixels(coarse) @ to_source @ np.linalg.inv(geometry.to_pixels(size))
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    made = cv2.warpPerspective(image, to_pixels, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(made, 0, 1, out=made)


def resampled_purely(image: "jax.Array", to_source: Any, size: Size) -> "jax.Array":
    """Returns sources resampled to a frame, `[n, H, W, 1]`, differentiable in them and in the map; not clipped.

    It does what `resampled` does, exactly where OpenCV rounds places to 1/32 pixel, but does not average.

    Args:
        image: the sources, `[n, h, w, 1]`.
        to_source: the map from the frame to the sources, `[3, 3]`; may be traced.
        size: the (height, width) to resample to.
    """
    import jax
    import jax.numpy as jnp

    h, w = image.shape[1:3]
    y, x = jnp.meshgrid(*((jnp.arange(side) + 0.5) / side for side in size), indexing="ij")
    places = geometry.mapped(to_source, jnp.stack([x, y], axis=-1)) * jnp.array([w, h]) - 0.5
    places = jnp.clip(places, -1.0, jnp.array([w, h], places.dtype))  # beyond, all is one pixel
    first = jnp.floor(places)
    weights = [_lanczos(places[..., axis] - first[..., axis]) for axis in range(2)]  # each [TAPS, H, W]
    col, row = jnp.moveaxis(first.astype(jnp.int32), -1, 0)
    flat = image.reshape(image.shape[0], h * w)

    @jax.checkpoint
    def add_row(total: jax.Array, tap: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        number, weight = tap
        start = jnp.clip(row + number - (HALF - 1), 0, h - 1) * w
        line = jnp.zeros_like(total)
        for i in range(TAPS):
            at = start + jnp.clip(col + i - (HALF - 1), 0, w - 1)
            line = line + weights[0][i] * jnp.take(flat, at, axis=1)
        return total + weight * line, None

    nothing = jnp.zeros((image.shape[0], *size), image.dtype)
    made, _ = jax.lax.scan(add_row, nothing, (jnp.arange(TAPS), weights[1]))
    return made[..., None]


def _lanczos(fraction: Any) -> Any:
    """Returns the weights of the source pixels around a place, `[TAPS, …]`, which add up to 1.

    Args:
        fraction: how far the place lies beyond the pixel before it, in [0, 1).
    """
    import jax.numpy as jnp

    apart = fraction - (jnp.arange(TAPS) - (HALF - 1)).reshape(-1, *([1] * fraction.ndim))
    weights = jnp.sinc(apart) * jnp.sinc(apart / HALF)
    return weights / weights.sum(axis=0)


def _whole_part(to_source: Matrix, source: Size) -> tuple[slice, slice] | None:
    """Returns the rows and columns of a source that a frame shows, if these are whole pixels of it, else None."""
    corners = geometry.mapped(to_source, geometry.CORNERS) * source[::-1]
    whole = np.rint(corners).astype(int)
    (left, top), (right, bottom) = whole[0], whole[2]
    as_part = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    inside = 0 <= left < right <= source[1] and 0 <= top < bottom <= source[0]
    if not inside or np.abs(corners - as_part).max() > WHOLE:
        return None
    return slice(top, bottom), slice(left, right)
