"""The Python of README runs as it stands, and commands and flags in README and docs are those that there are."""

import ast
import itertools
import re
import shlex
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import cv2
import pytest

from mfjax import weights
from mfjax.cli import main, table
from mfjax.inference import loading
from mfjax.weights import bundled

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCRIPTS = {"train.py": "train", "fuse.py": "fuse"}  # python train.py is mfjax train


class Block(NamedTuple):
    """A code block of a page: its place, such as README.md:20, and its text, not indented."""

    place: str
    code: str


def blocks(page, language):
    text = page.read_text()
    found = re.finditer(rf"^[ \t]*```{language}\n(.*?)^[ \t]*```$", text, re.M | re.S)
    return [Block(f"{page.name}:{text.count(chr(10), 0, each.start(1)) + 1}", dedent(each[1])) for each in found]


def commands(code):
    """Yields the arguments of each call of mfjax in shell code; an indented line goes on with the one before."""
    for line in re.sub(r"\\?\n[ \t]+", " ", code).splitlines():
        words = shlex.split(line, comments=True)
        for _, group in itertools.groupby(words, lambda word: word in ("&&", "||", "|", ";")):
            call = list(group)
            if call[0] == "mfjax":
                yield call[1:]
            elif call[0] == "python" and call[1] in SCRIPTS:
                yield [SCRIPTS[call[1]], *call[2:]]


def mistakes(arguments, help_of):
    """Returns what is wrong with the arguments of one call: the command, or flags that it does not have."""
    if not arguments or arguments[0] in ("--help", "--version"):
        return []
    first = arguments[0]
    name = next(
        (name for name in table.commands_starting(first) if arguments[: len(name.split())] == name.split()), None
    )
    if name is None:
        return [f"mfjax {' '.join(arguments[:2])} is no command"]
    flags = [word.strip("[]").partition("=")[0] for word in arguments if word.lstrip("[").startswith("--")]
    at = arguments.index("--target") if "--target" in arguments else None
    chosen = () if at is None else tuple(arguments[at : at + 2])  # a target has options of its own
    text = help_of(name, chosen) + " ".join(table.OPTIONS)
    unknown = [flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w.-])", text)]
    return [f"mfjax {name} has no {flag}" for flag in unknown]


@pytest.fixture
def help_of(capsys, monkeypatch):
    """A function that returns the help of a command."""
    monkeypatch.setenv("COLUMNS", "200")

    @cache
    def text(name, arguments=()):
        assert main([*name.split(), *arguments, "--help"]) == 0
        return capsys.readouterr().out

    return text


def test_python_of_the_readme_runs_in_order(smallest_config, random_params, tmp_path, monkeypatch):
    params = random_params(smallest_config)
    for name in ("default", "small"):  # a network that compiles in a fraction of the time and memory
        weights.save(tmp_path / f"{name}.safetensors", smallest_config, params, {"recipe": "random"})
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    monkeypatch.setattr(loading, "_loaded", loading._loaded.__wrapped__)  # which keeps what it loaded
    (tmp_path / "examples").mkdir()
    for path in (ROOT / "examples").glob("street_*.png"):  # of half the size, for less memory
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(tmp_path / "examples" / path.name), small)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mfjax.inference.sizes.AT_ONCE_PIXELS", 2**16)  # tiles where factors are odd: less memory
    namespace = {"__name__": "readme"}
    for place, code in blocks(ROOT / "README.md", "python"):
        lines_before = int(place.split(":")[1]) - 1  # so that a traceback has the page's line numbers
        exec(compile("\n" * lines_before + code, ROOT / "README.md", "exec"), namespace)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_a_page_is_python(page):
    for place, code in blocks(page, "python"):
        try:
            ast.parse(code)
        except SyntaxError as error:
            pytest.fail(f"{place}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_and_their_flags_exist(page, help_of):
    wrong = [
        f"{place}: {mistake}"
        for place, code in blocks(page, "sh")
        for arguments in commands(code)
        for mistake in mistakes(arguments, help_of)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("mfjax fuse A B --out C --sr  # --nothing", []),
        ("pip install mfjax && mfjax fuse A B\n  --oot=C | tee log", ["mfjax fuse has no --oot"]),
        ("python fuse.py A B --scale 2\nmfjax --version", []),
        ("mfjax melt A --out B", ["mfjax melt A is no command"]),
        ("mfjax data build kaist --form DIR \\\n    --to DIR", ["mfjax data build has no --form"]),
        ("mfjax train --target enhanced --target.gain 1.2", []),
        ("mfjax train --target.gain 1.2", ["mfjax train has no --target.gain"]),
    ],
)
def test_mistake_in_a_command_is_found(code, mistake, help_of):
    assert [each for arguments in commands(code) for each in mistakes(arguments, help_of)] == mistake
