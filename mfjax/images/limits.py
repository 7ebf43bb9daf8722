"""Refuses a file by the size that its header declares, before anything is decoded."""

from mfjax import memory
from mfjax.errors import MfjaxError

MIN_SIDE = 2  # a single row or column has no neighbour to interpolate from, nor any contrast along one of its axes
MAX_PIXELS = 2**31 - 1
MAX_PAGES = 1000

SMALL_BYTES = 2**26  # pixels of less are read without asking how much memory is free
MOST_COMPRESSED = 4096  # bytes of pixels from one of the file; the densest usual compression, LZW, reaches 2730


def check_declared(height: int, width: int, bytes_a_pixel: int, stored: int) -> None:
    """Raises MfjaxError if a picture of a declared size can't be read: too small, too large, or a compression bomb.

    Args:
        height: rows.
        width: columns.
        bytes_a_pixel: bytes of all channels of a pixel when it is decoded.
        stored: bytes of the file.
    """
    if min(height, width) < MIN_SIDE:
        raise MfjaxError(f"is {height}x{width}; images must be at least {MIN_SIDE}x{MIN_SIDE}")
    if height * width > MAX_PIXELS:
        raise MfjaxError(f"declares {height}x{width} pixels; at most 2^31 are read, so cut it into parts")
    needed = height * width * bytes_a_pixel
    if needed <= SMALL_BYTES:
        return
    if needed > MOST_COMPRESSED * stored:
        raise MfjaxError(f"declares {height}x{width} pixels in {stored:,} bytes, which no picture takes; make it again")
    free = memory.host_memory()
    if free is not None and 2 * needed > free:
        raise MfjaxError(
            f"declares {height}x{width} pixels, which take {2 * needed / 1e9:,.1f} GB of memory of which "
            f"{free / 1e9:,.1f} GB are free; cut it into parts"
        )
