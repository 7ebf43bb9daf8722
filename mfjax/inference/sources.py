"""Checks of the two source images, and the conversion of their values to luma in [0, 1].

A source is [h, w] or [h, w, 3] (RGB), uint8, uint16 or floating point, at least two pixels a side.
"""

import logging
from typing import Any

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.inference import ranges
from mfjax.inference.ranges import IrRange

logger = logging.getLogger("mfjax")


def as_source(image: Any, name: str, *, nan: bool = False) -> np.ndarray:
    """Returns an image as an array, after checking that its shape, type and values are those of a source.

    Args:
        image: anything that `np.asarray` takes.
        name: its name in errors, "infrared" or "visible".
        nan: take NaN and infinite values.

    Raises:
        MfjaxError: it has another shape or type, is too small, or has NaN or infinite values without `nan`.
    """
    array = np.asarray(image)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] != 3):
        raise MfjaxError(f"{name} has shape {array.shape}; an image is [h, w] (gray) or [h, w, 3] (RGB)")
    if min(array.shape[:2]) < 2:
        rows, cols = array.shape[:2]
        raise MfjaxError(f"{name} is {rows}x{cols}; an image has at least 2 pixels a side")
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise MfjaxError(f"{name} is {array.dtype}; pass uint8, uint16, or float in [0, 1]")
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        largest = np.abs(array, where=np.isfinite(array), out=np.zeros_like(array)).max()
        if largest > np.finfo(np.float32).max:
            raise MfjaxError(f"{name} has values up to {largest:g}, beyond those of float32; scale them first")
    if array.dtype.kind == "f" and not nan and (strange := array.size - np.count_nonzero(np.isfinite(array))):
        raise MfjaxError(f"{name} has {strange} NaN or infinite values")
    return array


def doubt_order(ir: np.ndarray, vis: np.ndarray) -> None:
    """Logs it if the sources look as if they were exchanged.

    Args:
        ir: the infrared source.
        vis: the visible one.
    """
    if images.is_colour(ir) and not images.is_colour(vis):
        logger.warning("infrared is in colour and visible is gray: are they exchanged? Infrared comes first")


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
    """Returns an infrared source as float32 [h, w] in [0, 1], where NaN is as cold as can be.

    Args:
        ir: the source; the luma is taken of an image in colour, which is logged.
        ir_range: the values that are black and white, as of `mfjax.inference.ranges.resolve`.

    Raises:
        MfjaxError: as `resolve` does.
    """
    if images.is_colour(ir):
        logger.warning("infrared is in colour: its luma is fused, which in a false-colour palette is not heat")
    ends = ranges.resolve(ir, ir_range)
    if ends == "full":
        return images.to_luma(images.to_float(ir))
    low, high = ends
    missing = ranges.without_data(ir)
    if missing.any():
        count = np.count_nonzero(missing)
        logger.warning("infrared: %d of %d pixels are NaN, shown as the coldest", count, missing.size)
    luma = images.to_luma(ir.astype(np.float32))
    if high == low:  # only the percentiles of a flat image
        return np.zeros_like(luma)
    if not 1 / ranges.HUGE <= high - low <= ranges.HUGE:  # which float32 has no room for
        luma = luma.astype(np.float64)
    with np.errstate(over="ignore"):  # what is too far for float32 is clipped
        return np.where(missing, 0, np.clip((luma - low) / (high - low), 0, 1)).astype(np.float32)


def _refuse_outside_unit(image: np.ndarray, name: str, way_out: str) -> None:
    """Raises MfjaxError if a float image leaves [0, 1]."""
    if image.dtype.kind == "f" and (image.min() < 0 or image.max() > 1):
        found = f"from {image.min():g} to {image.max():g}"
        raise MfjaxError(f"{name} has values {found}, outside [0, 1]; {way_out}")
