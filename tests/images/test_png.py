"""PNGs of every kind are read exactly, and what a decoder would warn of is refused or passed over in silence."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile

from mfjax import images

from .png_files import KINDS, PALETTE, RGB, SAMPLES, chunk, expected, png

VALUES = np.zeros((5, 7, 1), int)


def read(data):
    return images.decode(data, Path("a.png"))


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_every_kind_is_read_exactly_at_every_size(kind, depth, interlaced, capfd):
    rng = np.random.default_rng(kind + depth)
    colours = rng.integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes() if kind == PALETTE else b""
    for height, width in ((2, 2), (3, 5), (8, 8), (9, 17), (2, 33)):
        values = rng.integers(0, 2**depth, (height, width, SAMPLES[kind]))
        image = read(png(values, kind, depth, interlaced=interlaced, colours=colours))
        np.testing.assert_array_equal(image, expected(values, kind, depth, colours))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
def test_more_rows_than_declared_are_refused_and_nothing_is_printed(interlaced, capfd):
    with pytest.raises(ValueError, match=r"a\.png: .*damaged \(it has more rows than declared\)"):
        read(png(VALUES, more=bytes(800), interlaced=interlaced))
    assert capfd.readouterr() == ("", "")


def test_bytes_behind_the_compressed_picture_are_passed_over_in_silence(capfd):
    assert read(png(VALUES, behind=b"more")).shape == (5, 7)
    assert capfd.readouterr() == ("", "")


def test_a_colour_beyond_the_palette_is_refused(capfd):
    with pytest.raises(ValueError, match=r"a\.png: .*colours beyond the 2 of its palette"):
        read(png(VALUES + 2, PALETTE, colours=bytes(6)))
    assert read(png(VALUES + 1, PALETTE, colours=bytes(6))).shape == (5, 7, 3)


def test_what_decoders_print_warnings_of_is_passed_over(capfd):
    others = chunk(b"iCCP", b"ICC profile\0\0damaged") + chunk(b"PLTE", bytes(6))
    assert read(png(VALUES, others=others)).shape == (5, 7)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("strip", "reason"),
    [
        (png(VALUES, more=bytes(800)), "more rows than declared"),
        (png(VALUES, behind=b"more"), "bytes behind its picture"),
        (png(VALUES, others=chunk(b"iCCP", b"damaged")), "chunk b'iCCP' besides"),
        (png(VALUES, interlaced=True), "interlaced"),
        (png(VALUES)[:-12], "it has no end"),
    ],
    ids=["surplus", "behind", "profile", "interlaced", "cut"],
)
def test_a_strip_of_a_tiff_that_is_no_plain_png_is_refused_by_its_number(strip, reason, capfd):
    file = io.BytesIO()
    options = {"photometric": "minisblack", "rowsperstrip": 5, "metadata": None}
    tifffile.imwrite(file, iter([strip]), shape=(5, 7), dtype=np.uint8, compression="png", **options)
    with pytest.raises(ValueError, match=rf"a\.png: strip 0: .*{reason}"):
        read(file.getvalue())
    assert capfd.readouterr() == ("", "")


def test_colour_of_16_bits_is_read_as_16_bits():
    assert read(png(np.full((4, 4, 3), 40_000), RGB, 16)).dtype == np.uint16
