"""The measured registration of a pair."""

import cv2
import numpy as np
import pytest

from mfjax import images
from mfjax.data.sets.alignment import alignment
from mfjax.data.synthetic import scene


def gray(seed, height=240, width=320):
    return [images.from_float(image) for image in scene(seed, height, width, colour=False)]


def moved(image, rows, cols):
    matrix = np.array([[1, 0, cols], [0, 1, rows]], np.float32)
    return cv2.warpAffine(image, matrix, image.shape[::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("seed", range(4))
def test_registered_pair_scores_high_and_a_shifted_one_clearly_less(seed):
    ir, vis = gray(seed)
    assert alignment(ir, vis).score > 0.9
    assert alignment(ir, moved(vis, 8, -10)).score < alignment(ir, vis).score - 0.2


@pytest.mark.parametrize(("rows", "cols"), [(10, -15), (-5, 20), (0, 12)])
def test_displacement_that_undoes_a_shift_is_found(rows, cols):
    ir, vis = gray(1)
    found = alignment(ir, moved(vis, rows, cols))
    assert found.rows == pytest.approx(-rows, abs=2.5)
    assert found.cols == pytest.approx(-cols, abs=2.5)


def test_inverting_an_image_does_not_change_the_score():
    ir, vis = gray(2)
    assert alignment(255 - ir, vis).score == pytest.approx(alignment(ir, vis).score, abs=1e-6)


def test_flat_images_have_nothing_in_common():
    ir, _ = gray(0)
    assert alignment(ir, np.full_like(ir, 7)).score == 0
    assert alignment(np.zeros_like(ir), ir).score == 0


def test_sizes_must_be_equal():
    with pytest.raises(ValueError, match=r"\(8, 9\) but visible \(9, 8\)"):
        alignment(np.zeros((8, 9), np.uint8), np.zeros((9, 8), np.uint8))
