"""Another package that adds to mfjax, as it is once it is installed."""

import os
import subprocess
import sys

import pytest

from mfjax import plugins
from mfjax.cli import main
from mfjax.data.sets.layouts import LAYOUTS
from mfjax.data.synthetic import write_folder

METRIC = '''
import numpy as np
from mfjax.metrics import metric

@metric("brighter", least=0, most=1, source="a test")
def brighter(ir, vis, fused):
    """brighter: share of pixels at which the fused image is as bright as the brighter source."""
    return float(np.mean(fused >= np.maximum(ir, vis)))
'''

DATA_SET = """
from mfjax.data.pairs import by_stem
from mfjax.data.sets.layouts import Layout, paired, register

def find(root):
    sides = root / "lwir", root / "rgb"
    return {"pairs": paired(*map(by_stem, sides))} if all(side.is_dir() for side in sides) else {}

register(Layout("our_cars", "Our cars", "https://example.org", "the folders lwir and rgb", find))
"""


@pytest.fixture
def installed(tmp_path):
    """A function that puts a distribution with modules and entry points where Python finds it; returns the folder."""

    def install(modules, entry_points):
        for name, code in modules.items():
            (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / "their_package-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        return tmp_path

    return install


def run(folder, *arguments):
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_metric_of_another_package_is_one_of_ours(installed):
    folder = installed({"their_metric": METRIC}, "[mfjax.metrics]\nbrighter = their_metric\n")
    code = """import numpy as np, mfjax
ir, vis = np.zeros((8, 8), np.uint8), np.full((8, 8), 9, np.uint8)
print(mfjax.metrics.score(ir, vis, vis, names=["brighter"]), "brighter" in mfjax.metrics.DEFAULT)
print(mfjax.metrics.METRICS["brighter"].formula)"""
    done = run(folder, "-c", code)
    assert done.stdout.splitlines() == [
        "{'brighter': 1.0} True",
        "Share of pixels at which the fused image is as bright as the brighter source.",
    ], done.stderr


def test_package_that_is_imported_first_adds_its_metric_once(installed):
    folder = installed({"their_metric": METRIC}, "[mfjax.metrics]\nbrighter = their_metric\n")
    done = run(folder, "-c", "import their_metric, mfjax; print(mfjax.metrics.METRICS['brighter'].most)")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_data_set_of_another_package_is_listed_with_ours(installed):
    folder = installed({"their_cars": DATA_SET}, "[mfjax.data.sets]\nour_cars = their_cars\n")
    done = run(folder, "-c", "from mfjax.data.sets.layouts import LAYOUTS; print(*LAYOUTS)")
    assert done.stdout.split()[-1] == "our_cars", done.stderr


def test_data_set_of_another_package_can_be_built(installed, tmp_path, monkeypatch, capsys):
    folder = installed({"their_cars": DATA_SET}, "[mfjax.data.sets]\nour_cars = their_cars\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(LAYOUTS, "our_cars", None)  # so that it is gone after the test
    plugins.load("mfjax.data.sets")
    source = tmp_path / "source"
    write_folder(source, 1, 1, ir_size=(60, 80), vis_size=(60, 80))
    (source / "ir").rename(source / "lwir")
    (source / "vis").rename(source / "rgb")
    assert main(["data", "build", "our_cars", "--from", str(source), "--to", str(tmp_path / "built")]) == 0
    assert "our_cars/1.0.0: kept 1 of 1" in capsys.readouterr().out


def test_package_that_can_not_be_imported_is_named_and_left_out(installed, monkeypatch, caplog):
    folder = installed({"their_metric": "import nowhere_at_all"}, "[mfjax.test]\nbroken = their_metric\n")
    monkeypatch.syspath_prepend(folder)
    plugins.load("mfjax.test")
    [said] = caplog.messages
    assert said.startswith("their_metric of their-package, which would add to mfjax.test, can't be imported")
    assert said.endswith("ModuleNotFoundError: No module named 'nowhere_at_all'")
