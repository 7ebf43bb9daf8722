"""The output's size, and checks that two sources can show the same view and that the free memory suffices."""

import functools
import logging
import math
import operator
from typing import Any

from mfjax import memory
from mfjax.errors import MfjaxError
from mfjax.inference import stepping
from mfjax.size import Size

PartialSize = tuple[int | None, int | None]  # (height, width) in pixels; a side that is None follows from the other

ASPECTS_DIFFER = 0.20  # relative difference of aspects above which two images can't show one view
ASPECTS_ABOUT_EQUAL = 0.02  # relative difference below which nothing is said, as that of two real sensors

WORKING_BYTES = 2**30  # most memory for the parts of an image that are worked on

# Fitted to the peak memory of the default architecture on a CPU, by either engine, at eight combinations of sizes up to
# 8192x8192, to within 40 %. Extraction and tiles take at most `WORKING_BYTES`, since they work on parts of the image.
FIXED_BYTES = 600_000_000
SOURCE_BYTES = 13  # for each pixel of both sources: the image, twice
FEATURE_BYTES = 32  # for each pixel of both sources as the network sees them, averaged or enlarged
EXTRACTION_BYTES = 2_200  # for each pixel of the larger of these
KEPT_BYTES = 260  # for each pixel of the output: super-resolved tiles
AT_ONCE_BYTES = 5_000  # instead, at factors that are not whole, of an output that OpenVINO composes at once
AT_ONCE_PIXELS = 2**19  # most pixels of such an output
TILE_BYTES = 800  # for each pixel of the canvas of one tile
OUTPUT_BYTES, COLOUR_BYTES = 8, 12  # for each pixel of the output; additionally for each in colour

LARGEST_SIDE = 2**31 - 1  # pixels a side of the largest image that any file format holds

logger = logging.getLogger("mfjax")


def check_requested_size(size: PartialSize | None, scale: float | None) -> None:
    """Raises MfjaxError if a size or a scale is impossible for any sources.

    Args:
        size: the wanted (height, width), of which one or both may be None; None: no size is given.
        scale: the output's size as a multiple of the larger source's; None: no scale is given.
    """
    if scale is not None:
        if size is not None:
            raise MfjaxError("give a size (--height, --width) or a scale (--scale), not both")
        if not (math.isfinite(scale) and scale > 0):
            raise MfjaxError(f"scale is {scale:g}; it must be positive")
        if scale > LARGEST_SIDE:
            raise MfjaxError(f"scale is {scale:g}; no image is so large")
    try:
        height, width = (side if side is None else operator.index(side) for side in _sides(size))
    except (TypeError, ValueError):
        raise MfjaxError(f"size is {size!r}; it is (height, width) in whole pixels") from None
    for name, side in (("height", height), ("width", width)):
        if side is not None and side < 1:
            raise MfjaxError(f"{name} is {side}; the output needs at least one pixel")
        if side is not None and side > LARGEST_SIDE:
            raise MfjaxError(f"{name} is {side}; no image is so large")


def output_size(ir: Size, vis: Size, *, size: PartialSize | None = None, scale: float | None = None) -> Size:
    """Returns the output's (height, width).

    Args:
        ir: the infrared image's size.
        vis: the visible image's size.
        size: the wanted (height, width); a side that is None follows from the larger source's aspect.
        scale: the output's size as a multiple of the larger source's, instead of `size`.

    Returns:
        The size; by default that of the source with more pixels, the visible one if both have as many.

    Raises:
        MfjaxError: the size is not positive, or both `size` and `scale` are given.
    """
    check_requested_size(size, scale)
    rows, cols = max((vis, ir), key=math.prod)
    if scale is None:
        height, width = _complete(_sides(size), rows, cols)
    else:
        height, width = round(rows * scale), round(cols * scale)
    if height < 1 or width < 1:
        raise MfjaxError(f"the output would be {height}x{width}; it needs at least one pixel a side")
    return int(height), int(width)


def _sides(size: PartialSize | None) -> PartialSize:
    """Returns both sides of a size, None where they are not given."""
    return (None, None) if size is None else size


def _complete(size: PartialSize, rows: int, cols: int) -> Size:
    """Returns a size whose missing sides follow from those of an image."""
    height, width = size
    if height is None:
        return (rows, cols) if width is None else (round(rows * width / cols), width)
    return height, round(cols * height / rows) if width is None else width


def check_aspects(ir: Size, vis: Size, *, stretch: bool = False) -> None:
    """Refuses two sources that can't show the same view, and warns if their aspects differ a little.

    Args:
        ir: the infrared image's size.
        vis: the visible image's size.
        stretch: accept any difference without a warning.

    Raises:
        MfjaxError: their aspects differ by more than 20 %.
    """
    difference = aspects_apart(ir, vis)
    if stretch or difference <= ASPECTS_ABOUT_EQUAL:
        return
    shapes = f"infrared is {_describe(ir)} but visible is {_describe(vis)}"
    if difference > ASPECTS_DIFFER:
        raise MfjaxError(f"{shapes}: they can't show the same view; crop one of them, or pass stretch=True (--stretch)")
    logger.warning("%s: %.0f %% apart, stretched to the same view", shapes, 100 * difference)


def check_result(fused: Size, ir: Size, vis: Size) -> None:
    """Refuses a fused image that has the aspect of neither source, so that it can't show their view.

    Args:
        fused: the fused image's size.
        ir: the infrared image's size.
        vis: the visible image's size.

    Raises:
        MfjaxError: its aspect differs by more than 20 % from both.
    """
    if min(aspects_apart(fused, ir), aspects_apart(fused, vis)) > ASPECTS_DIFFER:
        sources = f"infrared is {_describe(ir)} and visible {_describe(vis)}"
        raise MfjaxError(f"the fused image is {_describe(fused)} but {sources}: it can't show the same view")


def aspects_apart(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Returns the relative difference of two sizes' aspects, 0 if they are equal.

    Args:
        one: a size, (height, width).
        other: another size.
    """
    aspects = one[0] / one[1], other[0] / other[1]
    return max(aspects) / min(aspects) - 1


def _describe(size: Size) -> str:
    """Returns a size with its aspect as text, such as 512x640 (4:5) or 301x496 (1:1.65)."""
    rows, cols = size
    common = math.gcd(rows, cols)
    aspect = f"{rows // common}:{cols // common}"
    if max(rows, cols) // common > 32:
        aspect = f"1:{cols / rows:.2f}"
    return f"{rows}x{cols} ({aspect})"


def are_luma(ir: tuple[int, ...], vis: tuple[int, ...]) -> bool:
    """Returns true if two shapes are those of luma images or of equally long batches of them, and not of RGB images.

    Args:
        ir: the infrared array's shape.
        vis: the visible array's shape.
    """
    if len(ir) != len(vis) or len(ir) not in (2, 3):
        return False
    return len(ir) == 2 or (ir[0] == vis[0] and not ir[2] == vis[2] == 3)


def memory_needed(
    ir: Size,
    vis: Size,
    out: Size,
    *,
    colour: bool = False,
    largest_factor: float = stepping.LARGEST_FACTOR,
    working: int = WORKING_BYTES,
) -> int:
    """Returns about how many bytes it takes to fuse two sources to an output size.

    Args:
        ir: the infrared image's size.
        vis: the visible image's size.
        out: the output's size.
        colour: true if the output is in colour.
        largest_factor: the largest factor by which the model enlarges in one pass.
        working: most bytes for the parts of an image that are worked on, and for the tiles that are kept.
    """
    pixels = math.prod(out)
    worked_on = [math.prod(map(min, stepping.plan_sizes(source, out, largest_factor)[-1], out)) for source in (ir, vis)]
    parts = min(EXTRACTION_BYTES * max(worked_on), working)
    kept = min(KEPT_BYTES * pixels, working)
    images = SOURCE_BYTES * (math.prod(ir) + math.prod(vis)) + FEATURE_BYTES * sum(worked_on)
    images += (OUTPUT_BYTES + COLOUR_BYTES * colour) * pixels
    return FIXED_BYTES + max(parts, kept) + images


def check_memory(ir: Size, vis: Size, out: Size, available: int | None, **options: Any) -> None:
    """Raises MfjaxError if fusing takes more memory than is available, and logs it once if parts must be smaller.

    Args:
        ir: the infrared image's size.
        vis: the visible image's size.
        out: the output's size.
        available: the free bytes; None: they are unknown, and nothing is checked.
        options: `colour` and `largest_factor` of `memory_needed`.
    """
    if available is None:
        return
    images, usual = (memory_needed(ir, vis, out, working=most, **options) for most in (0, WORKING_BYTES))
    least = min(usual, images * 4 // 3)  # since parts may take a quarter of what is free
    if least > available:
        raise MfjaxError(
            f"an output of {out[0]}x{out[1]} from {ir[0]}x{ir[1]} and {vis[0]}x{vis[1]} takes about "
            f"{_gigabytes(least)} of memory and {_free_gigabytes(available)} are free; ask for a smaller size"
        )
    if usual > available:
        say_smaller(out, usual)


@functools.lru_cache(100)
def say_smaller(size: Size, needed: int) -> None:
    """Logs that an output is made in smaller parts than usual, once for each size, if it would not fit otherwise.

    Args:
        size: the output's size.
        needed: the bytes that it would take otherwise.
    """
    free = memory.recent_host_memory()
    if free is None or needed <= free:
        return
    logger.warning(
        "an output of %dx%d is made in smaller parts, which may take longer, since it would take about %s of memory "
        "and %s are free",
        *(*size, _gigabytes(needed), _free_gigabytes(free)),
    )


def working_memory() -> int:
    """Returns the bytes to use for work that is faster with more memory: a quarter of the free ones, at most 1 GiB."""
    free = memory.recent_host_memory()
    return WORKING_BYTES if free is None else min(WORKING_BYTES, free // 4)


def pixels_at_once() -> int:
    """Returns the most pixels of an output to compose at once at factors that are not whole."""
    return _pixels_at_once(memory.recent_host_memory())


def _pixels_at_once(free: int | None) -> int:
    """Returns the same for a number of free bytes; None: it is unknown."""
    return AT_ONCE_PIXELS if free is None else min(AT_ONCE_PIXELS, free // 2 // AT_ONCE_BYTES)


def tile_bytes(canvas: Size) -> int:
    """Returns about how many bytes it takes to work on a tile in a canvas of a size."""
    return TILE_BYTES * math.prod(canvas)


def affordable_tile(tile: int, size: Size) -> int:
    """Returns a tile's side, or the largest that fits into half of the free memory if that is less, which is logged.

    Args:
        tile: pixels a side of a canvas.
        size: the output's size.
    """
    free = memory.host_memory()
    side = min(tile, max(size))
    if free is None or (needed := tile_bytes((side, side))) <= free // 2:
        return tile
    most = math.isqrt(free // 2 // TILE_BYTES)
    logger.warning(
        "tile is %d, which takes about %s of memory, and %s are free: tiles of %d are used",
        *(tile, _gigabytes(needed), _free_gigabytes(free), most),
    )
    return most


def _gigabytes(count: int) -> str:
    """Returns needed bytes as text in gigabytes, rounded up, so that they are never shown equal to fewer free ones."""
    return f"{math.ceil(count / 1e8) / 10:,.1f} GB"


def _free_gigabytes(count: int) -> str:
    """Returns free bytes as text in gigabytes, rounded down."""
    return f"{count // 10**8 / 10:,.1f} GB"
