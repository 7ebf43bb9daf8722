"""The notebooks are in the site, which runs them as it is built; an error of a cell or a picture too few ends that."""

import ast
import contextlib
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def settings():
    """The constants of the site's configuration, by name."""
    found = {}
    for node in ast.parse((ROOT / "docs" / "conf.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            with contextlib.suppress(ValueError):  # it is computed
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def test_the_site_runs_every_notebook_and_an_error_of_a_cell_ends_its_build(settings):
    assert (settings["nb_execution_mode"], settings["nb_execution_raise_on_error"]) == ("force", True)
    assert not {name for name in settings if name.startswith("nb_execution_exclude")}


def test_the_site_counts_the_pictures_of_every_notebook(settings):
    assert sorted(settings["PICTURES"]) == [path.stem for path in NOTEBOOKS]
    assert min(settings["PICTURES"].values()) > 0


def test_checks_before_a_merge_build_the_site_with_warnings_as_errors():
    assert "sphinx-build -W " in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_listed_in_the_site_and_its_cells_are_python(path):
    listed = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").split()
    assert f"notebooks/{path.stem}" in listed
    cells = jupytext.read(path).cells
    assert {"markdown", "code"} == {cell.cell_type for cell in cells}
    for cell in cells:
        if cell.cell_type == "code":
            compile(cell.source, path.name, "exec")
