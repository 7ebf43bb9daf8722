"""Following an alignment through a sequence."""

import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.alignment import Tracker, geometry, tracking
from mfjax.alignment.estimate import Estimate
from mfjax.alignment.tracking import Track, followed
from mfjax.cli import main
from mfjax.inference import views
from mfjax.inference.loading import load

SIZE = 240, 320
IR, VIS = np.zeros(SIZE, np.float32), np.zeros((480, 640), np.float32)


def shifted(right, confidence=0.95, residual=3.0):
    """Returns an estimate of a shift, in pixels at 512 pixels width."""
    return Estimate(np.array([[1, 0, right / 512], [0, 1, 0], [0, 0, 1.0]]), confidence, residual)


def at(track):
    return 512 * track.corners[:, 0].mean() - 256


@pytest.fixture
def told(monkeypatch):
    """A function that makes the estimator tell some estimates, one after the other, and lists where it was to begin."""

    def tell(estimates):
        starts, left = [], iter(estimates)

        def estimate(ir, vis, *, model, start):
            starts.append(start)
            return next(left)

        monkeypatch.setattr(tracking, "estimate", estimate)
        return starts

    return tell


def test_noise_of_estimates_is_averaged():
    rng = np.random.default_rng(0)
    track, places = None, []
    for noise in rng.normal(0, 3, 200):
        track = followed(track, shifted(10 + noise), SIZE)
        places.append(at(track))
    assert np.mean(places[20:]) == pytest.approx(10, abs=1)
    assert np.std(places[20:]) < 1.5


def test_the_surer_an_estimate_is_the_more_it_moves_the_track():
    track = Track.of(shifted(0))
    assert at(followed(track, shifted(4, confidence=0.95), SIZE)) > at(followed(track, shifted(4, 0.55), SIZE)) > 0


def test_the_kind_of_map_is_decided_where_the_track_begins(monkeypatch):
    asked = []

    def estimate(ir, vis, *, model, start):
        asked.append(model)
        return shifted(10)._replace(model="affine")

    monkeypatch.setattr(tracking, "estimate", estimate)
    tracker, image = tracking.Tracker(every=1), np.zeros((96, 128))
    assert [tracker.update(image, image).model for _ in range(3)] == ["affine"] * 3
    assert asked == ["auto", "affine", "affine"]


def test_estimates_are_blended_by_their_variances():
    track = followed(Track.of(shifted(0, 0.5, 2.0)), shifted(4, 1.0, 3.0), SIZE, frames=2, drift=1.5)
    before, noise = (2 / 0.5) ** 2 + 2 * 1.5**2, (3 / 1.0) ** 2
    gain = before / (before + noise)
    assert at(track) == pytest.approx(4 * gain)
    assert track.variance == pytest.approx(1 / (1 / before + 1 / noise))
    down = Estimate(np.array([[1, 0, 0], [0, 1, 4 / 384], [0, 0, 1.0]]), 1.0, 3.0)  # as far, of a height of 384
    moved = followed(Track.of(shifted(0, 0.5, 2.0)), down, SIZE, frames=2, drift=1.5)
    assert 384 * moved.corners[:, 1].mean() - 192 == pytest.approx(4 * gain)
    assert (track.confidence, track.residual) == (pytest.approx(0.5 + 0.5 * gain), pytest.approx(2 + gain))
    assert not track.lost


def test_an_unreliable_estimate_moves_nothing_but_makes_the_track_less_sure():
    track = Track.of(shifted(0))
    lost = followed(track, shifted(4, confidence=0.3), SIZE, frames=8, drift=0.5)
    assert at(lost) == 0
    assert lost.lost
    assert lost.variance == track.variance + 2
    assert at(followed(lost, shifted(4), SIZE)) > at(followed(track, shifted(4), SIZE))


def test_one_blunder_changes_nothing_and_a_confirmed_change_is_a_jump():
    track = followed(Track.of(shifted(0)), shifted(40), SIZE)
    assert at(track) == 0
    assert at(followed(track, shifted(1), SIZE)) < 1
    assert at(followed(track, shifted(41), SIZE)) == pytest.approx(41)
    assert at(followed(track, shifted(-40), SIZE)) == 0
    assert at(followed(track, shifted(40 + 3.1 * np.sqrt(2) * 3 / 0.95), SIZE)) == 0  # too far from it to confirm it
    assert not track.lost


def test_estimates_up_to_3_percent_of_the_infrared_width_apart_may_be_blended(told):
    def down(pixels):
        return Estimate(np.array([[1, 0, 0], [0, 1, pixels / 384], [0, 0, 1.0]]), 0.95, 9.0)

    for near, far in ((down(12), down(16)), (shifted(12, 0.95, 9.0), shifted(16, 0.95, 9.0))):
        for found, agrees in ((near, True), (far, False)):
            told([shifted(0, 0.95, 9.0), found])
            tracker = Tracker(every=1)
            for _ in range(2):
                tracker.update(IR, VIS[:300])  # of another aspect
            assert (tracker.track.candidate is None) == agrees


def test_frames_between_estimates_make_the_track_less_sure(told):
    told([shifted(0), shifted(0), shifted(0)])
    tracker, expected = Tracker(every=4, drift=2.0), Track.of(shifted(0))
    for _ in range(9):
        tracker.update(IR, VIS[:300])
    for _ in range(2):
        expected = followed(expected, shifted(0), SIZE, frames=4, drift=2.0)
    assert tracker.track.variance == pytest.approx(expected.variance)


def test_a_slow_change_is_followed():
    track = None
    for right in np.linspace(0, 40, 80):
        track = followed(track, shifted(right), SIZE)
    assert at(track) == pytest.approx(40, abs=4)


def test_the_map_moves_evenly_between_two_estimates(told):
    starts = told([shifted(0), shifted(4)])
    tracker = Tracker(every=4)
    right = [512 * tracker.update(IR, VIS).matrix[0, 2] for _ in range(8)]
    assert right[:4] == pytest.approx([0] * 4, abs=1e-3)
    assert np.diff(right[3:]) == pytest.approx([at(tracker.track) / 4] * 4, abs=1e-3)
    np.testing.assert_allclose(starts[1], np.eye(3), atol=1e-6)


def test_a_moved_camera_is_followed_at_the_next_frame(told):
    lost = shifted(0, confidence=0.1)
    starts = told([shifted(0), lost, shifted(60), shifted(61)])
    tracker = Tracker(every=2)
    right = [512 * tracker.update(IR, VIS).matrix[0, 2] for _ in range(5)]
    assert right == pytest.approx([0, 0, 0, 0, 61], abs=1e-3)
    assert [each is None for each in starts] == [True, False, True, True]
    assert tracker.words == "estimated 4 times, 1 of them not reliably; jumps: 1; confidence at last: 0.95"


def test_every_frame_is_tried_until_one_is_reliable(told):
    told([shifted(9, confidence=0.2), shifted(5, confidence=0.9)])
    tracker = Tracker(every=10)
    assert tracker.update(IR, VIS).confidence == pytest.approx(0.2)
    found = tracker.update(IR, VIS)
    assert found.found == "tracked up to frame 2"
    assert found.confidence == pytest.approx(0.9)
    assert geometry.mapped(found.matrix, geometry.CENTRE)[0] == pytest.approx(0.5 + 5 / 512)


def test_a_track_has_frames_of_one_size(told):
    told([shifted(0)])
    tracker = Tracker()
    tracker.update(IR, VIS)
    with pytest.raises(MfjaxError, match="frame 1 is 100x320 and 480x640, the first one 240x320 and 480x640"):
        tracker.update(IR[:100], VIS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every=0"),
        ({"every": 2.5}, r"every=2\.5, a whole number"),
        ({"drift": 0}, "drift=0"),
        ({"drift": np.inf}, "drift=inf"),
        ({"model": "wobble"}, "model is 'wobble'; it is one of auto, shift"),
    ],
)
def test_options_of_a_tracker_are_checked(options, message):
    with pytest.raises(MfjaxError, match=message):
        Tracker(**options)


def test_folders_are_fused_along_a_track(told, tmp_path, tiny_weights, capsys):
    told([shifted(0), shifted(40)])
    rng = np.random.default_rng(0)
    for name in "abc":
        for kind, size in (("ir", (24, 32)), ("vis", (48, 64))):
            (tmp_path / kind).mkdir(exist_ok=True)
            images.write(tmp_path / kind / f"{name}.png", rng.integers(0, 256, size).astype(np.uint8))
    sources = [str(tmp_path / "ir"), str(tmp_path / "vis")]
    model = ["--model", str(tiny_weights), "--out", str(tmp_path / "out")]
    assert main(["fuse", *sources, *model, "--align", "track"]) == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    assert "--align track: estimated 1 times, 0 of them not reliably; jumps: 0;" in capsys.readouterr().err
    one = [f"{folder}/a.png" for folder in sources]
    assert main(["fuse", *one, "--model", str(tiny_weights), "--out", str(tmp_path / "a.png"), "--align", "track"]) == 2
    assert "--align track is for a sequence" in capsys.readouterr().err


def test_a_batch_is_a_sequence(told, tiny_weights):
    starts = told([shifted(0), shifted(40)])
    made = load(tiny_weights).batch([IR[:24, :32]] * 3, [VIS[:48, :64]] * 3, align="track")
    assert [each.fused.shape for each in made] == [(48, 64)] * 3
    assert len(starts) == 1


def test_one_call_can_not_track():
    with pytest.raises(MfjaxError, match=r"Tracker\(\)"):
        views.alignment_for("track", IR, VIS)


def test_a_rendered_rig_is_what_its_truth_says():
    from mfjax.data.synthetic.rig import sequence

    [apart] = sequence(3, 1, baseline=0.0, ir_size=(60, 80), vis_size=(120, 160))
    corners = apart.truth[[0, 0, -1, -1], [0, -1, -1, 0]]
    assert apart.truth[60, 80] == pytest.approx(corners.mean(axis=0), abs=0.01)  # one map for all depths
    [near] = sequence(3, 1, baseline=0.3, ir_size=(60, 80), vis_size=(120, 160))
    moved = 512 * (apart.truth - near.truth)[..., 0]
    assert moved[118].mean() > 8  # the road before the cameras
    assert abs(moved[2, 80]) < 1e-3  # the sky
    _, bumped = sequence(3, 2, bumped=1, ir_size=(60, 80), vis_size=(120, 160))
    assert np.linalg.norm(bumped.truth[2, 80] - apart.truth[2, 80]) > 0.03


def test_errors_of_a_sequence_are_those_of_its_pixels():
    from mfjax.data.synthetic.rig import sequence
    from mfjax.evaluation.alignment.sequences import best, course, section

    frames = list(sequence(3, 4, baseline=0.0, bumped=2, ir_size=(60, 80), vis_size=(120, 160)))
    right = [best(one) for one in frames]
    moved = np.array([[1, 0, 5 / 512], [0, 1, 0], [0, 0, 1]]) @ right[0]
    exact, late = course(right, frames), course([moved, right[0], right[0], right[0]], frames)
    assert exact.errors == pytest.approx([0] * 4, abs=0.01)
    assert late.errors[:2] == pytest.approx([5, 0], abs=0.01)
    assert late.errors[2] > 10
    assert late.jitter == pytest.approx([5, 0, 0], abs=0.01)
    table = section({"late": late}, bumped=2)
    assert "| late | 2.5 | 5.0 | 5.00 |" in table
    assert table.endswith("| never |")
