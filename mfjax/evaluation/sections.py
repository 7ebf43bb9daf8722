"""Sections of a page in Markdown that commands write, between prose that people write."""

from pathlib import Path

from mfjax import atomic
from mfjax.errors import MfjaxError


def put(page: Path, name: str, text: str) -> None:
    """Writes a section of a page, between comments that mark it: in place of the old one, or at the end.

    Args:
        page: the page, which is made if it does not exist.
        name: the section's name, in the comments.
        text: the section.

    Raises:
        MfjaxError: the page is not a text file.
    """
    start, end = f"<!-- {name}: written by a command -->\n", f"<!-- end of {name} -->\n"
    try:
        before = page.read_text(encoding="utf-8") if page.is_file() else ""
    except UnicodeDecodeError as error:
        raise MfjaxError(f"{page} is not a text file in UTF-8 ({error}); choose another page") from error
    part = f"{start}\n{text.strip()}\n\n{end}"
    if start in before and end in before:
        head, rest = before.split(start, 1)
        after = head + part + rest.split(end, 1)[1]
    else:
        after = f"{before.rstrip()}\n\n{part}".lstrip()
    page.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(page, after)
