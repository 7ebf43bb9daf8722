import itertools

import numpy as np
import pytest

import mfjax
from mfjax import MfjaxError, images
from mfjax.data import synthetic
from mfjax.inference.infrared import Reading
from mfjax.inference.ranges import Celsius
from mfjax.video import fuse
from mfjax.video.frames import Frame
from mfjax.video.steadiness import FixedRange, Infrared, Level, SlowRange

MOST = 0.5  # gray levels that the mean of a scene that stands still may change by from frame to frame
RATE = 30


class Rendered:
    """A source of rendered pictures."""

    is_live = False

    def __init__(self, name, pictures, unit=None):
        self.name, self.rate, self._pictures, self._unit = name, float(RATE), pictures, unit
        self.duration = len(pictures) / RATE

    def frames(self, start=0.0):
        for i, picture in enumerate(self._pictures):
            if i / RATE >= start - 1e-9:
                yield Frame(picture, i / RATE, self._unit)


def thermal(scene, hot=0, *, rng):
    """Returns a scene as 14 bits of a sensor: its own span of 1,200 counts, and a hot thing of so many columns."""
    counts = 20_000 + 1_200 * scene.ir + rng.normal(0, 4, scene.ir.shape)
    counts[30:90, 10 : 10 + hot] = 24_000
    return np.rint(counts).astype(np.uint16)


def visible(scene, *, rng):
    return np.rint(np.clip(255 * scene.vis + rng.normal(0, 1.5, scene.vis.shape), 0, 255)).astype(np.uint8)


@pytest.fixture(scope="module")
def tiny():
    return mfjax.load("tiny", engine="xla")


@pytest.mark.parametrize("ir_range", ["auto", "auto:all"])
def test_a_static_scene_does_not_flicker_when_something_hot_enters_it(tiny, ir_range):
    rng, scene = np.random.default_rng(0), synthetic.scene(3, 96, 128)
    hot = [0, 0, 6, 12, 18, 18]
    irs = [thermal(scene, each, rng=rng) for each in hot]
    viss = [visible(scene, rng=rng) for _ in hot]
    sources = Rendered("ir", irs), Rendered("vis", viss)
    fused = [images.luma(each.fused).astype(float) for each in fuse(*sources, fuser=tiny, ir_range=ir_range)]
    still = np.s_[:, 44:]  # beyond what the hot thing and its halo change
    changes = [abs(float((now - last)[still].mean())) for last, now in itertools.pairwise(fused)]
    assert max(changes) <= MOST


def test_without_the_correction_the_same_scene_flickers(tiny, monkeypatch):
    monkeypatch.setattr(Level, "offset", lambda *pictures: 0.0)
    with pytest.raises(AssertionError):
        test_a_static_scene_does_not_flicker_when_something_hot_enters_it(tiny, "auto:all")


def test_the_range_of_a_static_scene_stands_still_and_follows_slowly():
    rng, scene = np.random.default_rng(0), synthetic.scene(3, 96, 128)
    adaptive = SlowRange()
    adaptive(Frame(thermal(scene, rng=rng), 0.0))
    low, high = adaptive.ends
    means = [adaptive(Frame(thermal(scene, 40 if i > 20 else 0, rng=rng), i / RATE))[:, 70:].mean() for i in range(400)]
    assert 255 * np.abs(np.diff(means)).max() <= MOST
    assert adaptive.ends[1] > high + 0.25 * (high - low)  # after 12 seconds


def test_a_cut_is_followed_at_once():
    rng, scenes = np.random.default_rng(0), [synthetic.scene(seed, 96, 128) for seed in (3, 4)]
    adaptive, level = SlowRange(), Level()
    adaptive(Frame(thermal(scenes[0], rng=rng), 0.03))
    other = thermal(scenes[1], rng=rng) + np.uint16(2_000)
    adaptive(Frame(other, 0.06))
    assert adaptive.ends == pytest.approx([other.min(), other.max()], abs=300)
    one, two = (visible(scene, rng=rng) for scene in scenes)
    level.offset(np.full((96, 128), 0.5, np.float32), scenes[0].ir, one)
    assert level.offset(np.full((96, 128), 0.4, np.float32), scenes[0].ir, one) == pytest.approx(0.1, abs=0.01)
    assert level.offset(np.full((96, 128), 0.2, np.float32), scenes[1].ir, two) == 0


def test_a_correction_of_the_level_is_given_up_over_seconds():
    level, flat = Level(), np.zeros((24, 32), np.float32)
    level.offset(flat + 0.5, flat, flat)
    offsets = [level.offset(flat + 0.45, flat, flat) for _ in range(400)]
    assert offsets[0] == pytest.approx(0.05, abs=1e-3)
    assert np.abs(np.diff(offsets)).max() <= 0.5 / 255
    assert abs(offsets[-1]) < 0.001


def test_temperatures_have_one_range_of_all_frames_by_default(caplog):
    ramp = np.random.default_rng(0).permutation(np.arange(64, dtype=np.float32)).reshape(8, 8) / 9
    frames = [Frame(20 + ramp * i, 0.0, "celsius") for i in (1, 2)]
    found = Infrared.of(frames[0], frames, Reading(), "a.seq", live=False)
    assert isinstance(found.range, FixedRange)
    assert found.range.ends == pytest.approx((20, 34), abs=0.1)
    assert "black is 20 °C and white 33.9718 °C in all frames" in caplog.text
    in_degrees = Infrared.of(frames[0], frames, Reading(Celsius(10, 50)), "a.seq", live=False)
    assert in_degrees.range.ends == (10, 50)
    assert in_degrees(frames[0]).min() == pytest.approx(0.25)
    with pytest.raises(MfjaxError, match="have no full range"):
        Infrared.of(frames[0], frames, Reading("full"), "a.seq", live=False)


def test_eight_bits_are_taken_as_they_are_and_raw_counts_are_stretched():
    eight = Frame(np.arange(64, dtype=np.uint8).reshape(8, 8), 0.0)
    found = Infrared.of(eight, [eight], Reading(), "ir", live=False)
    assert found.range.ends is None
    assert found(eight).max() == pytest.approx(63 / 255)
    raw = Frame(np.arange(64, dtype=np.uint16).reshape(8, 8) + 7000, 0.0)
    assert Infrared.of(raw, [raw], Reading(), "ir", live=False).range.ends == pytest.approx((7000, 7063), abs=0.2)
    black_hot = Infrared.of(eight, [eight], Reading(polarity="black"), "ir", live=False)
    assert black_hot(eight)[0, 0] == 1


def test_a_look_at_the_end_of_a_file_does_not_move_the_range_of_its_begin(averaging):
    cold, hot = (np.random.default_rng(0).integers(low, low + 500, (24, 32), dtype=np.uint16) for low in (7000, 9000))
    sources = Rendered("ir", [cold] * 5 + [hot] * 5), Rendered("vis", [np.zeros((24, 32), np.uint8)] * 10)
    [*fuse(*sources, fuser=averaging, ir_range="auto")]
    for ir, _, _ in averaging.calls:
        assert ir.mean() == pytest.approx(0.5, abs=0.05)
