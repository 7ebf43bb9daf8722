"""The error that a user can cause, as distinct from a mistake in this package.

It stands alone, so that every room can raise it.
"""


class MfjaxError(ValueError):
    """What was asked for can't be done; the message names the file or value that is in the way and the way out.

    The command line shows its message as one line. Any other `ValueError` or `TypeError` is a mistake in the code, and
    keeps its traceback.
    """
