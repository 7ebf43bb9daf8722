"""The fused image's colour: the given luma exactly, the visible image's chroma as far as there is room."""

import cv2
import numpy as np
import pytest

from mfjax.images import from_float, to_luma
from mfjax.inference import colour
from mfjax.inference.colour import wants_colour


def colourise(luma, vis, dtype=np.float32):
    """One image, made beside another one."""
    image, _ = colour.colourise([luma, 1 - luma], vis, dtype)
    return image


GRAY, RGB = np.zeros((8, 8)), np.zeros((8, 8, 3))


@pytest.fixture
def photograph():
    """Saturated colours with edges between them."""
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


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (20, 30), (31, 90)])
def test_luma_is_kept_exactly_even_where_the_colour_has_no_room(photograph, size):
    luma = np.random.default_rng(1).random(size, np.float32)
    out = colourise(luma, photograph)
    assert out.shape == (*size, 3)
    assert out.min() >= 0
    assert out.max() <= 1
    np.testing.assert_allclose(to_luma(out), luma, atol=1e-6)


@pytest.mark.parametrize("size", [(600, 130), (301, 64), (48, 200)])
def test_chroma_is_opencvs_linear_one_however_many_rows_are_made_at_once(photograph, size, monkeypatch):
    monkeypatch.setattr(colour, "STRIP", 100)
    muted = 0.5 + 0.1 * (photograph - to_luma(photograph)[..., None])  # with room for all of it
    out = colourise(np.full(size, 0.5, np.float32), muted)
    expected = cv2.resize(muted - to_luma(muted)[..., None], size[::-1], interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(out - 0.5, expected, atol=1e-6)


def test_colours_come_in_the_type_that_is_asked_for(photograph):
    luma = to_luma(photograph)
    np.testing.assert_array_equal(colourise(luma, photograph, np.uint8), from_float(colourise(luma, photograph)))


def test_black_and_white_stay_so(photograph):
    assert not colourise(np.zeros((48, 64), np.float32), photograph).any()
    assert (colourise(np.ones((48, 64), np.float32), photograph) == 1).all()


def test_chroma_does_not_overshoot_at_an_edge():
    vis = np.zeros((16, 16, 3), np.float32)
    vis[:, 8:] = 0.6, 0.3, 0.3
    chroma = colourise(np.full((64, 64), 0.5, np.float32), vis) - 0.5
    inside = vis - to_luma(vis)[..., None]
    assert chroma.min() >= inside.min() - 1e-6
    assert chroma.max() <= inside.max() + 1e-6
