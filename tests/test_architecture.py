"""The rooms, as docs/architecture.py finds them in the imports."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
DRAWING = runpy.run_path(str(DOCS / "architecture.py"))


def test_imports_run_in_no_circle():
    assert DRAWING["levels"](DRAWING["rooms"]())


def test_a_circle_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="a → b → a"):
        DRAWING["levels"]({"a": {"b"}, "b": {"a"}})


@pytest.mark.parametrize("room", ["model", "losses", "metrics", "onnx"])
def test_mathematics_knows_nothing_of_engines_files_of_training_or_commands(room):
    graph = DRAWING["rooms"]()
    reached, new = set(), {room}
    while new:
        reached |= new
        new = set().union(*(graph[each] for each in new)) - reached
    assert not reached & {"inference", "training", "data", "evaluation", "cli", "weights", "interop"}


def test_the_drawing_is_of_today():
    assert (DOCS / "architecture.svg").read_text(encoding="utf-8") == DRAWING["draw"](DRAWING["rooms"]())


def test_every_room_has_its_words():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert [room for room in DRAWING["rooms"]() if f"`{room}`" not in text] == []
