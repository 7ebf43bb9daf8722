"""Infrared ranges: which values of an infrared image are black and white."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.messages import NOTE


@dataclass(frozen=True)
class Celsius:
    """A range in degrees, of which the lower end is black and the higher white."""

    low: float
    high: float


IrRange = Literal["full", "auto", "auto:all"] | tuple[float, float] | Celsius | None

AUTO_PERCENTILES = 0.1, 99.9  # far enough out to drop dead pixels, and near enough to keep a small hot target
SMALL_SPAN = 1 / 4  # share of the 16-bit range that a 14-bit sensor can use at most
MOST_CLIPPED = 0.05  # share of black and white pixels above which that is said
SAMPLE = 2**16  # most values of an image that count for the range of many
NOTICED = 0.01  # change of a range, as a share of it, from which on a border is worth a line

# Values that programs write where there are no data; they count as such if they are far from all others, too.
FILL = (0, 65_535, -9999, -32_768, -99_999, np.float32(-273.15))
HUGE = 1e30  # also the largest end of a range that is given, whose inverse is the least distance of both

logger = logging.getLogger("mfjax")


class _Data(NamedTuple):
    """The values of an image that its range is to fit, and what is to be said of the others."""

    values: NDArray[np.float32]
    notes: tuple[str, ...]


def check_ir_range(ir_range: IrRange) -> IrRange:
    """Returns an infrared range unchanged, except that two numbers become a tuple of floats.

    Args:
        ir_range: the range.

    Raises:
        MfjaxError: it is not None, "full", "auto", "auto:all", two increasing numbers or degrees.
    """
    if ir_range is None:
        return None
    if isinstance(ir_range, str):
        if ir_range in ("full", "auto", "auto:all"):
            return ir_range
    else:
        try:
            ends = (ir_range.low, ir_range.high) if isinstance(ir_range, Celsius) else ir_range
            low, high = (float(bound) for bound in ends)
        except (TypeError, ValueError):
            low = high = math.nan
        if -HUGE <= low < high <= HUGE and high - low >= 1 / HUGE:
            return ir_range if isinstance(ir_range, Celsius) else (low, high)
    raise MfjaxError(f'infrared range is {ir_range!r}; it is "full", "auto", "auto:all", or a low and a higher value')


def resolve(
    ir: NDArray, ir_range: IrRange = None, *, nodata: float | None = None
) -> Literal["full"] | tuple[float, float]:
    """Returns the two values of an infrared image that are black and white, or "full"; logs what it decides.

    Args:
        ir: the image, [h, w] or [h, w, 3], in which NaN are pixels without data.
        ir_range: "full": the ends of the type's range (0 and 1 for floats); "auto": the image's own 0.1 and 99.9
            percentiles, without pixels that have no data, values that stand for such (0, 65535, -9999 and the like, far
            from all others) and a border of one value; two values: these. None: "auto" for 16 bits of which at most a
            quarter of the range is used, else "full". "auto:all" is "auto", since this is all.
        nodata: the value of integer pixels that have no data; None: there is none.

    Raises:
        MfjaxError: the range is none of these, or "full" and there are NaN or values outside [0, 1].
    """
    ir_range = check_ir_range(ir_range)
    if isinstance(ir_range, Celsius):
        raise MfjaxError("infrared is an array, which has no unit; give its range as two numbers, without C")
    if ir.dtype != np.uint16 and (ir_range is None or ir_range == "full"):
        _refuse_full(ir)
        return "full"
    data = _data(ir, nodata)
    if isinstance(ir_range, tuple):
        _warn_if_clipped(data.values, ir_range)
        return ir_range
    narrow = _narrow_span(ir, data.values)
    if ir_range is None and narrow:
        logger.warning(
            'infrared uses only %s: stretched as by ir_range="auto" (--ir-range auto); "auto:all" or two values '
            'instead are the same for all images, and "full" leaves it flat',
            narrow,
            extra=NOTE,
        )
        ir_range = "auto"
    if ir_range is None or ir_range == "full":
        if narrow:
            logger.warning(
                'infrared uses only %s and will look flat; ir_range="auto" (--ir-range auto) stretches it', narrow
            )
        return "full"
    return _own(data)


def own(ir: NDArray, *, nodata: float | None = None) -> tuple[float, float]:
    """Returns the range "auto" of an image, and logs what is left out, as `resolve` does.

    Args:
        ir: as of `resolve`.
        nodata: as of `resolve`.

    Raises:
        MfjaxError: no pixel has data.
    """
    return _own(_data(ir, nodata))


def sample(ir: NDArray, nodata: float | None = None) -> NDArray[np.float32]:
    """Returns some values of an infrared image that stand for all, in order, for `of_samples`.

    Args:
        ir: the image, as of `resolve`.
        nodata: as of `resolve`.

    Raises:
        MfjaxError: no pixel has data.
    """
    values = np.sort(_data(ir, nodata).values)
    return values[np.linspace(0, values.size - 1, min(values.size, SAMPLE)).astype(int)]


def of_samples(samples: Sequence[NDArray[np.float32]]) -> tuple[float, float]:
    """Returns one range for many images: the 0.1 and 99.9 percentiles of all, of which each counts alike.

    Args:
        samples: of each image, by `sample`.

    Raises:
        MfjaxError: there are none, or all have one value.
    """
    if not samples:
        raise MfjaxError("there are no infrared images to take a range of")
    most = max(each.size for each in samples)
    even = [each[np.linspace(0, each.size - 1, most).astype(int)] for each in samples]
    low, high = _percentiles(np.concatenate(even))
    if low == high:
        raise MfjaxError(f"all infrared images have the value {low:g} everywhere; there is no range to take of them")
    return low, high


def without_data(ir: NDArray, nodata: float | None = None) -> NDArray[np.bool_]:
    """Returns true for the pixels of an infrared image that have no data: NaN, or the value that stands for that.

    Args:
        ir: the image, [h, w] or [h, w, 3].
        nodata: the value; None: there is none.
    """
    missing = ~np.isfinite(ir) if ir.dtype.kind == "f" else np.zeros(ir.shape, bool)
    if nodata is not None and not math.isnan(nodata):
        missing |= ir == ir.dtype.type(nodata) if ir.dtype.kind == "f" else ir == nodata
    return np.asarray(missing.all(axis=-1) if ir.ndim == 3 else missing, bool)


def _own(data: _Data) -> tuple[float, float]:
    for note in data.notes:
        logger.warning("infrared: %s", note)
    return _percentiles(data.values)


def _percentiles(values: NDArray) -> tuple[float, float]:
    if np.abs(values).max() > HUGE:  # between which float32 has no room for differences
        values = values.astype(np.float64)
    low, high = np.percentile(values, AUTO_PERCENTILES)
    return float(low), float(high)


def _data(ir: NDArray, nodata: float | None) -> _Data:
    """Returns the values that the range of an image is to fit."""
    luma = images.to_luma(ir.astype(np.float32))
    missing = without_data(ir, nodata)
    known = luma[~missing]
    if not known.size:
        raise MfjaxError("infrared has no data at all: every pixel is NaN or the file's no-data value")
    notes = []
    inside = np.zeros(luma.shape, bool)
    rows, cols = luma.shape
    top, bottom, left, right = images.ImageFile(ir).border
    inside[top : rows - bottom, left : cols - right] = True
    framed = luma[inside & ~missing]
    if framed.size and framed.size < known.size:
        (low, high), (inner_low, inner_high) = _percentiles(known), _percentiles(framed)
        if max(abs(low - inner_low), abs(high - inner_high)) > NOTICED * (inner_high - inner_low):
            sides = f"{top} rows at the top, {bottom} at the bottom, {left} columns left, {right} right"
            notes.append(f"a border of one value ({sides}) is left out of the range")
        known = framed
    if ir.dtype != np.uint8:  # eight bits leave no room for values that mean something else
        for extreme in (known.min(), known.max()):
            others = known[known != extreme]
            count = known.size - others.size
            known_fill = abs(extreme) >= HUGE or extreme in FILL
            with np.errstate(over="ignore"):  # what is too far for float32 is infinitely far
                far = known_fill and count > 1 and others.size and np.abs(others - extreme).min() > np.ptp(others) > 0
            if far:
                notes.append(f"{count} pixels of {extreme:g}, far from all others, are left out of the range")
                known = others
    return _Data(known, tuple(notes))


def _warn_if_clipped(values: NDArray, ends: tuple[float, float]) -> None:
    """Logs which share of the pixels a range makes black or white, if that is much."""
    low, high = ends
    below, above = np.count_nonzero(values < low) / values.size, np.count_nonzero(values > high) / values.size
    if below + above > MOST_CLIPPED:
        logger.warning(
            "infrared: %.0f %% of the pixels are below %g and become black, %.0f %% are above %g and become white; "
            'ir_range="auto" (--ir-range auto) takes in all but a few',
            *(100 * below, low, 100 * above, high),
        )


def _refuse_full(ir: NDArray) -> None:
    """Raises MfjaxError if a float image has values that are not from 0 to 1."""
    if ir.dtype.kind != "f":
        return
    way_out = 'pass ir_range="auto" (--ir-range auto) or'
    if strange := ir.size - np.count_nonzero(np.isfinite(ir)):
        raise MfjaxError(f"infrared has {strange} NaN or infinite values; {way_out} replace them")
    if ir.min() < 0 or ir.max() > 1:
        found = f"from {ir.min():g} to {ir.max():g}"
        raise MfjaxError(f"infrared has values {found}, outside [0, 1]; {way_out} rescale it")


def _narrow_span(ir: NDArray, values: NDArray) -> str | None:
    """Returns the used part of its range as text if a 16-bit image uses little of it, as a raw thermal one does."""
    if ir.dtype != np.uint16:
        return None
    low, high = int(values.min()), int(values.max())
    return f"{low} to {high} of 0 to 65535" if 0 < high - low <= SMALL_SPAN * 65_535 else None
