"""The photo in a thermal camera's file: whether it fits where the file places it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax import images
from mfjax.inference.photo import better_ratio

REAL = Path(__file__).parents[3] / "shared" / "data" / "thermal"


def camera_file(ratio, stated):
    """Returns a scene of discs in a photo and, a part of it, in temperatures."""
    random = np.random.default_rng(0)
    photo = np.full((480, 640), 90, np.uint8)
    for _ in range(150):
        at, radius, level = random.integers(0, (640, 480)), random.integers(5, 30), random.integers(0, 256)
        cv2.circle(photo, at.tolist(), int(radius), int(level), -1)
    place = images.Placement(ratio, (10, -15))
    top, bottom, left, right = place.box((480, 640), (120, 160))
    celsius = 20 + cv2.resize(photo[top:bottom, left:right], (160, 120), interpolation=cv2.INTER_AREA) / np.float32(20)
    return images.Thermal(celsius, np.stack([255 - photo] * 3, axis=-1), images.Placement(stated, (10, -15)))


def test_a_place_that_fits_is_not_doubted():
    assert better_ratio(camera_file(2.0, 2.0)) is None


def test_a_ratio_that_is_far_off_is_found_out():
    assert better_ratio(camera_file(2.0, 3.2)) == pytest.approx(2.0, rel=0.03)


def test_images_without_common_edges_leave_the_file_right():
    found = camera_file(2.0, 3.0)
    noise = np.random.default_rng(1).uniform(20, 30, (120, 160)).astype(np.float32)
    assert better_ratio(images.Thermal(noise, found.photo, found.placement)) is None


@pytest.mark.skipif(not REAL.is_dir(), reason="needs real thermal files in ../shared/data/thermal")
def test_real_files_place_their_photos_right_and_one_that_forgot_its_zoom_would_be_found_out():
    assert better_ratio(images.read_thermal(REAL / "Flir_B60.jpg")) is None
    zoomed = images.read_thermal(REAL / "T640.jpg")  # by 1.6, as its EXIF data say
    assert zoomed.placement.ratio == pytest.approx(2.185, abs=0.001)
    assert better_ratio(zoomed) is None
    without = replace(zoomed, placement=replace(zoomed.placement, ratio=3.496))
    assert better_ratio(without) == pytest.approx(2.17, abs=0.05)
