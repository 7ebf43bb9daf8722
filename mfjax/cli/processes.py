"""Several processes as one job: the option `--distributed`."""

import logging
import re

from mfjax.errors import MfjaxError
from mfjax.messages import NOTE

logger = logging.getLogger("mfjax")


def join(processes: str) -> None:
    """Joins the job of several processes that `--distributed` names.

    Args:
        processes: "auto" or "HOST:PORT,N,I".

    Raises:
        MfjaxError: it has another form, or the processes could not meet.
    """
    import jax

    if processes == "auto":
        try:
            jax.distributed.initialize()
        except (RuntimeError, ValueError) as error:
            raise MfjaxError(f"no job of several processes was found ({error}): name it, HOST:PORT,N,I") from error
        return
    form = re.fullmatch(r"([^,]+:\d{1,5}),(\d+),(\d+)", processes)
    if form is None or not int(form[3]) < int(form[2]):
        raise MfjaxError(
            f"--distributed is {processes!r}; it is auto, or HOST:PORT,N,I with I from 0 to N-1: 10.0.0.1:9911,4,0"
        )
    logger.warning("waiting for %s processes at %s", form[2], form[1], extra=NOTE)
    try:
        jax.distributed.initialize(form[1], int(form[2]), int(form[3]))
    except RuntimeError as error:
        raise MfjaxError(f"the processes could not meet at {form[1]}: {error}") from error


def leave() -> tuple[int, int]:
    """Leaves the job that was joined, and returns this process's number in it and the number of processes.

    Work that needs no other process leaves the job, since in a job all processes end when one does.
    """
    import jax
    from jax.extend.backend import clear_backends

    number = jax.process_index(), jax.process_count()
    jax.distributed.shutdown()
    clear_backends()
    return number
