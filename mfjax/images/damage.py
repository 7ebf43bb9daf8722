"""The error of a damaged file."""

from mfjax.errors import MfjaxError


def damaged(reason: object) -> MfjaxError:
    """Returns the error of a file that is cut short or damaged.

    Args:
        reason: what shows it, in a few words.
    """
    return MfjaxError(f"the file is cut short or damaged ({reason}); copy it again")
