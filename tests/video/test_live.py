import time

import cv2
import numpy as np
import pytest

from mfjax import MfjaxError
from mfjax.video import Camera, fuse, live


class FakeCapture:
    """Stands in for `cv2.VideoCapture`: gives arrays every so many seconds."""

    def __init__(self, arrays, interval=0.01, opened=True, rate=0.0):
        self.arrays, self.interval, self.opened, self.rate = iter(arrays), interval, opened, rate
        self.properties, self.released = {}, False

    def isOpened(self):  # noqa: N802
        return self.opened

    def set(self, name, value):
        self.properties[name] = value
        return True

    def get(self, name):
        return self.rate

    def read(self):
        time.sleep(self.interval)
        array = next(self.arrays, None)
        return array is not None, array

    def release(self):
        self.released = True


def camera(arrays, *, heat=False, **options):
    fake = FakeCapture(arrays, **options)
    return Camera("0", heat=heat, capture=lambda device: fake), fake


def test_an_infrared_camera_is_asked_for_raw_sixteen_bits():
    _, fake = camera([], heat=True)
    assert fake.properties[cv2.CAP_PROP_CONVERT_RGB] == 0
    assert int(fake.properties[cv2.CAP_PROP_FOURCC]) == cv2.VideoWriter.fourcc(*"Y16 ")
    _, fake = camera([])
    assert fake.properties == {}


def test_sixteen_bits_are_taken_as_they_come():
    counts = np.arange(12, dtype=np.uint16).reshape(3, 4) + 30_000
    source, _ = camera([counts] * 2, heat=True)
    frames = [*source.frames()]
    assert len(frames) == 2
    np.testing.assert_array_equal(frames[0].pixels, counts)
    assert frames[1].time > frames[0].time


def test_temperatures_below_a_picture_are_read():
    celsius = np.linspace(10, 40, 192 * 256, dtype=np.float32).reshape(192, 256)
    words = np.rint((celsius + 273.15) * 64).astype("<u2")
    raw = np.concatenate([np.full((192, 256, 2), 77, np.uint8), words.view(np.uint8).reshape(192, 256, 2)])
    frame = live.as_frame(raw, 1.5)
    assert (frame.unit, frame.time) == ("celsius", 1.5)
    assert np.abs(frame.pixels - celsius).max() <= 0.5 / 64 + 1e-4


def test_other_shapes_are_luma_colour_or_refused():
    yuyv = np.zeros((4, 6, 2), np.uint8)
    yuyv[..., 0] = 99
    assert (live.as_frame(yuyv, 0).pixels == 99).all()
    bgr = np.zeros((4, 6, 3), np.uint8)
    bgr[..., 0] = 255
    assert tuple(live.as_frame(bgr, 0).pixels[0, 0]) == (0, 0, 255)
    with pytest.raises(MfjaxError, match=r"sends float64 of shape \(4, 6\)"):
        live.as_frame(np.zeros((4, 6)), 0)


def test_a_missing_camera_is_one_line():
    with pytest.raises(MfjaxError, match="there is no camera '0', or another program uses it"):
        camera([], opened=False)


def test_a_camera_that_falls_silent_is_an_error(monkeypatch):
    monkeypatch.setattr(live, "PATIENCE", 0.05)
    source, _ = camera([np.zeros((2, 2), np.uint16)], heat=True, interval=0.3)
    with pytest.raises(MfjaxError, match=r"has sent nothing for 0\.05 s"):
        next(source.frames())


def test_frames_that_nobody_takes_are_dropped_and_counted(monkeypatch):
    monkeypatch.setattr(live, "HISTORY", 0.02)
    source, fake = camera([np.full((2, 2), i, np.uint8) for i in range(20)], interval=0.005)
    frames = source.frames()
    next(frames)
    time.sleep(0.3)
    rest = [int(frame.pixels[0, 0]) for frame in frames]
    assert rest[-1] == 19
    assert source.dropped == 19 - len(rest) > 5
    assert fake.released


def test_two_live_cameras_are_fused(averaging, caplog):
    irs = [np.full((24, 32), 30_000 + 100 * i, np.uint16) for i in range(8)]
    for ir in irs:
        ir[:12] += 1000
    viss = [np.full((48, 64, 3), 100, np.uint8)] * 30
    ir, _ = camera(irs, heat=True, interval=0.04, rate=25.0)
    vis, _ = camera(viss, interval=0.01, rate=100.0)
    frames = [*fuse(ir, vis, fuser=averaging)]
    assert 4 <= len(frames) <= 8
    assert frames[0].time == 0
    assert frames[0].fused.shape == (48, 64, 3)
    assert "the range of infrared values follows the scene slowly" in caplog.text
    assert "frames are not used" in caplog.text
    for luma, _, _ in averaging.calls:
        assert luma.dtype == np.float32
        assert 0 <= luma.min() <= luma.max() <= 1


def test_one_range_of_all_frames_of_a_live_camera_is_refused(averaging):
    ir, _ = camera([np.arange(12, dtype=np.uint16).reshape(3, 4)] * 3, heat=True, rate=25.0)
    vis, _ = camera([np.zeros((3, 4), np.uint8)] * 9, rate=25.0)
    with pytest.raises(MfjaxError, match="choose auto"):
        next(fuse(ir, vis, fuser=averaging, ir_range="auto:all"))
