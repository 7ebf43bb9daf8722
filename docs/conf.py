"""Sphinx's configuration: the pages of docs/ as a site, with a reference from docstrings.

Build it: sphinx-build -W -b html docs build/docs

The notebooks run as the site is built; an error of a cell is one of the build, and so is a picture that is not there.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from docutils import nodes
from sphinx.util import logging

import mfjax

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
# Pages that lie in the repository's root, where a forge looks for them, by their names in the site.
ROOT_PAGES = {"contributing": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}

project = "mfjax"
author = "The mfjax authors"
version = release = mfjax.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["*.py"]  # scripts beside the pages, which are no notebooks
myst_heading_anchors = 3  # links to headings, as a forge makes them, are checked
html_theme = "furo"
html_title = "mfjax"
html_show_sphinx = html_show_copyright = False
html_copy_source = False

# Notebooks are scripts in Jupytext's form, which lie in a folder of the repository's root.
for each in (ROOT / "docs" / "notebooks", ROOT / "docs" / "jupyter_execute"):
    shutil.rmtree(each, ignore_errors=True)
shutil.copytree(ROOT / "notebooks", ROOT / "docs" / "notebooks", ignore=shutil.ignore_patterns("__pycache__"))
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # seconds a cell
nb_merge_streams = True
# How many pictures each of them shows.
PICTURES = {"quickstart": 6, "own_cameras": 4, "training": 3}

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
    """Puts the pages of the repository's root into the site, and turns links to them and to notebooks into its own."""
    if page in ROOT_PAGES:
        source[0] = (ROOT / ROOT_PAGES[page]).read_text(encoding="utf-8").replace("](docs/", "](")
    for name, file in ROOT_PAGES.items():
        source[0] = source[0].replace(f"](../{file}", f"]({name}.md")
    source[0] = source[0].replace("](../notebooks/", "](notebooks/")


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


def _shows_pictures(app: "Sphinx", doctree: nodes.document, page: str) -> None:
    """Warns of a notebook that shows fewer or more pictures than it should, or one that is all of a colour."""
    if not page.startswith("notebooks/"):
        return
    pictures = [cv2.imread(str(Path(app.srcdir) / node["uri"])) for node in doctree.findall(nodes.image)]
    shown = [picture is not None and np.ptp(picture) > 100 for picture in pictures]
    if shown != [True] * PICTURES[Path(page).name]:
        logging.getLogger(__name__).warning(
            "%s shows %d pictures, %d of them with contrast; it should show %d",
            page,
            len(shown),
            sum(shown),
            PICTURES[Path(page).name],
        )


def setup(app: "Sphinx") -> None:
    """Connects what is done to each page and each signature as it is read."""
    app.connect("source-read", _from_root)
    app.connect("doctree-resolved", _shows_pictures)
    app.connect("autodoc-process-signature", _short_signature)
