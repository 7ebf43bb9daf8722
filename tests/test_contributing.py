"""A newcomer's additions, each one file that is put into its room of a copy of the package, and used by name.

The files are those of examples/contributing, which CONTRIBUTING.md shows.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import mfjax
from mfjax import images, weights
from mfjax.data.sets.built import BuiltPairs
from mfjax.data.synthetic import scene

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "contributing"
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)
PLACES = dict(re.findall(r"`examples/contributing/(\w+\.py)` as `(mfjax/[\w/]+\.py)`", PAGE))

RECIPE = """
from mfjax.training import DataConfig, ModelConfig, TrainConfig

config = TrainConfig(
    model={model!r}, data=DataConfig(crop=8, batch=8, scales=(20, 20)), phase_one_steps=0, phase_two_steps=2
)
"""


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A function that runs Python in a folder with a copy of the package that has all four additions."""
    home = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "mfjax", home / "mfjax", copy_function=os.symlink)
    for name, place in PLACES.items():
        assert not (home / place).exists()
        shutil.copy(EXAMPLES / name, home / place)

    def run(*arguments):
        return python(home, *arguments)

    return run


def python(folder, *arguments):
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def pair():
    """Infrared and visible luma of one scene, uint8 [24, 32]."""
    made = scene(3, 24, 32, colour=False)
    return [images.from_float(image) for image in made]


def test_page_shows_the_examples_as_they_are():
    shown = [code for language, code in BLOCKS if language == "python"]
    assert shown == [(EXAMPLES / name).read_text() for name in PLACES]
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(PLACES)


def test_page_is_short_and_names_files_that_exist():
    assert len(PAGE.splitlines()) < 220
    named = set(re.findall(r"`((?:mfjax|tests|docs|examples|configs)/[\w./-]+)`", PAGE)) - set(PLACES.values())
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_metric_is_scored_by_its_name(newcomer):
    code = """import numpy as np
from mfjax.metrics import DEFAULT, METRICS, score
source, fused = np.uint8([[0, 10, 10], [0, 10, 30]]), np.uint8([[0, 10, 10], [0, 10, 50]])
print(score(source, source, fused, names=["GC"])["GC"], "GC" in DEFAULT, METRICS["GC"].best)
print(score(source, source, source * 0, names=["GC"]).reasons["GC"])"""
    value, *words = newcomer("-c", code).stdout.split(maxsplit=3)
    # To the right, (10, 0, 10, 20) and (10, 0, 10, 40) correlate by 2√2/3; down, (0, 0, 20) and (0, 0, 40) by 1.
    assert float(value) == pytest.approx((1 + 2 * 2**0.5 / 3) / 2)
    assert words == ["True", "higher", "an image has the same difference everywhere, so it correlates with nothing\n"]


def test_data_set_is_built_from_its_files(newcomer, pair, tmp_path):
    for split, name in (("train", "0001"), ("train", "0002"), ("test", "0001")):
        for side, image in zip(("thermal.png", "rgb.jpg"), pair, strict=True):
            (tmp_path / "walk" / split).mkdir(parents=True, exist_ok=True)
            images.write(tmp_path / "walk" / split / f"{name}_{side}", image)
    where = "--from", tmp_path, "--to", tmp_path / "built"  # into which an archive's folder was unpacked
    assert "night_walk/1.0.0: kept 3 of 3" in newcomer("-m", "mfjax", "data", "build", "night_walk", *where).stdout
    assert BuiltPairs(tmp_path / "built/night_walk").names == ["0001", "0002"]
    assert BuiltPairs(tmp_path / "built/night_walk", "test").names == ["0001"]


def test_target_is_trained_towards(newcomer, pair, smallest_config, tmp_path):
    (tmp_path / "recipe.py").write_text(RECIPE.format(model=smallest_config))
    for side, image in zip(("ir", "vis"), pair, strict=True):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "0.png", image)
    flags = "--target", "brighter", "--target.mix", "0.25", "--data.roots", tmp_path, "--workdir", tmp_path / "run"
    newcomer("-m", "mfjax", "train", "--recipe", tmp_path / "recipe.py", *flags)
    [trained] = json.loads(weights.load(tmp_path / "run" / "model.safetensors").metadata["recipe"])
    assert trained["recipe"]["target"] == {"kind": "brighter", "mix": 0.25}
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 2
    assert last["loss"] == last["fusion"] > 0


def test_engine_fuses_as_the_one_that_it_wraps(newcomer, pair, tiny_weights, tmp_path):
    ir, vis = pair[0][::2, ::2], pair[1]
    for name, image in (("ir.png", ir), ("vis.png", vis)):
        images.write(tmp_path / name, image)
    files = tmp_path / "ir.png", tmp_path / "vis.png", "--out", tmp_path / "fused.png"
    done = newcomer("-m", "mfjax", "fuse", *files, "--model", tiny_weights, "--engine", "timed")
    assert re.search(r"ir 12x16: \d\.\d{3} s", done.stderr)
    expected = mfjax.load(tiny_weights, engine="xla")(ir, vis).fused
    np.testing.assert_array_equal(images.read(tmp_path / "fused.png"), expected)


def test_another_package_adds_by_the_entry_points_that_the_page_shows(tmp_path):
    [(_, toml)] = [block for block in BLOCKS if block[0] == "toml"]
    groups = tomllib.loads(toml)["project"]["entry-points"]
    (tmp_path / "their_package").mkdir()
    for modules in groups.values():
        for module in modules.values():
            name = module.removeprefix("their_package.") + ".py"
            shutil.copy(EXAMPLES / name, tmp_path / "their_package" / name)
    info = tmp_path / "their_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    lines = [f"[{group}]\n{name} = {module}" for group, names in groups.items() for name, module in names.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    code = "from mfjax.metrics import METRICS; from mfjax.data.sets.layouts import LAYOUTS; print(*METRICS, *LAYOUTS)"
    assert {"GC", "night_walk"} <= set(python(tmp_path, "-c", code).stdout.split())
