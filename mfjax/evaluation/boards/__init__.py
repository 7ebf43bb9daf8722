"""The field's benchmarks by name: which pairs each one has, and what others published on them.

A board is two files here: `NAME.toml`, its title, citation and published rows, and `NAME.txt`, its pairs' names, where
they are known. Another board is another two files.
"""

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfjax.errors import MfjaxError
from mfjax.inference.pairs import Key, Pair, natural_key

logger = logging.getLogger("mfjax")

FOLDER = Path(__file__).parent
MOST_LISTED = 5  # names in one line


@dataclass(frozen=True)
class Row:
    """What somebody published of a method; never measured here."""

    method: str
    source: str
    values: Mapping[str, tuple[str, ...]]
    """By the tables' name of a metric, as printed; several where the source disagrees with itself."""
    verified: tuple[str, ...] = ()
    """The metrics that mfjax gives the same values of, on the fused images that were published."""
    note: str = ""


@dataclass(frozen=True)
class Board:
    """A benchmark."""

    name: str
    title: str
    cite: str
    note: str
    names: tuple[str, ...]  # of its pairs
    rows: tuple[Row, ...]


def available() -> list[str]:
    """The names of the boards, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str, names: Path | None = None) -> Board:
    """A board by its name.

    Args:
        name: one of `available()`.
        names: a file with the names of its pairs, one a line, for a board whose names don't come with mfjax.

    Raises:
        ValueError: there is no such board; its names are not known and not given, or known and given all the same; or
            those that are given are not as many as it has pairs, or not unlike one another.
    """
    if name not in available():
        raise MfjaxError(f"there is no benchmark {name}; available: {', '.join(available())}")
    told: dict[str, Any] = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    bundled, count = FOLDER / f"{name}.txt", int(told["pairs"])
    if bundled.is_file() and names is not None:
        raise MfjaxError(f"{names}: the names of {name}'s {count} pairs come with mfjax; leave --names out")
    if not bundled.is_file() and names is None:
        raise MfjaxError(
            f"the names of {name}'s {count} pairs don't come with mfjax; give them by --names FILE, one a line, as its "
            "authors publish them"
        )
    listed = _lines(names or bundled)
    if len(listed) != count or len({natural_key(each) for each in listed}) != count:
        raise MfjaxError(f"{names or bundled} has {len(listed)} names, but {name} {count} pairs of different names")
    rows = tuple(_row(row) for row in told.get("rows", ()))
    return Board(name, told["title"], told["cite"], told["note"], tuple(listed), rows)


def select(board: Board, pairs: Sequence[Pair]) -> list[Pair]:
    """The board's pairs among others, in the board's order; that others are left out is logged.

    Names match as those of files do elsewhere: words without case, numbers by value.

    Raises:
        ValueError: some are missing, or several pairs have one of its names.
    """
    wanted = {natural_key(name): name for name in board.names}
    found: dict[Key, Pair] = {}
    others = []
    for pair in pairs:
        key = natural_key(pair.name)
        if key not in wanted:
            others.append(pair.name)
        elif (other := found.setdefault(key, pair)) is not pair:
            raise MfjaxError(f"{other.name} and {pair.name} are one name to {board.name}; leave one of them out")
    if missing := [name for key, name in wanted.items() if key not in found]:
        raise MfjaxError(
            f"{len(missing)} of {board.name}'s {len(board.names)} pairs are missing: {listing(missing)}; "
            "a part of a benchmark can't stand beside published numbers: score it without --benchmark"
        )
    if others:
        count = len(board.names)
        logger.warning("left out, as they are not among %s's %d pairs: %s", board.name, count, listing(others))
    return [found[key] for key in wanted]


def listing(names: Sequence[str]) -> str:
    """The first few of some names, on one line."""
    return ", ".join(names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MfjaxError(f"{path}: no text file with a name a line ({error})") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _row(told: Mapping[str, Any]) -> Row:
    values = {name: tuple(of) if isinstance(of, list) else (of,) for name, of in told["values"].items()}
    return Row(told["method"], told["source"], values, tuple(told.get("verified", ())), told.get("note", ""))
