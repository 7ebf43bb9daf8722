"""Views of two cameras: sizes, the rectangle that both show, and the soft edge where one ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfjax import MfjaxError
from mfjax.alignment import geometry
from mfjax.alignment.frames import Frame, _splines, faded, soft_mask

WIDER = np.array([[1.5, 0, -0.25], [0, 1.5, -0.25], [0, 0, 1.0]])  # visible shows half as much again as infrared


@pytest.mark.parametrize(("view", "size"), [("visible", (480, 640)), ("infrared", (320, 427)), ("overlap", (320, 426))])
def test_a_view_has_the_resolution_of_the_finer_source_in_it(view, size):
    assert Frame.of(WIDER, (240, 320), (480, 640), view).size == size


def test_the_finer_source_may_be_the_infrared_one():
    assert Frame.of(WIDER, (960, 1280), (480, 640), "visible").size == (1440, 1920)


def test_a_size_that_comes_out_even_is_not_rounded_up():
    narrower = np.array([[0.7660550458715597, 0, 0.1], [0, 0.7660550458715597, 0.1], [0, 0, 1.0]])
    assert Frame.of(narrower, (1308, 1635), (336, 420), "visible").size == (1002, 1253)  # 1002.0 and 1252.5
    for scale in np.arange(1, 100) / 37:
        made = Frame.of(np.diag([scale, scale, 1.0]), (37 * 40, 37 * 50), (400, 500), "visible").size
        assert made == (max(400, round(40 * 37 * scale)), max(500, round(50 * 37 * scale)))


def test_no_axis_of_the_finer_source_loses_a_pixel():
    shifted = np.array([[1, 0, 0.01], [0, 1, 0], [0, 0, 1.0]])
    assert Frame.of(shifted, (480, 1280), (720, 640), "visible").size == (1440, 1280)


def test_images_that_show_nothing_in_common_are_refused():
    apart = np.array([[1, 0, 1.2], [0, 1, 0], [0, 0, 1.0]])
    with pytest.raises(MfjaxError, match="show nothing in common"):
        Frame.of(apart, (24, 32), (24, 32))


def test_a_view_that_there_is_not_is_refused_naming_those_there_are():
    with pytest.raises(MfjaxError, match="view is 'both'; it is one of visible, infrared, overlap"):
        Frame.of(np.eye(3), (24, 32), (24, 32), "both")


def test_an_overlap_of_one_row_is_refused():
    one_row = np.array([[1, 0, 0], [0, 1, 23 / 24], [0, 0, 1.0]])
    with pytest.raises(MfjaxError, match="both images show only 1x32 pixels in common"):
        Frame.of(one_row, (24, 32), (24, 32), "overlap")
    two_rows = np.array([[1, 0, 0], [0, 1, 22 / 24], [0, 0, 1.0]])
    assert Frame.of(two_rows, (24, 32), (24, 32), "overlap").size == (2, 32)


def test_what_is_seen_of_a_frame_is_where_the_other_source_shows_something():
    frame = Frame.of(WIDER, (240, 320), (480, 640), "visible")
    seen = frame.seen((300, 400))
    assert seen[150, 200] == 1
    assert seen[150, :66].max() == 0
    assert not frame.is_filled
    infrared = Frame.of(WIDER, (240, 320), (480, 640), "infrared")
    assert infrared.seen((300, 400)).min() == 1
    assert infrared.is_filled
    np.testing.assert_array_equal(infrared.to_ir, np.eye(3))


@given(st.data(), st.integers(20, 3000), st.integers(20, 3000))
def test_a_rectangle_of_whole_pixels_keeps_all_of_them(data, height, width):
    sides = [data.draw(st.integers(-(-side // 50), side)) for side in (height, width)]
    top, left = (data.draw(st.integers(0, whole - side)) for side, whole in zip(sides, (height, width), strict=True))
    bottom, right = top + sides[0], left + sides[1]
    matrix = np.linalg.inv(geometry.cropped(top, left, (bottom - top, right - left), (height, width)))
    assert geometry.common_rectangle(matrix, (height, width)) == (slice(top, bottom), slice(left, right))


@given(st.floats(-20, 20), st.floats(0.6, 1.8), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_the_common_rectangle_is_seen_by_both_and_no_larger_one_is(degrees, scale, right, down):
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    matrix = np.array([[c, -s, 0.5 + right], [s, c, 0.5 + down], [0, 0, 1]])
    matrix = matrix @ np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    rows, cols = geometry.common_rectangle(matrix, (400, 400))

    def is_seen(top, bottom, left, right):
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) / 400
        points = np.concatenate([corners, geometry.mapped(matrix, corners)])
        return ((points > -1e-4) & (points < 1 + 1e-4)).all()

    ends = rows.start, rows.stop, cols.start, cols.stop
    assert is_seen(*ends)
    for side, step in enumerate((-2, 2, -2, 2)):
        larger = [*ends]
        larger[side] += step
        assert not is_seen(*larger)


def test_the_soft_edge_is_0_at_the_infrared_images_sides_and_1_inside():
    mask = soft_mask(WIDER, (300, 400))
    assert mask[150, 200] == 1
    assert mask[150, :66].max() == 0
    assert mask[150, 70] < 0.1
    assert (np.diff(mask[150, :200]) >= 0).all()


def test_a_side_with_nothing_beyond_it_has_no_edge():
    moved = np.array([[1, 0, 0.2], [0, 1, 0], [0, 0, 1.0]])  # infrared ends at 80 % of the width
    mask = soft_mask(moved, (30, 100))
    assert (mask[:, :70] == 1).all()
    assert (mask[:, 80:] == 0).all()


def test_a_gap_of_a_hair_costs_no_wide_edge():
    moved = np.array([[1, 0, 0.002], [0, 1, 0], [0, 0, 1.0]])
    assert (soft_mask(moved, (30, 1000))[:, :985] == 1).all()


def test_beyond_the_infrared_image_the_visible_one_is_left_exactly():
    rng = np.random.default_rng(0)
    fused, alone = rng.random((2, 90, 120)).astype(np.float32)
    out = faded(fused, alone, WIDER)
    unseen = soft_mask(WIDER, (90, 120)) == 0
    np.testing.assert_allclose(out[unseen], alone[unseen], atol=1e-6)
    np.testing.assert_allclose(out[45, 60], fused[45, 60], atol=1e-6)


def test_a_brighter_infrared_view_makes_no_step_at_its_sides():
    out = faded(np.full((300, 400), 0.8, np.float32), np.full((300, 400), 0.4, np.float32), WIDER)
    assert np.abs(np.diff(out, axis=1)).max() < 0.015  # 4 gray levels a pixel at most, of a step of 100
    assert out[150, 200] == pytest.approx(0.8, abs=1e-3)


def test_the_level_fades_within_16_percent_of_the_width_and_no_faster():
    out = faded(np.full((300, 400), 0.8, np.float32), np.full((300, 400), 0.4, np.float32), WIDER)
    row, side = out[150], 400 / 6  # infrared begins at a sixth of the width
    assert row[round(side + 0.165 * 400)] == pytest.approx(0.8, abs=1e-4)
    assert row[round(side + 0.08 * 400)] == pytest.approx(0.6, abs=0.02)


def test_splines_add_up_to_1_everywhere_and_are_alike_from_both_ends():
    made = _splines(48, 6)
    assert made.shape == (48, 6)
    np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(made, made[::-1, ::-1], atol=1e-6)
    assert made[:, 2].argmax() in (19, 20)  # the middle of the third of six parts
