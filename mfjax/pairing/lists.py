"""Lists of pairs in a file: CSV with the columns ir, vis and, if wanted, name."""

import csv
from pathlib import Path, PurePosixPath

from mfjax import regular
from mfjax.errors import MfjaxError
from mfjax.pairing.names import natural_key
from mfjax.pairing.pairs import Matches, Pair

COLUMNS = "ir", "vis", "name"
SEPARATORS = ",;\t"  # spreadsheets write the second where numbers have a decimal comma


def read_list(path: Path) -> Matches:
    """Returns the pairs that a list names.

    Args:
        path: a CSV file in UTF-8 (with or without a byte order mark), whose first line names the columns ir, vis and,
            if wanted, name, in any order. Files are relative to the list's folder; a pair without a name has that of
            its visible file.

    Raises:
        FileNotFoundError: there is no such list.
        MfjaxError: the list can't be read, or a line names no pair; the message has the line's number.
    """
    separator, lines = _lines(path)
    rows = csv.reader(lines, delimiter=separator, strict=True)
    pairs: dict[str, tuple[Pair, int]] = {}
    try:
        header = [column.strip().lower() for column in next(rows, [])]
        if not {"ir", "vis"} <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            found = separator.join(header) or "empty"
            raise MfjaxError(f"{path}, line 1: it is {found!r}; it names the columns ir,vis or ir,vis,name")
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            pair = _pair(path, rows.line_num, header, row)
            if pair.name in pairs:
                other = pairs[pair.name][1]
                raise MfjaxError(
                    f"{path}, line {rows.line_num}: the pair is called {pair.name}, as that of line {other}; "
                    "give them different names in a column name"
                )
            pairs[pair.name] = pair, rows.line_num
    except csv.Error as error:
        raise MfjaxError(f"{path}, line {rows.line_num}: {error}") from error
    if not pairs:
        raise MfjaxError(f"{path} lists no pairs; below the line ir,vis it has a line for each")
    return Matches(sorted((pair for pair, _ in pairs.values()), key=lambda pair: natural_key(pair.name)))


def _lines(path: Path) -> tuple[str, list[str]]:
    """Returns the separator and the lines of a list."""
    data = regular.read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise MfjaxError(f"{path}, line {line}: is not UTF-8; save the list as CSV in UTF-8") from error
    lines = text.splitlines(keepends=True)
    separator = next((each for each in SEPARATORS if lines and each in lines[0]), ",")
    return separator, lines


def _pair(path: Path, line: int, header: list[str], row: list[str]) -> Pair:
    """Returns the pair of a line."""
    if len(row) != len(header):
        raise MfjaxError(
            f"{path}, line {line}: has {len(row)} values for {len(header)} columns; quote a name with a separator in it"
        )
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    files = {}
    for side in ("ir", "vis"):
        if not cells[side]:
            raise MfjaxError(f"{path}, line {line}: has no file in the column {side}")
        files[side] = path.parent / cells[side]
        if not files[side].is_file():
            raise MfjaxError(f"{path}, line {line}: {files[side]}: no such file")
    if files["ir"].samefile(files["vis"]):
        raise MfjaxError(f"{path}, line {line}: {cells['ir']} is given for infrared and for visible")
    name = cells.get("name") or files["vis"].stem
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts or "\\" in name:
        raise MfjaxError(f"{path}, line {line}: the name {name!r} leads out of the output folder")
    return Pair(name, files["ir"], files["vis"])
