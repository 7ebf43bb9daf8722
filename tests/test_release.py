"""What a release is made of: the version, the container's files, and the lists that must name the same."""

import json
import re
import tomllib
from pathlib import Path

import mfjax

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")


def test_version_without_git_is_the_cited_one():
    fallback = PROJECT["tool"]["setuptools_scm"]["fallback_version"]
    assert f"\nversion: {fallback}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"ARG VERSION={fallback}\n" in CONTAINER


def test_version_is_that_of_the_installed_package(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", {"mfjax": "1.2.3"}.__getitem__)
    assert mfjax.__version__ == "1.2.3"


def test_files_that_the_container_copies_exist_and_are_not_ignored():
    copied = [word for line in re.findall(r"^COPY (?!--)(.*)", CONTAINER, re.M) for word in line.split()[:-1]]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / path).exists() for path in copied)


def test_container_is_not_root_and_fuses_the_example_by_default():
    assert CONTAINER.index("USER mfjax") < CONTAINER.index("ENTRYPOINT")
    command = json.loads(re.search(r"^CMD (.*)$", CONTAINER, re.M)[1])
    assert command[0] == "fuse"
    assert [Path(path).name for path in command[1:3]] == ["street_ir.png", "street_vis.png"]


def test_everything_that_tests_need_is_an_extra_of_development():
    extras = PROJECT["project"]["optional-dependencies"]
    own = re.search(r"mfjax\[(.*)\]", extras["dev"][0])[1].split(",")
    assert sorted(own) == sorted(extras.keys() - {"dev", "cuda12"})
