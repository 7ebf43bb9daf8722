"""Checks of the two source images, and the conversion of their values to luma in [0, 1].

A source is [h, w] or [h, w, 3] (RGB), uint8, uint16 or floating point, at least two pixels a side.
"""

import logging
import math
from typing import Any, Literal

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError

IrRange = Literal["full", "auto"] | tuple[float, float] | None

AUTO_PERCENTILES = 0.1, 99.9  # far enough out to drop dead pixels, and near enough to keep a small hot target
SMALL_SPAN = 1 / 4  # share of the 16-bit range that a 14-bit sensor can use at most

logger = logging.getLogger("mfjax")


def as_source(image: Any, name: str) -> np.ndarray:
    """Returns an image as an array, after checking that its shape, type and values are those of a source.

    Args:
        image: anything that `np.asarray` takes.
        name: its name in errors, "infrared" or "visible".

    Raises:
        MfjaxError: it has another shape or type, is too small, or has NaN or infinite values.
    """
    array = np.asarray(image)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] != 3):
        raise MfjaxError(f"{name} has shape {array.shape}; an image is [h, w] (gray) or [h, w, 3] (RGB)")
    if min(array.shape[:2]) < 2:
        rows, cols = array.shape[:2]
        raise MfjaxError(f"{name} is {rows}x{cols}; an image has at least 2 pixels a side")
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise MfjaxError(f"{name} is {array.dtype}; pass uint8, uint16, or float in [0, 1]")
    if array.dtype.kind == "f" and (strange := array.size - np.count_nonzero(np.isfinite(array))):
        raise MfjaxError(f"{name} has {strange} NaN or infinite values")
    return array


def visible_values(vis: np.ndarray) -> np.ndarray:
    """Returns a visible source as float32 in [0, 1], in its own shape.

    Args:
        vis: the source.

    Raises:
        MfjaxError: a float image has values outside [0, 1].
    """
    _refuse_outside_unit(vis, "visible", "rescale it")
    return images.to_float(vis)


def infrared_luma(ir: np.ndarray, ir_range: IrRange = None) -> np.ndarray:
    """Returns an infrared source as float32 [h, w] in [0, 1].

    Args:
        ir: the source; the luma is taken of an image in colour, which is logged.
        ir_range: the values that are black and white. "full": the ends of the type's range (0 and 1 for floats);
            "auto": the image's own 0.1 and 99.9 percentiles; (low, high): these, in the image's own units. None:
            "auto" for 16 bits of which at most a quarter of the range is used, which is logged; else "full".

    Raises:
        MfjaxError: `ir_range` is none of these, or "full" and a float image has values outside [0, 1].
    """
    ir_range = check_ir_range(ir_range)
    if images.is_colour(ir):
        logger.warning("infrared is in colour: its luma is fused, which in a false-colour palette is not heat")
    narrow = _narrow_span(ir)
    if ir_range is None and narrow:
        logger.warning(
            'infrared uses only %s: stretched as by ir_range="auto" (--ir-range auto); two values instead are the same '
            'for all images, and "full" leaves it flat',
            narrow,
        )
        ir_range = "auto"
    if ir_range is None or ir_range == "full":
        _refuse_outside_unit(ir, "infrared", 'pass ir_range="auto" (--ir-range auto) or rescale it')
        if narrow:
            logger.warning(
                'infrared uses only %s and will look flat; ir_range="auto" (--ir-range auto) stretches it', narrow
            )
        return images.to_luma(images.to_float(ir))
    luma = images.to_luma(ir.astype(np.float32))
    low, high = np.percentile(luma, AUTO_PERCENTILES) if ir_range == "auto" else ir_range
    if high == low:  # only the percentiles of a flat image
        return np.zeros_like(luma)
    return np.clip((luma - low) / (high - low), 0, 1).astype(np.float32)


def check_ir_range(ir_range: IrRange) -> IrRange:
    """Returns an infrared range unchanged, except that two numbers become a tuple of floats.

    Args:
        ir_range: the range.

    Raises:
        MfjaxError: it is not None, "full", "auto" or two increasing numbers.
    """
    if ir_range is None:
        return None
    if isinstance(ir_range, str):
        if ir_range in ("full", "auto"):
            return ir_range
    else:
        try:
            low, high = (float(bound) for bound in ir_range)
        except (TypeError, ValueError):
            low = high = math.nan
        if -math.inf < low < high < math.inf:
            return low, high
    raise MfjaxError(f'infrared range is {ir_range!r}; it is "full", "auto", or a low and a higher value')


def _refuse_outside_unit(image: np.ndarray, name: str, way_out: str) -> None:
    """Raises MfjaxError if a float image leaves [0, 1]."""
    if image.dtype.kind == "f" and (image.min() < 0 or image.max() > 1):
        found = f"from {image.min():g} to {image.max():g}"
        raise MfjaxError(f"{name} has values {found}, outside [0, 1]; {way_out}")


def _narrow_span(ir: np.ndarray) -> str | None:
    """Returns the used part of its range as text if a 16-bit image uses little of it, as a raw thermal one does."""
    if ir.dtype != np.uint16:
        return None
    low, high = int(ir.min()), int(ir.max())
    return f"{low} to {high} of 0 to 65535" if 0 < high - low <= SMALL_SPAN * 65_535 else None
