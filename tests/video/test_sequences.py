import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mfjax import MfjaxError, images
from mfjax.video import Frame, fuse
from mfjax.video.frames import sampled, spread
from mfjax.video.opening import open_pair
from mfjax.video.sequences import ImageSequence
from mfjax.video.thermal import ThermalSequence

FLIR = Path(__file__).parents[1] / "images" / "flir_files.py"
flir_files = SimpleNamespace(**runpy.run_path(str(FLIR)))


def write_images(folder, names, first=0):
    folder.mkdir()
    for i, name in enumerate(names):
        images.write(folder / name, np.full((8, 12), first + i, np.uint8))
    return folder


def grays(source, start=0.0):
    return [int(frame.pixels.flat[0]) for frame in source.frames(start)]


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    folder = write_images(tmp_path / "ir", ["f10.png", "f9.png", "f100.png"])
    assert grays(ImageSequence(folder, 25)) == [1, 0, 2]
    assert grays(ImageSequence(folder, 25), 0.04) == [0, 2]


def test_a_folder_of_one_image_without_a_number_is_a_video_of_one_frame(tmp_path, averaging):
    one, other = (write_images(tmp_path / name, ["a.png"], first=40) for name in ("ir", "vis"))
    [frame] = fuse(one, other, fuser=averaging)
    assert (frame.time, frame.fused.mean()) == (0, pytest.approx(40, abs=1))


def test_all_frames_of_a_short_source_are_looked_at_and_of_a_long_one_not_its_ends(tmp_path):
    short = ImageSequence(write_images(tmp_path / "short", ["a.png", "b.png"]), 25)
    assert [frame.pixels.flat[0] for frame in sampled(short, spread(short, 8))] == [0, 1]
    long = ImageSequence(write_images(tmp_path / "long", [f"{i:02d}.png" for i in range(80)]), 25)
    assert [frame.pixels.flat[0] for frame in sampled(long, spread(long, 8))] == [5, 15, 25, 35, 45, 55, 65, 75]


def test_a_source_shorter_than_it_says_is_looked_at_by_its_first_frame():
    class Short:
        name, rate, duration, is_live = "mine", 25.0, 100.0, False

        def frames(self, start=0.0):
            yield from (Frame(np.zeros((8, 12), np.uint8), 0.0) for _ in range(start <= 0))

    assert [frame.time for frame in sampled(Short(), spread(Short(), 8))] == [0]


def test_missing_numbers_of_a_pattern_are_missing_frames(tmp_path):
    folder = write_images(tmp_path / "ir", ["a_0003.png", "a_0004.png", "a_0006.png", "b_0005.png"])
    source = ImageSequence(folder / "a_%04d.png", 10)
    assert [frame.time for frame in source.frames()] == pytest.approx([0, 0.1, 0.3])
    assert source.duration == pytest.approx(0.4)


def test_equal_numbers_of_two_patterns_are_of_equal_times(tmp_path):
    folder = write_images(tmp_path / "all", [f"ir{i}.png" for i in (2, 3)] + [f"vis{i}.png" for i in (1, 2, 3)])
    ir, vis = open_pair(folder / "ir%d.png", folder / "vis%d.png")
    assert [frame.time for frame in ir.frames()] == pytest.approx([0.04, 0.08])
    assert [frame.time for frame in vis.frames()] == pytest.approx([0, 0.04, 0.08])


def test_two_folders_of_different_counts_need_patterns(tmp_path, caplog):
    one, other = (write_images(tmp_path / name, [f"{i}.png" for i in range(n)]) for name, n in (("a", 2), ("b", 3)))
    with pytest.raises(MfjaxError, match=r"a has 2 images and .*b 3; name both by patterns"):
        open_pair(one, other)
    images.write(one / "2.png", np.zeros((8, 12), np.uint8))
    open_pair(one, other)
    assert "images are taken as 25 frames a second" in caplog.text


def test_images_beside_a_video_have_its_rate_if_there_are_as_many(tmp_path, write_video, numbered):
    video = write_video(tmp_path / "a.mp4", numbered(10), fps=10)
    folder = write_images(tmp_path / "ir", [f"{i}.png" for i in range(10)])
    ir, _ = open_pair(folder, video)
    assert ir.rate == pytest.approx(10)
    for i in range(5, 10):
        (folder / f"{i}.png").unlink()
    with pytest.raises(MfjaxError, match=r"5 images and .*a\.mp4 about 10 frames; say by rate"):
        open_pair(folder, video)
    assert open_pair(folder, video, rate=5)[0].rate == 5


def test_a_single_image_or_nothing_is_refused(tmp_path):
    folder = write_images(tmp_path / "ir", ["a.png"])
    with pytest.raises(MfjaxError, match=r"a\.png: is one image"):
        open_pair(folder / "a.png", folder / "a.png")
    with pytest.raises(MfjaxError, match="there are no images of this name"):
        open_pair(folder / "x_%03d.png", folder)
    with pytest.raises(MfjaxError, match="is one source; name the visible one, too"):
        open_pair(folder)


def sequence(path, times, cut=0):
    counts = np.arange(96, dtype=np.uint16).reshape(8, 12) + 17_000
    frames = [
        flir_files.frame({0x20: flir_files.camera(time=time), 0x01: flir_files.raw(counts + np.uint16(10 * i))})
        for i, time in enumerate(times)
    ]
    data = b"".join(frames)
    path.write_bytes(data[: len(data) - cut])
    return path


def test_frames_of_a_seq_have_temperatures_and_the_cameras_times(tmp_path):
    file = sequence(tmp_path / "a.seq", [1000.5, 1000.534, 1000.567])
    source = ThermalSequence(file)
    frames = [*source.frames()]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.034, 0.067])
    assert source.rate == pytest.approx(2 / 0.067)
    assert frames[0].unit == "celsius"
    np.testing.assert_array_equal(frames[1].pixels, images.read(f"{file}[1]"))
    assert [frame.time for frame in source.frames(0.03)] == pytest.approx([0.034, 0.067])


def test_a_seq_without_times_needs_a_rate_and_a_cut_frame_is_said(tmp_path, caplog):
    file = sequence(tmp_path / "a.seq", [0.0, 0.0, 0.0], cut=5)
    with pytest.raises(MfjaxError, match=r"has no times in it; say its frames a second by rate \(--rate\)"):
        ThermalSequence(file)
    assert "its last frame is cut and left out" in caplog.text
    assert [frame.time for frame in ThermalSequence(file, 10).frames()] == pytest.approx([0, 0.1])
    with pytest.raises(MfjaxError, match="given as the visible source"):
        open_pair(tmp_path, file)
