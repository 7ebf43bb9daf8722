"""Palettes: the way back from their colours to heat."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.images import palettes

REAL = Path(__file__).parents[3] / "shared" / "data" / "thermal"


@pytest.fixture
def heat():
    rows, cols = np.mgrid[0:60, 0:80]
    return (127.5 + 127.5 * np.sin(rows / 9) * np.cos(cols / 11)).astype(np.uint8)


def coloured(heat, palette):
    """Returns heat in a palette's colours."""
    if palette == "rainbow":
        return cv2.applyColorMap(heat, cv2.COLORMAP_JET)[..., ::-1]
    stops = np.array(palettes.STOPS[palette], float)
    places = heat / 255 * (len(stops) - 1)
    return (
        np.stack([np.interp(places, np.arange(len(stops)), stops[:, i]) for i in range(3)], -1).round().astype(np.uint8)
    )


@pytest.mark.parametrize("palette", ["iron", "rainbow"])
@pytest.mark.parametrize("named", [True, False])
def test_heat_comes_back_from_a_palette_that_is_named_or_found(heat, palette, named):
    found = palettes.invert(coloured(heat, palette), palette if named else "auto")
    assert found.palette == palette
    assert np.abs(found.heat.astype(int) - heat).max() <= 4
    assert found.far == 0


def test_black_hot_is_turned_over_and_white_hot_stays(heat):
    np.testing.assert_array_equal(palettes.invert(heat, "black-hot").heat, 255 - heat)
    np.testing.assert_array_equal(palettes.invert(heat, "white-hot").heat, heat)
    np.testing.assert_array_equal(palettes.invert(np.stack([heat] * 3, -1)).heat, heat)


def test_a_photograph_is_of_no_palette():
    photograph = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    assert palettes.palette_of(photograph) is None
    with pytest.raises(MfjaxError, match="colours of no known palette"):
        palettes.invert(photograph)


@pytest.mark.parametrize(
    ("dtype", "palette", "problem"),
    [(np.uint16, "iron", "8 bits"), (np.uint8, "iron", "is gray"), (np.uint8, "lava", "palette is 'lava'")],
)
def test_what_has_no_such_palette_is_refused(heat, dtype, palette, problem):
    with pytest.raises(MfjaxError, match=problem):
        palettes.invert(heat.astype(dtype), palette)


@pytest.mark.parametrize("turns", range(4))
def test_a_scale_bar_is_seen_at_any_side(turns):
    heat = np.random.default_rng(0).integers(90, 160, (60, 80)).astype(np.uint8)
    assert not palettes.has_scale_bar(np.rot90(heat, turns))
    heat[8:52, 70:74] = np.linspace(255, 0, 44)[:, None]
    assert palettes.has_scale_bar(np.rot90(heat, turns))


@pytest.mark.skipif(not REAL.is_dir(), reason="needs real thermal files in ../shared/data/thermal")
def test_a_real_picture_in_iron_is_found_with_its_scale_bar_and_follows_the_temperatures():
    found = palettes.invert(images.read(REAL / "SC660.jpg"))
    assert found.palette == "iron"
    assert palettes.has_scale_bar(found.heat)
    part = np.s_[100:400, 150:500]  # without text, logo and bar
    celsius = images.read_thermal(REAL / "SC660.jpg").celsius
    assert np.corrcoef(found.heat[part].ravel(), celsius[part].ravel())[0, 1] > 0.95


@pytest.mark.parametrize("palette", palettes.NAMES)
def test_heat_is_painted_in_the_colours_that_are_read_back_as_heat(heat, palette):
    made = palettes.painted(heat / 255, palette)
    assert (made.dtype, made.shape) == (np.uint8, (60, 80, 3))
    assert np.abs(palettes.invert(made, palette).heat.astype(int) - heat).max() <= 1


def test_heat_beyond_its_range_has_the_colours_of_the_ends():
    made = palettes.painted(np.array([[-1.0, 0.0, 1.0, 2.0]]), "iron")
    assert made.tolist() == [[[16, 16, 16], [16, 16, 16], [235, 235, 235], [235, 235, 235]]]


def test_a_palette_that_there_is_not_is_refused():
    with pytest.raises(MfjaxError, match="palette is 'green'; it is one of iron, rainbow, white-hot, black-hot"):
        palettes.painted(np.zeros((2, 2)), "green")
