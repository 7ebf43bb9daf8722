"""The error that a user can cause, as distinct from a mistake in this package.

It stands alone, so that every room can raise it.
"""


class MfjaxError(ValueError):
    """The error of a request that can't be met; its message names the file or value in the way, and the way out.

    The command line shows its message as one line. Any other `ValueError` or `TypeError` is a mistake in the code, and
    keeps its traceback.
    """
