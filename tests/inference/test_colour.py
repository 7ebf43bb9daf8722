"""The fused image's colour: the visible image's hue, and chroma that suits the luma."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfjax.images import from_float, to_float, to_luma
from mfjax.inference import colour
from mfjax.inference.colour import DARK, KEPT, wants_colour


def colourise(luma, vis, dtype=np.float32):
    """Returns a colourised image; another luma is colourised in the same call."""
    image, _ = colour.colourise([luma, 1 - luma], vis, dtype)
    return image


def coloured(luma, pixel):
    """Returns the RGB values of one visible pixel at a luma."""
    return colourise(np.full((1, 1), luma, np.float32), np.array([[pixel]], np.float32))[0, 0]


def luma_of(pixel):
    return to_luma(np.array([[pixel]], np.float32)).item()


def chroma_of(pixel):
    """Returns the differences of a pixel's channels from its luma."""
    return np.array(pixel, np.float32) - luma_of(pixel)


FRACTIONS = st.floats(0, 1, width=32)
PIXELS = st.tuples(FRACTIONS, FRACTIONS, FRACTIONS)
TAIL_LIGHT = (0.8, 0.1, 0.1)

GRAY, RGB = np.zeros((8, 8)), np.zeros((8, 8, 3))


@pytest.fixture
def photograph():
    """Returns saturated colours with edges between them."""
    noise = np.random.default_rng(0).random((12, 16, 3), np.float32)
    return cv2.resize(noise, (64, 48), interpolation=cv2.INTER_NEAREST)


@pytest.mark.parametrize(
    ("color", "vis", "expected"),
    [
        ("auto", GRAY, False),
        ("auto", RGB, True),
        ("gray", RGB, False),
        ("color", RGB, True),
        ("gray", GRAY, False),
    ],
)
def test_the_output_has_colour_if_it_may_and_the_visible_image_has(color, vis, expected):
    assert wants_colour(color, vis) is expected


def test_colour_from_a_gray_image_is_refused():
    with pytest.raises(ValueError, match="no colour"):
        wants_colour("color", GRAY)


def test_another_word_for_colour_is_refused():
    with pytest.raises(ValueError, match="'sepia'"):
        wants_colour("sepia", RGB)


def test_the_visible_images_own_luma_gives_it_back(photograph):
    np.testing.assert_allclose(colourise(to_luma(photograph), photograph), photograph, atol=1e-6)


def test_an_8_bit_visible_images_own_luma_gives_it_back_to_the_last_step():
    photograph = np.random.default_rng(2).integers(0, 256, (40, 50, 3), np.uint8)
    values = to_float(photograph)
    np.testing.assert_array_equal(colourise(to_luma(values), values, np.uint8), photograph)


@given(FRACTIONS, PIXELS)
@settings(deadline=None)
def test_hue_is_kept(luma, pixel):
    before, after = chroma_of(pixel), chroma_of(coloured(luma, pixel))
    np.testing.assert_allclose(np.cross(before, after), 0, atol=2e-6)
    assert before @ after >= -1e-6


@given(FRACTIONS, FRACTIONS)
@settings(deadline=None)
def test_gray_becomes_the_luma(luma, level):
    np.testing.assert_allclose(coloured(luma, (level, level, level)), luma, atol=1e-6)


@given(FRACTIONS, PIXELS)
@settings(deadline=None)
def test_luma_is_exact_where_the_visible_chroma_fits_and_falls_by_a_share_of_it_at_most(luma, pixel):
    fall = luma - luma_of(coloured(luma, pixel))
    highest = chroma_of(pixel).max()
    assert -1e-6 <= fall <= KEPT * highest + 2e-6
    if luma <= 1 - highest:
        assert fall == pytest.approx(0, abs=1e-6)


@given(FRACTIONS, FRACTIONS, PIXELS)
@settings(deadline=None)
def test_what_is_brighter_stays_brighter(luma, other, pixel):
    assume(luma + 1e-4 < other)
    darker, brighter = (luma_of(coloured(level, pixel)) for level in (luma, other))
    assert brighter - darker > 0.99 * (1 - KEPT) * (other - luma) - 1e-6


@given(FRACTIONS, PIXELS)
@settings(deadline=None)
def test_brighter_than_the_visible_image_most_of_its_chroma_is_left(luma, pixel):
    assume(luma >= luma_of(pixel))
    before, after = chroma_of(pixel), chroma_of(coloured(luma, pixel))
    assert np.abs(after).max() >= KEPT * np.abs(before).max() - 2e-6


@given(FRACTIONS, PIXELS)
@settings(deadline=None)
def test_darker_than_the_visible_image_is_that_image_dimmed(share, pixel):
    visible = np.array(pixel, np.float32)
    luma = luma_of(pixel)
    assume(luma > 1e-3)
    np.testing.assert_allclose(coloured(share * luma, pixel), share * visible, atol=1e-5)


@given(FRACTIONS, PIXELS)
@settings(deadline=None)
def test_chroma_grows_less_than_luma_and_by_a_bounded_factor(luma, pixel):
    before, after = chroma_of(pixel), chroma_of(coloured(luma, pixel))
    visible = luma_of(pixel)
    assume(visible > 1e-3)
    largest = min(max(luma / visible, 0), 1 + luma / (2 * DARK))
    assert np.abs(after).max() <= largest * np.abs(before).max() + 1e-5


@given(FRACTIONS, PIXELS, st.floats(-1e-3, 1e-3), st.sampled_from(range(4)))
@settings(deadline=None)
def test_like_pixels_come_out_alike(luma, pixel, step, which):
    values = np.array([*pixel, luma])
    nearby = values.copy()
    nearby[which] = np.clip(values[which] + step, 0, 1)
    change = coloured(nearby[3], nearby[:3]) - coloured(luma, pixel)
    assert np.abs(change).max() <= 40 * abs(step) + 1e-5  # blue is dark: RGB changes by 9 where its luma does by 1


def test_a_hot_tail_light_stays_red():
    red, green, blue = coloured(0.9, TAIL_LIGHT)
    assert red > 0.95
    assert max(green, blue) < 0.6


def test_dark_blue_noise_that_infrared_lifts_does_not_become_vivid():
    noise = np.array([0, 0, 44]) / 255  # a luma of 5
    assert chroma_of(coloured(200 / 255, noise)).max() < 1.3 * chroma_of(noise).max()


@pytest.mark.parametrize("size", [(600, 130), (301, 64), (48, 200), (20, 130)])
def test_colours_are_opencvs_linear_ones_however_many_rows_are_made_at_once(photograph, size, monkeypatch):
    monkeypatch.setattr(colour, "STRIP", 100)
    height, width = min(size[0], 48), size[1]
    averaged = cv2.resize(photograph, (64, height), interpolation=cv2.INTER_AREA)
    expected = cv2.resize(averaged, (width, size[0]), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(colourise(to_luma(expected), photograph), expected, atol=2e-6)


def test_colours_come_in_the_type_that_is_asked_for(photograph):
    luma = to_luma(photograph)
    np.testing.assert_array_equal(colourise(luma, photograph, np.uint8), from_float(colourise(luma, photograph)))


def test_black_stays_black(photograph):
    assert not colourise(np.zeros((48, 64), np.float32), photograph).any()


def test_white_stays_white_where_the_visible_image_is_gray(photograph):
    gray = np.repeat(to_luma(photograph)[..., None], 3, axis=-1)
    assert (colourise(np.ones((48, 64), np.float32), gray, np.uint8) == 255).all()


def test_chroma_does_not_overshoot_at_an_edge():
    vis = np.zeros((16, 16, 3), np.float32)
    vis[:, 8:] = 0.6, 0.3, 0.3
    chroma = colourise(np.full((64, 64), 0.5, np.float32), vis) - 0.5
    inside = coloured(0.5, vis[0, -1]) - 0.5
    assert chroma.min() >= inside.min() - 1e-6
    assert chroma.max() <= inside.max() + 1e-6
