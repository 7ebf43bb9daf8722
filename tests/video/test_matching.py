import numpy as np
import pytest

from mfjax.video.frames import Frame
from mfjax.video.matching import Matches, Stream, infrared_leads

PIXELS = np.zeros((2, 2), np.uint8)


def matched(leading, following, *, rates, offset=0.0):
    lead, follow = Stream("slow", rates[0]), Stream("fast", rates[1])
    matches = Matches(lead, follow)
    streams = [[Frame(PIXELS, time) for time in times] for times in (leading, following)]
    pairs = matches.of(lead.watched(streams[0], offset), follow.watched(streams[1], 0.0))
    return [(one.time, other.time) for one, other in pairs], matches


def test_each_frame_of_the_slower_source_gets_the_nearest_one():
    pairs, matches = matched(np.arange(9) / 9, np.arange(32) / 30, rates=(9, 30))
    assert len(pairs) == 9
    assert max(abs(a - b) for a, b in pairs) <= 1 / 60 + 1e-9
    assert matches.notes == [
        "fast: 19 of 28 frames are not used (30 frames/s against 9 frames/s)",
    ]


def test_equal_rates_pair_all_frames_and_nothing_is_said():
    pairs, matches = matched(np.arange(50) / 25, np.arange(50) / 25, rates=(25, 25))
    assert [a for a, _ in pairs] == [b for _, b in pairs]
    assert len(pairs) == 50
    assert matches.notes == []


def test_frames_that_one_source_lost_are_left_out_and_counted():
    following = [i / 25 for i in range(50) if not 20 <= i < 30]
    pairs, matches = matched(np.arange(50) / 25, following, rates=(25, 25))
    assert [a for a, _ in pairs] == following
    assert "slow: 10 of 50 frames have none of fast within 30 ms and are left out" in matches.notes
    assert "fast: 1 gaps between frames, the longest of 0.44 s" in matches.notes


def test_a_frame_that_is_used_twice_is_said():
    times = [0, 0.04, 0.055, 0.08]  # of a rate that varies
    pairs, matches = matched(times, [0, 0.045, 0.085], rates=(25, 25))
    assert [b for _, b in pairs] == [0, 0.045, 0.045, 0.085]
    assert matches.notes == ["fast: used once more, where none was nearer in time: 1 frame"]


def test_a_source_that_ends_early_ends_all_and_that_is_said():
    pairs, matches = matched(np.arange(100) / 25, np.arange(50) / 25, rates=(25, 25))
    assert len(pairs) == 50
    assert "fast ends at 2.0 s, and slow goes on" in matches.notes


def test_an_offset_moves_the_times_of_one_source():
    pairs, _ = matched(np.arange(10) / 10, np.arange(40) / 20, rates=(10, 20), offset=0.5)
    assert pairs[0] == pytest.approx((0.5, 0.5))
    assert len(pairs) == 10


@pytest.mark.parametrize(
    ("ir", "vis", "leads"), [(9, 30, True), (30, 25, False), (25, 25, True), (None, 30, True), (60, None, True)]
)
def test_the_source_of_fewer_frames_leads(ir, vis, leads):
    assert infrared_leads(ir, vis) is leads
