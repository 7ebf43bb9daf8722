"""Messages of commands: what a file's name may hold is shown escaped, and a warning is said once."""

import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from mfjax import images
from mfjax.cli import main
from mfjax.cli.messages import to_standard_error
from mfjax.messages import NOTE, collected, escaped, quietly
from mfjax.pairing import Pair, messages_about

logger = logging.getLogger("mfjax")


def said_elsewhere(text):
    """Logs a message in another thread."""
    thread = threading.Thread(target=logger.warning, args=(text,))
    thread.start()
    thread.join()


def test_messages_of_a_block_are_collected_and_those_of_other_threads_are_logged(caplog):
    with collected() as found:
        logger.warning("%s: a guess", "a.png")
        said_elsewhere("of another")
    logger.warning("after")
    assert found == ["a.png: a guess"]
    assert caplog.messages == ["of another", "after"]


def test_of_nested_blocks_the_inner_one_has_the_messages(caplog):
    with collected() as outer, messages_about(Pair("pair", Path("a.png"), Path("b.png"))):
        logger.warning("outer")
        with quietly():
            logger.warning("silenced")
        with collected() as inner:
            logger.warning("inner")
    assert (outer, inner, caplog.messages) == (["outer"], ["inner"], [])


def test_the_name_of_a_pair_is_put_before_messages_of_its_own_thread_alone(caplog):
    with messages_about(Pair("0001", Path("a.png"), Path("b.png"))):
        logger.warning("is flat")
        said_elsewhere("of another")
    assert caplog.messages == ["0001: is flat", "of another"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x9b0m\x07", r"\x1b[31mred\x9b0m\x07"),
        ("gpj\u202egnp.exe\u2028", r"gpj\u202egnp.exe\u2028"),
        ("not UTF-8: \udcff", r"not UTF-8: \udcff"),
        ("é 红外 ×", "é 红外 ×"),
    ],
)
def test_control_codes_are_escaped_and_letters_of_all_languages_are_not(text, shown):
    assert escaped(text) == shown


def test_a_name_with_control_codes_is_shown_escaped_in_errors_warnings_and_results(tmp_path, tiny_weights, capsys):
    strange = tmp_path / "a\nerror: \x1b[31mb"
    strange.mkdir()
    for name in ("ir", "vis"):
        images.write(strange / f"{name}.tif", np.full((8, 8), 3, np.uint8))
    images.write(strange / "ir.tif", np.random.default_rng(0).integers(0, 3000, (8, 8)).astype(np.uint16))
    arguments = [str(strange / "vis.tif"), "--out", str(strange / "out.png"), "--model", str(tiny_weights)]
    assert main(["fuse", str(strange / "ir.tif"), *arguments]) == 0
    assert main(["fuse", str(strange / "missing.png"), *arguments]) == 2
    told = capsys.readouterr()
    shown = r"a\nerror: \x1b[31mb" + os.sep
    assert "\x1b" not in told.out + told.err
    assert len(told.out.splitlines()) == 1
    assert shown + "out.png: 8x8" in told.out
    assert shown + "missing.png: no such file" in told.err.splitlines()[-1]


def test_a_command_says_a_warning_once_and_the_next_command_says_it_again(capsys):
    for _ in range(2):
        with to_standard_error():
            for text in ("a is odd", "b is odd", "a is odd"):
                logger.warning(text)
        assert capsys.readouterr().err == "warning: a is odd\nwarning: b is odd\n"


def test_what_was_found_or_chosen_is_a_note_and_no_warning(capsys):
    with to_standard_error():
        logger.warning("aligned, confidence %.2f", 0.97, extra=NOTE)
    assert capsys.readouterr().err == "note: aligned, confidence 0.97\n"
