"""The error of a device whose memory ran out."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def memory_errors(size: tuple[int, ...]) -> Iterator[None]:
    """Turns JAX's error of a device whose memory ran out into Python's.

    Args:
        size: rows and columns of the image that is made in the block, which the message names.

    Raises:
        MemoryError: the device's memory ran out.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError(
            f"the device's memory does not suffice for {size[0]}x{size[1]}; ask for a smaller size or tile"
        ) from error
