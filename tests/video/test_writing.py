import os
import signal
import subprocess
import sys
import time
from functools import partial

import av
import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.video import FusedFrame, fuse, write
from mfjax.video.files import VideoFile
from mfjax.video.numbering import ImageWriter
from mfjax.video.resuming import Part
from mfjax.video.writing import VideoWriter


def frames_of(pictures, rate=25):
    return [FusedFrame(picture, i / rate) for i, picture in enumerate(pictures)]


def written(path, frames, *, rate=25.0, close=True, **options):
    writer = VideoWriter(path, rate, crf=options.pop("crf", 4), audio=None, **options)
    for frame in frames:
        writer.write(frame)
    if close:
        writer.close()
    return writer


def drifting(count, height=48, width=64):
    """Returns pictures that change, but never so much that an encoder takes it for a cut."""
    still = np.random.default_rng(0).integers(0, 200, (height // 8, width // 8, 3), dtype=np.uint8)
    return [still.repeat(8, 0).repeat(8, 1) + np.uint8(i % 50) for i in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("height", "matrix"), [(48, 6), (720, 1)])
def test_colours_are_written_with_their_matrix_and_range(tmp_path, suffix, height, matrix):
    picture = np.zeros((height, 96, 3), np.uint8)
    for i, colour in enumerate([(200, 40, 60), (20, 180, 90), (30, 60, 220)]):
        picture[:, 32 * i : 32 * i + 32] = colour
    file = tmp_path / f"a{suffix}"
    written(file, frames_of([picture] * 3))
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (matrix, 1)
        frame = next(container.decode(stream)).to_ndarray(format="rgb24")
    assert np.abs(frame[height // 2, 16::32].astype(int) - picture[0, 16::32]).max() <= 4


def test_times_of_a_varying_rate_are_written(tmp_path, read_video, numbered):
    times = [0.1, 0.14, 0.3, 0.34, 0.9]
    file = tmp_path / "a.mp4"
    written(file, [FusedFrame(each, when) for each, when in zip(numbered(5), times, strict=True)])
    found = read_video(file)[1]
    assert np.diff(found) == pytest.approx(np.diff(times), abs=1e-3)


def test_odd_sides_become_even_and_that_is_said(tmp_path, read_video, caplog):
    file = tmp_path / "a.mp4"
    written(file, frames_of([np.full((47, 63, 3), 90, np.uint8)] * 2))
    assert read_video(file)[0][0].shape == (48, 64, 3)
    assert "frames are 47x63, and video needs even sides: the last row or column is repeated (48x64)" in caplog.text


def test_a_frame_of_another_size_is_refused(tmp_path):
    with pytest.raises(MfjaxError, match="is 48x64, and a frame of 24x32 comes"):
        written(tmp_path / "a.mp4", frames_of([np.zeros((48, 64), np.uint8), np.zeros((24, 32), np.uint8)]))


def test_images_are_written_to_a_folder_or_a_pattern(tmp_path):
    deep = np.full((8, 12), 40_000, np.uint16)
    for out, name in ((tmp_path / "all", "00001.png"), (tmp_path / "f_%03d.tif", "../f_001.tif")):
        writer = ImageWriter(out)
        for _ in range(2):
            writer.write(FusedFrame(deep, 0.0))
        np.testing.assert_array_equal(images.read(tmp_path / "all" / name), deep)
    with pytest.raises(MfjaxError, match=r"none of what a video is written to"):
        ImageWriter(tmp_path / "a.gif")


CHILD = """
import sys, numpy as np
sys.path[:0] = {path!r}
from mfjax.video import FusedFrame
from mfjax.video.writing import VideoWriter
writer = VideoWriter({file!r}, 25.0, crf=20, audio=None, comment="settings")
rng = np.random.default_rng(0)
for i in range(100_000):
    writer.write(FusedFrame(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8), i / 25))
    print(i, flush=True)
"""


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_killed_process_leaves_a_file_of_which_only_the_end_is_missing(tmp_path, suffix, read_video):
    file = tmp_path / f"a{suffix}"
    program = CHILD.format(path=sys.path, file=file).replace("PosixPath(", "__import__('pathlib').Path(")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if int(line) >= 260:
                os.kill(child.pid, signal.SIGKILL)
                break
    found, times = read_video(file)
    assert 260 - 150 <= len(found) <= 400
    assert np.diff(times) == pytest.approx(np.full(len(found) - 1, 0.04), abs=2e-3)
    part = Part(file, "settings")  # and another run goes on with it
    assert 0 < part.count <= len(found)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_resumed_video_is_that_of_one_run(tmp_path, suffix, read_video):
    pictures = frames_of(drifting(130))
    whole, parts = tmp_path / f"whole{suffix}", tmp_path / f"parts{suffix}"
    written(whole, pictures, comment="settings")
    written(parts, pictures[:120], comment="settings")
    part = Part(parts, "settings")
    assert part.count == 100  # the last seconds are made again
    writer = VideoWriter(parts, 25.0, crf=4, audio=None, comment="settings")
    part.copy_to(writer)
    for frame in pictures[part.count :]:
        writer.write(frame)
    writer.close()
    (expected, times), (found, found_times) = read_video(whole), read_video(parts)
    assert len(found) == 130
    assert found_times == pytest.approx(times, abs=1e-3)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(expected, found, strict=True)) <= 12
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([whole.name, parts.name])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_resumed_video_has_all_of_the_sound_once(tmp_path, suffix, write_video, averaging, read_video, in_two_runs):
    pictures = [picture[..., 0] for picture in drifting(130)]
    sound = write_video(tmp_path / "vis.mp4", pictures, audio=True)
    silent = write_video(tmp_path / "ir.mp4", pictures)
    out = tmp_path / f"out{suffix}"

    def sound_of(file):
        with av.open(str(file)) as container:
            return [
                (bytes(packet), float(packet.pts * packet.time_base))
                for packet in container.demux(audio=0)
                if packet.size
            ]

    write(fuse(silent, sound, fuser=averaging), tmp_path / f"whole{suffix}")
    assert in_two_runs(out, partial(fuse, silent, sound, fuser=averaging), seconds=4) == 75
    (whole, times), (made, times_made) = (
        zip(*sound_of(file), strict=True) for file in (tmp_path / f"whole{suffix}", out)
    )
    assert made == whole
    assert times_made == pytest.approx(times, abs=2e-3)
    assert read_video(out)[1] == pytest.approx(read_video(tmp_path / f"whole{suffix}")[1], abs=2e-3)


def test_other_settings_are_not_resumed(tmp_path, numbered):
    written(tmp_path / "a.mp4", frames_of(numbered(5)), comment="mfjax 1, settings abc")
    with pytest.raises(MfjaxError, match="was made with other settings"):
        Part(tmp_path / "a.mp4", "mfjax 1, settings abd")


def test_a_file_takes_its_place_when_something_of_it_can_be_shown(tmp_path, read_video):
    file, pictures = tmp_path / "a.mp4", frames_of(drifting(130))
    file.write_bytes(b"an older video")
    writer = written(file, pictures[:20], close=False)
    assert file.read_bytes() == b"an older video"
    for frame in pictures[20:]:
        writer.write(frame)
    assert len(read_video(file)[0]) >= 25
    writer.close()
    assert len(read_video(file)[0]) == 130
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


def test_a_run_that_ends_while_it_copies_loses_nothing(tmp_path, read_video, monkeypatch):
    file = tmp_path / "a.mp4"
    written(file, frames_of(drifting(60)), comment="c")

    def copy(writer, packets):
        next(packets)
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoWriter, "copy", copy)
    with pytest.raises(KeyboardInterrupt):
        Part(file, "c").copy_to(VideoWriter(file, 25.0, crf=4, audio=None, comment="c"))
    assert len(read_video(file)[0]) == 60
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


def test_what_was_not_moved_to_its_place_is_resumed(tmp_path):  # as Windows leaves it
    written(tmp_path / ".a.part.mp4", frames_of(drifting(60)), comment="c")
    assert Part(tmp_path / "a.mp4", "c").count == 50
    (tmp_path / ".b.part.mp4").write_bytes(b"ftyp")
    assert Part(tmp_path / "b.mp4", "c").count == 0
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize(("frames", "limit", "left"), [(10, 100, []), (300, 200_000, ["a.mp4"])])
def test_a_full_disk_leaves_what_plays_or_nothing(tmp_path, frames, limit, left):
    file = tmp_path / "a.mp4"
    program = CHILD.format(path=sys.path, file=file).replace("PosixPath(", "__import__('pathlib').Path(")
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    program = limited + program.replace("100_000", str(frames)) + "writer.close()\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.rstrip().splitlines()[-1] == f"OSError: [Errno 27] File too large: '{file}'"
    assert [each.name for each in tmp_path.iterdir()] == left
    for name in left:  # its last frame is cut
        assert len([*VideoFile(tmp_path / name).frames()]) >= 25


@pytest.mark.parametrize("name", ["a.mp4", "settings.mp4"])  # whatever its name
def test_nothing_of_an_earlier_run_is_a_new_beginning(tmp_path, caplog, name):
    assert Part(tmp_path / name, "c").count == 0
    (tmp_path / name).write_bytes(b"not a video" * 20)
    assert Part(tmp_path / name, "c").count == 0
    assert "begins anew" in caplog.text


def test_writing_a_video_waits_for_no_one(tmp_path, write_video, numbered, averaging, read_video):
    files = write_video(tmp_path / "ir.mp4", numbered(30)), write_video(tmp_path / "vis.mp4", numbered(30))
    begin = time.monotonic()
    assert write(fuse(*files, fuser=averaging), tmp_path / "out.mp4") == 30
    assert time.monotonic() - begin < 30
    grays = [frame.mean() for frame in read_video(tmp_path / "out.mp4")[0]]
    assert grays == pytest.approx([40 + 2 * i for i in range(30)], abs=1.5)
