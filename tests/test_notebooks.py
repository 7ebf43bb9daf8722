"""The notebooks run from their first cell to the last, and show what they say."""

import base64
from pathlib import Path

import cv2
import jupytext
import nbclient
import numpy as np
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.mark.filterwarnings("ignore")  # those of packages that run notebooks, also of forking beside JAX
@pytest.mark.parametrize(("name", "pictures"), [("quickstart", 6), ("training", 3), ("own_cameras", 4)])
def test_a_notebook_runs_without_error_and_shows_its_pictures(name, pictures, tmp_path):
    notebook = jupytext.read(NOTEBOOKS / f"{name}.py")
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # raises the error of a cell
    shown = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(shown) == pictures
    for picture in shown:
        pixels = cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_COLOR)
        assert np.ptp(pixels) > 100
