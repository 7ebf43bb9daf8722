"""Names as words and numbers."""

import pytest

from mfjax.pairing import natural_key
from mfjax.pairing.names import Name


def test_natural_order_counts_numbers_by_value_and_ignores_case():
    assert sorted(["Scene 10", "scene 2", "scene"], key=natural_key) == ["scene", "scene 2", "Scene 10"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SceneIR01", ("scene", "ir", "01")),
        ("FLIR_00002_PreviewData", ("flir", "00002", "preview", "data")),
        ("00001i", ("00001", "i")),
        ("day/红外IR1", ("day", "/", "红外", "ir", "1")),
    ],
)
def test_words_end_at_humps_digits_scripts_and_folders(text, words):
    assert Name(text).words == words


def test_accents_are_equal_however_they_are_stored():
    assert Name("caf\u00e9").key() == Name("cafe\u0301").key()


@pytest.mark.parametrize(
    ("text", "left_out", "rest"),
    [
        ("scene 1 (thermal)", "thermal", "scene 1"),
        ("a_ir_1", "ir", "a_1"),
        ("1i2", "i", "1_2"),
        ("set/ir/1", "ir", "set/1"),
        ("ir", "ir", ""),
        ("IR[ir]x", "ir", "IRx"),
    ],
)
def test_rest_of_a_name_has_no_empty_brackets_double_separators_or_folders(text, left_out, rest):
    start = text.index(left_out)
    assert Name(text).rest([(start, start + len(left_out))]) == rest
