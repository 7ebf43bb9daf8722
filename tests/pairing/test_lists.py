"""Lists of pairs."""

import pytest

from mfjax.errors import MfjaxError
from mfjax.pairing import read_list


@pytest.fixture
def listed(tmp_path):
    """Returns a function that writes a list beside a few files, and reads it."""
    for name in ("a.png", "b.png", "c.png", "sub/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def read(text, encoding="utf-8"):
        (tmp_path / "list.csv").write_bytes(text.encode(encoding))
        return [
            (pair.name, str(pair.ir.relative_to(tmp_path)), str(pair.vis.relative_to(tmp_path)))
            for pair in read_list(tmp_path / "list.csv").pairs
        ]

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_are_relative_to_the_list_and_named_by_the_visible_one_or_a_column(listed, encoding):
    assert listed("ir,vis\na.png,b.png\nb.png,sub/a.png\n", encoding) == [
        ("a", "b.png", "sub/a.png"),
        ("b", "a.png", "b.png"),
    ]
    assert listed("name,vis,ir\nschön,a.png,b.png\n\n", encoding) == [("schön", "b.png", "a.png")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_lists_of_spreadsheets_are_read(listed, separator):
    text = "\r\n".join(separator.join(row) for row in (["IR ", "vis"], ["a.png", '"b.png"']))
    assert listed(text) == [("b", "a.png", "b.png")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: it is 'empty'; it names the columns ir,vis"),
        ("a.png,b.png\n", r"line 1: it is 'a\.png,b\.png'; it names"),
        ("ir,vis\n", "lists no pairs"),
        ("ir,vis\na.png,b.png\na.png,d.png\n", r"line 3: .*d\.png: no such file"),
        ("ir,vis\na.png\n", "line 2: has 1 values for 2 columns"),
        ("ir,vis\na.png,\n", "line 2: has no file in the column vis"),
        ("ir,vis\na.png,./a.png\n", r"line 2: a\.png is given for infrared and for visible"),
        ("ir,vis\nb.png,a.png\nc.png,sub/a.png\n", "line 3: the pair is called a, as that of line 2; .* column name"),
        ("ir,vis,name\na.png,b.png,../x\n", r"line 2: the name '\.\./x' leads out of the output folder"),
        ("ir,vis,name\na.png,b.png,/x\n", "line 2: the name '/x' leads out"),
        ('ir,vis\n"a.png,b.png\n', "line 2: unexpected end of data"),
    ],
)
def test_lists_that_name_no_pairs_are_refused_with_the_line(listed, text, message):
    with pytest.raises(MfjaxError, match=rf"list\.csv(, | ){message}"):
        listed(text)


def test_list_that_is_not_utf_8_is_refused_with_the_line(listed):
    with pytest.raises(MfjaxError, match=r"list\.csv, line 2: is not UTF-8"):
        listed("ir,vis\nä.png,b.png\n", "latin-1")


def test_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"list\.csv: no such file"):
        read_list(tmp_path / "list.csv")
