"""Lost structure by day and by night."""

import cv2
import numpy as np
import pytest

from mfjax.evaluation.lost import LostStructure, is_night


def street(sky, road, black):
    """Returns an image of a sky over a road with something black on it, and lamps."""
    image = np.full((60, 80), road, np.uint8)
    image[:25] = sky
    image[40:50, 10:30] = black
    image[20:24, 30:34] = 255
    return image


@pytest.mark.parametrize("lift", [0, 70])  # as cameras do that show night in a middle gray
def test_picture_with_a_dark_sky_is_of_night_however_gray_and_others_are_of_day(lift):
    assert is_night(street(sky=10 + lift, road=40 + lift, black=lift))
    assert not is_night(street(sky=140 + lift, road=60 + lift, black=lift))


def test_colour_and_depth_of_a_picture_do_not_matter():
    for picture, night in ((street(10, 40, 0), True), (street(200, 60, 0), False)):
        assert is_night(cv2.merge([picture] * 3)) is night
        assert is_night(picture.astype(np.uint16) * 257) is night


def test_means_are_over_all_pairs_those_by_day_and_those_by_night():
    shares = np.array([[[0.1, 0.4], [0.3, np.nan], [0.8, np.nan]]])
    columns = LostStructure(shares, np.array([False, False, True])).columns()
    assert [*columns] == [
        f"{source}, {light}" for source in ("infrared", "visible") for light in ("all (3)", "day (2)", "night (1)")
    ]
    np.testing.assert_allclose(np.ravel([*columns.values()]), [0.4, 0.2, 0.8, 0.4, 0.4, np.nan])
