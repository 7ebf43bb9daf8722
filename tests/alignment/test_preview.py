"""The picture by which an alignment is judged."""

import numpy as np
import pytest

from mfjax.alignment.preview import preview

HALF = np.array([[2, 0, -0.5], [0, 2, -0.5], [0, 0, 1.0]])  # infrared shows the middle half of the visible image


@pytest.fixture(scope="module")
def square():
    """Returns a bright square before a dark ground, as infrared luma."""
    image = np.full((60, 80), 0.2, np.float32)
    image[20:40, 30:50] = 0.7
    return image


def test_a_preview_is_two_panels_of_the_visible_view_side_by_side(square):
    made = preview(square, np.zeros((30, 60)), np.eye(3))
    assert made.shape == (400, 1600, 3)
    assert made.dtype == np.uint8


def test_infrared_edges_are_drawn_in_orange_on_the_darkened_visible_image(square):
    drawn = preview(square, np.full((60, 80), 0.8), np.eye(3))[:, :800]
    np.testing.assert_array_equal(drawn[300, 400], round(255 * 0.75 * 0.8))  # inside the square
    np.testing.assert_array_equal(drawn[300, 300], [255, round(0.35 * 255), 0])  # on its left side
    np.testing.assert_array_equal(drawn[300, 100], round(255 * 0.75 * 0.8))


def test_fields_of_the_checkerboard_are_in_turn_visible_and_infrared_stretched_to_black_and_white(square):
    board = preview(square, np.full((60, 80), 0.8), np.eye(3))[:, 800:]
    assert board[50, 50, 0] == round(255 * 0.8)
    assert board[50, 150, 0] == 0
    assert board[150, 50, 0] == 0
    assert board[350, 450, 0] == 255  # in the square


def test_where_infrared_shows_nothing_there_is_visible_alone(square):
    made = preview(square, np.full((60, 80), 0.8), HALF)
    board, drawn = made[:, 800:], made[:, :800]
    assert (board[:140] == round(255 * 0.8)).all()
    assert (board[:, 610:] == round(255 * 0.8)).all()
    assert (drawn[:140] == round(255 * 0.75 * 0.8)).all()
    assert board[250, 250, 0] == round(255 * 0.8)
    assert board[310, 410, 0] == 255
    assert board[160, 250, 0] == 0
