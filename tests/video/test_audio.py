from functools import partial

import av
import numpy as np
import pytest

from mfjax import MfjaxError
from mfjax.video import fuse, write


def test_sound_is_copied_bit_for_bit(tmp_path, read_video, write_video, numbered, averaging):
    sound = write_video(tmp_path / "vis.mp4", numbered(50, colour=True), audio=True)
    silent = write_video(tmp_path / "ir.mp4", numbered(50))
    write(fuse(silent, sound, fuser=averaging), tmp_path / "out.mp4")

    def packets(file):
        with av.open(str(file)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    before, after = packets(sound), packets(tmp_path / "out.mp4")
    assert after == before[: len(after)]
    assert len(after) >= len(before) - 2
    assert read_video(tmp_path / "out.mp4")[1] == pytest.approx([i / 25 for i in range(50)], abs=1e-3)
    write(fuse(silent, sound, fuser=averaging), tmp_path / "quiet.mp4", audio=False)
    with av.open(str(tmp_path / "quiet.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_may_end_before_the_pictures(tmp_path, suffix, read_video, write_video, numbered, averaging):
    sound = write_video(tmp_path / "vis.mp4", numbered(62), audio=1.0)
    silent = write_video(tmp_path / "ir.mp4", numbered(62))
    assert write(fuse(silent, sound, fuser=averaging), tmp_path / f"out{suffix}") == 62
    assert len(read_video(tmp_path / f"out{suffix}")[0]) == 62
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0))
    assert heard == pytest.approx(16_000, abs=2048)  # two frames of AAC


def test_sound_that_a_container_does_not_take_is_refused_with_a_way_out(tmp_path, averaging, numbered, write_video):
    file = tmp_path / "vis.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "gray"
        tone = container.add_stream("pcm_u8", rate=16_000, layout="mono")
        for picture in numbered(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.uint8), format="u8", layout="mono")
        sound.sample_rate = 16_000
        container.mux([*stream.encode(), *tone.encode(sound), *tone.encode()])
    with pytest.raises(MfjaxError, match=r"sound of the kind pcm_u8, which \.mp4 does not take; write a \.mkv"):
        write(fuse(write_video(tmp_path / "ir.mp4", numbered(5)), file, fuser=averaging), tmp_path / "out.mp4")


def sound_of(file):
    """Returns the packets of a file's sound by their times in milliseconds."""
    with av.open(str(file)) as container:
        return {
            round(1000 * float(packet.pts * packet.time_base)): bytes(packet)
            for packet in container.demux(audio=0)
            if packet.size and packet.pts is not None
        }


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("source", "offset"), [("vis", 0.0), ("ir", 0.5)])
def test_a_part_plays_from_its_begin_with_the_sound_of_the_same_span(
    tmp_path, suffix, source, offset, read_video, write_video, numbered, averaging
):
    files = {name: write_video(tmp_path / f"{name}.mp4", numbered(100), audio=name == source) for name in ("ir", "vis")}
    video = fuse(files["ir"], files["vis"], fuser=averaging, offset=offset, start=1.0, seconds=2.0)
    out = tmp_path / f"out{suffix}"
    write(video, out)
    shown = read_video(out)[1]
    assert (shown[0], len(shown)) == (pytest.approx(0.02 * (offset > 0), abs=0.021), 50)
    assert np.diff(shown) == pytest.approx(np.full(49, 0.04), abs=2e-3)
    heard, there = sound_of(out), sound_of(files[source])
    assert -200 <= min(heard) <= 64  # a decoder warms up before the begin
    assert 1900 <= max(heard) <= 2000
    for time, packet in heard.items():
        place = time + 1000 * (1.0 - offset)
        assert packet == there[min(there, key=lambda each, place=place: abs(each - place))]


def test_a_part_with_sound_is_resumed_as_of_one_run(
    tmp_path, read_video, write_video, numbered, averaging, in_two_runs
):
    sound = write_video(tmp_path / "vis.mp4", numbered(100), audio=True)
    silent, out = write_video(tmp_path / "ir.mp4", numbered(100)), tmp_path / "out.mp4"
    write(fuse(silent, sound, fuser=averaging, start=1), tmp_path / "whole.mp4")
    kept = in_two_runs(out, partial(fuse, silent, sound, fuser=averaging, start=1), seconds=2)
    assert 0 < kept < 50
    assert read_video(out)[1] == pytest.approx([i / 25 for i in range(75)], abs=2e-3)
    assert sound_of(out) == sound_of(tmp_path / "whole.mp4")
