"""Writes the table of docs/files.md from the kinds of files that mfjax knows.

Run it after a kind changed: python docs/files.py
"""

from pathlib import Path

from mfjax.images import formats

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- made by docs/files.py -->\n", "<!-- end -->\n"


def table() -> str:
    """Returns a row for each kind of files: what is read, said, refused, written and kept."""
    lines = ["| kind | read | said | refused | written | kept of the visible image |", "|---|---|---|---|---|---|"]
    for each in formats.ALL:
        written = f"{', '.join(map(str, each.bits))} bits" if each.encode else "no"
        quality = ", `--quality`" if each.quality else ""
        name = f"{each.name} ({' '.join(each.suffixes)})"
        kept = (", ".join(each.keeps) or "nothing") if each.encode else "-"
        stored = f"; {each.stores}" if each.stores else ""
        cells = (name, each.reads, each.says or "-", each.refuses, written + quality, kept + stored)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Returns the page with the table of today.

    Args:
        text: the page as it is.
    """
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
