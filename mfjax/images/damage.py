"""The error of a damaged file."""

from mfjax.errors import MfjaxError


def damaged(reason: object) -> MfjaxError:
    """Returns the error of a file that is cut short or damaged.

    Args:
        reason: what shows it, in a few words.
    """
    told = " ".join(str(reason).split())  # libraries' messages may have several lines
    return MfjaxError(f"the file is cut short or damaged ({told}); copy it again")
