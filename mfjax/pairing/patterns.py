"""Pairs by patterns of names, such as `{name}_T.JPG` and `{name}_W.JPG`."""

import re
from collections.abc import Sequence

from mfjax.errors import MfjaxError
from mfjax.pairing.folders import File
from mfjax.pairing.names import Name

NAME = "{name}"

Patterns = tuple[str, str]
"""The pattern of infrared names and that of visible ones. {name} is what both files of a pair have in common; * is any
text, which may differ."""


def check_patterns(patterns: Patterns) -> None:
    """Raises MfjaxError if a pattern does not have {name} once.

    Args:
        patterns: both patterns.
    """
    for pattern in patterns:
        if pattern.count(NAME) != 1:
            raise MfjaxError(
                f"--pattern {pattern!r} must have {NAME} once, for what both names have in common, as '{NAME}_T.JPG'"
            )


def named(files: Sequence[File], pattern: str) -> list[tuple[File, Name]]:
    """Returns the files whose names have the form of a pattern, each with the part that stands for {name}.

    Args:
        files: the files.
        pattern: the pattern, with the suffix. Case does not matter, and a file in a sub-folder has that in its name.
    """
    parts = {NAME: "(.+)", "*": "[^/]*"}
    form = "".join(parts.get(part, re.escape(part)) for part in re.split(r"(\{name\}|\*)", pattern))
    expression = re.compile(form, re.IGNORECASE | re.DOTALL)
    found = ((file, expression.fullmatch(f"{file.text}{file.path.suffix}")) for file in files)
    return [(file, Name(match.group(1))) for file, match in found if match]
