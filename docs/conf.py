"""Sphinx's configuration: the pages of docs/ as a site, with a reference from docstrings.

Build it: sphinx-build -W -b html docs build/docs
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mfjax

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
# Pages that lie in the repository's root, where a forge looks for them, by their names in the site.
ROOT_PAGES = {"contributing": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}

project = "mfjax"
author = "The mfjax authors"
version = release = mfjax.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3  # links to headings, as a forge makes them, are checked
html_theme = "furo"
html_title = "mfjax"
html_show_sphinx = html_show_copyright = False
html_copy_source = False

# Docstrings are in Google's form, and `names` in them are code, as in Markdown.
default_role = "code"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100


def _from_root(app: "Sphinx", page: str, source: list[str]) -> None:
    """Puts the pages of the repository's root into the site, and turns links to them into links of the site."""
    if page in ROOT_PAGES:
        source[0] = (ROOT / ROOT_PAGES[page]).read_text(encoding="utf-8").replace("](docs/", "](")
    for name, file in ROOT_PAGES.items():
        source[0] = source[0].replace(f"](../{file}", f"]({name}.md")


def _short_signature(
    app: "Sphinx", what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Names what can be made an array by one word, and leaves out what Sphinx can't read."""
    for long, short in (
        ("Array | ndarray | bool | number | bool | int | float | complex", "ArrayLike"),
        ("<factory>", "..."),
    ):
        signature, returns = (text and text.replace(long, short) for text in (signature, returns))
    return signature, returns


def setup(app: "Sphinx") -> None:
    """Connects what is done to each page and each signature as it is read."""
    app.connect("source-read", _from_root)
    app.connect("autodoc-process-signature", _short_signature)
