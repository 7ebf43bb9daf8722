import threading

import numpy as np
import pytest

from mfjax import Alignment, MfjaxError
from mfjax.alignment import Tracker, tracking
from mfjax.alignment.estimate import Estimate
from mfjax.inference import views
from mfjax.video import Frame, FusedVideo, fuse, placing
from mfjax.video.fusing import stored
from mfjax.video.threads import Ahead


@pytest.fixture
def pair(tmp_path, write_video, numbered):
    """Two files of 12 and 25 frames a second, of two seconds, whose gray tells the time."""
    ir = write_video(tmp_path / "ir.mkv", [np.full((24, 32), 10 * i, np.uint8) for i in range(20)], fps=10)
    vis = write_video(tmp_path / "vis.mkv", [np.full((48, 64, 3), 5 * i, np.uint8) for i in range(40)], fps=20)
    return ir, vis


def test_frames_are_those_of_the_slower_source_each_with_the_others_of_its_time(pair, averaging):
    video = fuse(*pair, fuser=averaging)
    assert isinstance(video, FusedVideo)
    assert (video.rate, video.count) == (10, 20)
    frames = [*video]
    assert [frame.time for frame in frames] == pytest.approx([i / 10 for i in range(20)])
    assert [frame.fused.mean() for frame in frames] == pytest.approx([10 * i for i in range(20)], abs=2)
    assert frames[0].fused.dtype == np.uint8
    for (ir, vis, _), i in zip(averaging.calls, range(20), strict=True):
        assert 255 * ir.mean() == pytest.approx(10 * i, abs=1.5)
        assert vis.mean() == pytest.approx(10 * i, abs=1.5)


def test_a_part_begins_and_ends_where_it_is_asked_for(pair, averaging):
    times = [frame.time for frame in fuse(*pair, fuser=averaging, start=0.5, seconds=0.6)]
    assert times == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert [frame.time for frame in fuse(*pair, fuser=averaging, skip=17)] == pytest.approx([1.7, 1.8, 1.9])


def test_an_offset_moves_infrared(pair, averaging):
    frames = [*fuse(*pair, fuser=averaging, offset=0.5)]
    assert frames[0].time == pytest.approx(0.5)
    ir, vis, _ = averaging.calls[0]
    assert (255 * ir.mean(), vis.mean()) == pytest.approx((0, 50), abs=2)


def test_what_was_left_out_is_said_at_the_end(pair, averaging, caplog):
    [*fuse(*pair, fuser=averaging)]
    assert caplog.messages[-1].endswith("vis.mkv: 20 of 40 frames are not used (20 frames/s against 10 frames/s)")


def test_options_reach_the_model(pair, averaging):
    next(video := fuse(*pair, fuser=averaging, size=(30, 40), color="gray", stretch=True))
    video.close()
    options = averaging.calls[0][2]
    assert (options["size"], options["color"], options["stretch"]) == ((30, 40), "gray", True)


@pytest.fixture
def estimates(monkeypatch):
    """A function that lets estimates shift by ten pixels more in each frame of `pair`, surely from a frame on."""

    def use(surely_from):
        def estimate(ir, vis, *, model, start):
            number = round(25.5 * float(ir.mean()))
            right = np.array([[1, 0, 10 * number / 512], [0, 1, 0], [0, 0, 1]])
            return Estimate(right, 0.95 if number >= surely_from else 0.1, 3.0)

        monkeypatch.setattr(tracking, "estimate", estimate)

    return use


@pytest.mark.parametrize("given", ["track", Tracker()])
def test_one_tracker_places_each_frame(pair, averaging, estimates, given):
    estimates(surely_from=0)
    assert len([*fuse(*pair, fuser=averaging, align=given, view="infrared")]) == 20
    used = [options["align"] for *_, options in averaging.calls]
    assert [each.found for each in used] == [f"tracked up to frame {i}" for i in range(1, 21)]
    assert used[-1].matrix[0, 2] > used[0].matrix[0, 2] == 0
    assert averaging.calls[3][2]["view"] == "infrared"


def test_frames_that_can_not_be_aligned_are_left_out_and_counted(pair, averaging, estimates, caplog):
    estimates(surely_from=3)
    video = fuse(*pair, fuser=averaging, align="track")
    assert [frame.time for frame in video] == pytest.approx([i / 10 for i in range(3, 20)])
    told = "align track: 3 of 20 frames could not be aligned and are left out"
    assert told in video.notes
    assert told in caplog.messages


def test_a_track_that_places_no_frame_is_refused(pair, averaging, estimates):
    estimates(surely_from=99)
    video = fuse(*pair, fuser=averaging, align="track")
    with pytest.raises(MfjaxError, match=r"too little in common to be aligned: confidence 0\.10"):
        next(video)
    assert averaging.calls == []


@pytest.mark.parametrize("surely_from", [0, 3])
def test_a_track_goes_on_as_that_of_one_run_after_skipped_frames(pair, averaging, estimates, surely_from):
    estimates(surely_from=surely_from)
    whole = [*fuse(*pair, fuser=averaging, align="track")]
    places = [options["align"].matrix for *_, options in averaging.calls]
    averaging.calls.clear()
    rest = [*fuse(*pair, fuser=averaging, align="track", skip=8)]
    assert [frame.time for frame in rest] == [frame.time for frame in whole[8:]]
    np.testing.assert_array_equal([options["align"].matrix for *_, options in averaging.calls], places[8:])


def test_a_rig_file_is_read_once_for_all_frames(tmp_path, pair, averaging):
    Alignment.identity((24, 32), (48, 64)).save(tmp_path / "rig.json")
    [*fuse(*pair, fuser=averaging, align=tmp_path / "rig.json")]
    assert len({id(options["align"]) for *_, options in averaging.calls}) == 1


def test_a_rig_by_which_frames_are_clearly_off_is_doubted(pair, averaging, caplog, monkeypatch):
    rig = Alignment(np.diag([0.5, 0.5, 1]), (24, 32), (48, 64))
    monkeypatch.setattr(views, "looks_misaligned", lambda ir, vis, matrix: 0.09 if matrix is rig.matrix else None)
    [*fuse(*pair, fuser=averaging, align=rig)]
    assert "by the rig, their edges lie about 9 % of the width apart" in caplog.text
    assert {id(options["align"]) for *_, options in averaging.calls} == {id(rig)}


def test_auto_finds_one_alignment_with_some_pairs(pair, averaging, caplog, monkeypatch):
    seen, found = [], Alignment.identity((24, 32), (48, 64))
    monkeypatch.setattr(placing, "align_lumas", lambda irs, viss: seen.append((len(irs), len(viss))) or found)
    [*fuse(*pair, fuser=averaging, align="auto")]
    assert seen == [(8, 8)]
    assert all(options["align"] is found for *_, options in averaging.calls)
    assert "one place for all frames, of 8 pairs: " in caplog.text


def test_the_errors_of_a_thread_are_raised_where_frames_are_taken(pair):
    def broken(ir, vis, **options):
        raise MfjaxError("no such size")

    with pytest.raises(MfjaxError, match="no such size"):
        next(fuse(*pair, fuser=broken))


def test_no_thread_is_left_behind(pair, averaging):
    before = threading.active_count()
    video = fuse(*pair, fuser=averaging)
    next(video)
    video.close()
    with pytest.raises(StopIteration):
        next(video)
    [*fuse(*pair, fuser=averaging)]
    assert threading.active_count() == before


def test_work_ahead_waits_when_nobody_takes_it():
    made = []

    def items():
        for i in range(100):
            made.append(i)
            yield i

    ahead = Ahead(items(), depth=2)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert len(made) <= 5


def test_fused_values_are_rounded_and_clipped():
    fused = np.array([[-0.1, 0.0, 0.5, 1.0]], np.float32)
    np.testing.assert_array_equal(stored(fused, 0.0, 8), [[0, 0, 128, 255]])
    np.testing.assert_array_equal(stored(fused, 0.1, 8), [[0, 26, 153, 255]])
    np.testing.assert_array_equal(stored(fused, 0.0, 16), [[0, 0, 32768, 65535]])


def test_a_source_of_ones_own_is_taken(pair, averaging):
    class Own:
        name, rate, duration, is_live = "mine", 10.0, 0.3, False

        def frames(self, start=0.0):
            yield from (Frame(np.full((24, 32), 99, np.uint8), i / 10) for i in range(3) if i / 10 >= start)

    assert len([*fuse(Own(), pair[1], fuser=averaging)]) == 3


def test_live_cameras_are_aligned_by_their_first_frames(averaging, monkeypatch):
    seen = []

    def aligned(irs, viss):
        seen.append(len(irs))
        return Alignment.identity(irs[0].shape, viss[0].shape)

    class Live:
        duration, rate, is_live = None, 25.0, True

        def __init__(self, name, size):
            self.name, self._size = name, size

        def frames(self, start=0.0):
            for i in range(50):
                yield Frame(np.full(self._size, i, np.uint8), 100 + i / 25)

    monkeypatch.setattr(placing, "align_lumas", aligned)
    frames = [*fuse(Live("ir", (24, 32)), Live("vis", (48, 64)), fuser=averaging, align="auto", ir_range="full")]
    assert seen == [8]
    assert len(frames) == 10  # those with which it was aligned are not fused
    assert frames[0].time == 0
    assert all(isinstance(options["align"], Alignment) for *_, options in averaging.calls)
