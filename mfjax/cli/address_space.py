"""Starting under a limit of the address space (`ulimit -v`), which batch systems and shells set.

Libraries reserve far more addresses than they use, and end the process when they get none: in a segmentation fault, a
retry for minutes, or a line of their own. So they are made to reserve less, and a command does not start where they
could not.
"""

import ctypes
import os
import sys
from contextlib import suppress

from mfjax import memory
from mfjax.errors import MfjaxError

# What NumPy, OpenCV, JAX and OpenVINO reserve before an image is read, as measured, with a margin.
START_BYTES = 1_000_000_000
CORE_BYTES = 32_000_000  # for each core more: the stacks of its threads

MOST_ARENAS, ARENAS = -8, 2  # mallopt's M_ARENA_MAX: each arena reserves 64 MiB, and threads get one each


def needed_to_start() -> int:
    """Returns the bytes of address space that a command takes before it reads an image."""
    return START_BYTES + CORE_BYTES * (os.cpu_count() or 1)


def prepare() -> None:
    """Makes libraries that are imported later reserve less, if the address space is limited.

    Raises:
        MfjaxError: the limit leaves too little for them to start.
    """
    left = memory.left_of_address_space()
    if left is None:
        return
    if left < (needed := needed_to_start()) and "jax" not in sys.modules:  # else all is reserved already
        raise MfjaxError(
            f"the limit of the address space leaves {left / 1e9:,.1f} GB, and it takes {needed / 1e9:,.1f} GB to "
            "start; raise it, as by ulimit -v unlimited"
        )
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's, each of which reserves 32 MiB
    with suppress(AttributeError, OSError, TypeError):  # glibc has this function
        ctypes.CDLL(None).mallopt(MOST_ARENAS, ARENAS)
