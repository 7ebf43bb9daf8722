"""The page about files is of today."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_files_is_of_today():
    text = (DOCS / "files.md").read_text(encoding="utf-8")
    assert text == runpy.run_path(str(DOCS / "files.py"))["page"](text), "run python docs/files.py"
