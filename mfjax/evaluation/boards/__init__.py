"""The field's benchmarks by name, with the names of their pairs and the values that others published on them.

A board is two files here: `NAME.toml` with its title, citation and published rows, and `NAME.txt` with the names of its
pairs, where they are known. To add a board, add two files.
"""

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfjax.errors import MfjaxError
from mfjax.pairing import Pair, natural_key
from mfjax.pairing.names import Key

logger = logging.getLogger("mfjax")

FOLDER = Path(__file__).parent
MOST_LISTED = 5  # most names in one line


@dataclass(frozen=True)
class Row:
    """The published values of a method, which are never measured here."""

    method: str
    source: str
    values: Mapping[str, tuple[str, ...]]
    """The values as printed, by the metric's name in tables; several if the source disagrees with itself."""
    verified: tuple[str, ...] = ()
    """The metrics for which mfjax gives the same values, on the published fused images."""
    note: str = ""


@dataclass(frozen=True)
class Board:
    """A benchmark."""

    name: str
    title: str
    cite: str
    note: str
    names: tuple[str, ...]  # names of its pairs
    rows: tuple[Row, ...]  # published rows


def available() -> list[str]:
    """Returns the names of the boards, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str, names: Path | None = None) -> Board:
    """Returns a board.

    Args:
        name: one of `available()`.
        names: a file with the names of the board's pairs, one a line, if they don't come with mfjax; else None.

    Raises:
        MfjaxError: there is no such board; its names are unknown and not given, or known and given; or the given names
            are not as many as it has pairs, or not all different.
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
    """Returns the board's pairs among some pairs, in the board's order; others are left out, which is logged.

    Names are compared word by word without case, and numbers by value.

    Args:
        board: the board.
        pairs: the pairs.

    Raises:
        MfjaxError: a pair of the board is missing, or several pairs have one of its names.
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
    """Returns the first few of some names on one line.

    Args:
        names: the names.
    """
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
