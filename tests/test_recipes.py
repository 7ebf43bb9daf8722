"""The recipes by name, and the files of `configs` that name them."""

import ast
from pathlib import Path

import pytest

from mfjax import recipes
from mfjax.errors import MfjaxError
from mfjax.training import TrainConfig
from mfjax.training.config import read_config

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.mark.parametrize("name", recipes.available())
def test_recipe_is_one_by_its_name_and_by_its_file_in_configs(name):
    config = recipes.load(name)
    assert isinstance(config, TrainConfig)
    assert read_config(CONFIGS / f"{name}.py") == recipes.load(CONFIGS / f"{name}.py") == config


def test_configs_are_thin_and_each_has_a_recipe():
    files = [*CONFIGS.glob("*.py")]
    assert sorted(file.stem for file in files) == recipes.available()
    assert all(len(ast.parse(file.read_text()).body) == 3 for file in files)  # docstring, import, assignment


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("default_9", "recipe 'default_9' not found; available: ablation, default, "),
        ("nowhere.py", "nowhere.py is not a file"),
    ],
)
def test_recipe_that_is_not_there_is_refused_with_those_that_are(name, message):
    with pytest.raises(MfjaxError, match=message):
        recipes.load(name)


def test_default_is_grown_from_the_bundled_small_model():
    assert recipes.load("default").start_from == "small"
