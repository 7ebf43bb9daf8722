import sys
from pathlib import Path

import av
import numpy as np
import pytest

from mfjax import MfjaxError
from mfjax.video.files import VideoFile, half
from mfjax.video.opening import open_pair

COLOURS = [(200, 40, 60), (20, 180, 90), (30, 60, 220), (240, 240, 240), (8, 8, 8), (128, 128, 128)]


def bars(height=48):
    return np.repeat(np.array(COLOURS, np.uint8)[None], height, 0).repeat(16, 1)


@pytest.mark.parametrize(("matrix", "number"), [("BT.601", 6), ("BT.709", 1)])
@pytest.mark.parametrize("full", [False, True])
def test_colours_survive_every_matrix_and_range(tmp_path, write_video, matrix, number, full):
    file = write_video(tmp_path / "a.mkv", [bars()] * 2, tags=(number, 2 if full else 1))
    first, *_ = VideoFile(file).frames()
    assert np.abs(first.pixels.astype(int) - bars()).max() <= 4


def test_a_matrix_that_is_not_stated_is_guessed_as_players_do_and_said(tmp_path, write_video, caplog):
    small = write_video(tmp_path / "a.mkv", [bars()] * 2, tags=(2, 1))
    first, *_ = VideoFile(small).frames()
    assert "taken as BT.601 (48 lines)" in caplog.text
    assert np.abs(first.pixels.astype(int) - bars()).max() <= 4


@pytest.mark.parametrize(("pix_fmt", "codec"), [("yuv420p", "libx264"), ("yuvj420p", "mjpeg"), ("gray", "ffv1")])
@pytest.mark.filterwarnings("ignore")
def test_heat_is_the_luma_of_the_full_range(tmp_path, write_video, pix_fmt, codec):
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    tags = (6, 2 if pix_fmt in ("yuvj420p", "gray") else 1)
    options = {"crf": "1"} if codec == "libx264" else {}
    file = write_video(tmp_path / "a.mkv", [ramp] * 2, pix_fmt=pix_fmt, codec=codec, tags=tags, options=options)
    first, *_ = VideoFile(file, heat=True).frames()
    assert first.pixels.dtype == np.uint8
    assert np.abs(first.pixels.astype(int) - ramp).max() <= (6 if codec == "mjpeg" else 1)


def test_sixteen_bits_of_a_sensor_are_kept(tmp_path, write_video):
    counts = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) + 7000
    file = write_video(tmp_path / "a.mkv", [counts] * 2, pix_fmt="gray16le", codec="ffv1", options={}, tags=(2, 2))
    first, *_ = VideoFile(file, heat=True).frames()
    np.testing.assert_array_equal(first.pixels, counts)


def test_ten_bits_are_read_as_sixteen(tmp_path, write_video):
    file = write_video(tmp_path / "a.mkv", [bars()] * 2, pix_fmt="yuv420p10le")
    of_colour, of_heat = (next(VideoFile(file, heat=heat).frames()).pixels for heat in (False, True))
    assert of_colour.dtype == of_heat.dtype == np.uint16
    middle = of_colour[24, 8::16] / 257
    assert np.abs(middle - COLOURS).max() <= 4
    assert abs(of_heat[24, 56] / 257 - 240) <= 2


@pytest.mark.parametrize(("transfer", "primaries", "words"), [(16, 9, "PQ"), (1, 9, "wide gamut")])
def test_colours_beyond_bt709_are_refused(tmp_path, write_video, transfer, primaries, words):
    file = tmp_path / "a.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.codec_context.color_trc, stream.codec_context.color_primaries = transfer, primaries
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    with pytest.raises(MfjaxError, match=words):
        next(VideoFile(file).frames())


def test_a_title_of_any_bytes_is_no_obstacle(tmp_path):
    file = tmp_path / "a.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.metadata["title"] = "Warm AAAA"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    file.write_bytes(file.read_bytes().replace(b"AAAA", b"A\xff\xfeA"))
    assert next(VideoFile(file).frames()).pixels.shape[:2] == (48, 64)


def test_frames_are_turned_upright_and_that_is_said(tmp_path, caplog):
    file = tmp_path / "a.mp4"
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, 32:] = 255
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.set_display_rotation(90)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    pixels = next(VideoFile(file).frames()).pixels
    assert pixels.shape[:2] == (64, 48)
    assert pixels[:28].mean() > 250  # counterclockwise, the right half comes to the top
    assert "turned by 90 degrees" in caplog.text


def test_times_of_a_varying_rate_are_kept(tmp_path, write_video, numbered):
    times = [0, 0.04, 0.2, 0.24, 0.5]
    file = write_video(tmp_path / "a.mp4", numbered(5), times=times)
    assert [frame.time for frame in VideoFile(file).frames()] == pytest.approx(times, abs=1e-3)


def test_frames_from_a_time_on_are_those_of_the_whole(tmp_path, write_video, numbered):
    file = write_video(tmp_path / "a.mp4", numbered(40), options={"g": "10", "crf": "1"})
    source = VideoFile(file, heat=True)
    whole = [*source.frames()]
    part = [*source.frames(0.95)]
    assert [frame.time for frame in part] == [frame.time for frame in whole[24:]]
    np.testing.assert_array_equal(part[0].pixels, whole[24].pixels)


def test_halves_of_one_picture_are_two_sources(tmp_path, write_video, caplog):
    both = np.full((48, 64, 3), 200, np.uint8)
    both[:, :32] = 60, 60, 200
    file = write_video(tmp_path / "a.mkv", [both] * 2)
    ir, vis = open_pair(file, side_by_side="right")
    assert next(ir.frames()).pixels.mean() == pytest.approx(200, abs=1)
    assert next(vis.frames()).pixels.mean(axis=(0, 1)) == pytest.approx([60, 60, 200], abs=3)
    assert "is in colour" not in caplog.text  # the visible half is, and that is as it should be
    np.testing.assert_array_equal(half(np.arange(10).reshape(5, 2), "bottom"), [[6, 7], [8, 9]])


def two_streams(path, titles=("", "")):
    with av.open(str(path), "w") as container:
        streams = []
        for title, (height, width) in zip(titles, [(48, 64), (24, 32)], strict=True):
            stream = container.add_stream("libx264", rate=25)
            stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
            stream.metadata["title"] = title
            streams.append(stream)
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame(stream.width, stream.height, "yuv420p")))
            container.mux(stream.encode())
    return path


def test_of_two_streams_the_smaller_one_is_infrared_unless_a_title_says_so(tmp_path, caplog):
    ir, vis = open_pair(two_streams(tmp_path / "a.mkv"))
    assert (ir.number, vis.number) == (1, 0)
    assert "stream 1 is taken as infrared by its smaller size" in caplog.text
    ir, vis = open_pair(two_streams(tmp_path / "b.mkv", ("Thermal camera", "")))
    assert (ir.number, vis.number) == (0, 1)


def test_streams_can_be_named(tmp_path):
    file = two_streams(tmp_path / "a.mkv")
    ir, vis = open_pair(f"{file}[0]", f"{file}[1]")
    assert (ir.number, vis.number) == (0, 1)
    with pytest.raises(MfjaxError, match=r"there is no stream 2"):
        open_pair(f"{file}[2]", f"{file}[1]")
    with pytest.raises(MfjaxError, match="given for both"):
        open_pair(file, file)


def test_a_cut_file_gives_the_frames_that_it_has(tmp_path, write_video, numbered, caplog):
    file = write_video(tmp_path / "a.mkv", numbered(30))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert 5 < len([*VideoFile(file).frames()]) < 30


def test_a_file_that_is_no_video_is_one_line(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video" * 99)
    with pytest.raises(MfjaxError, match=r"a\.mp4: is no video that can be read"):
        VideoFile(tmp_path / "a.mp4")
    with pytest.raises(FileNotFoundError, match="no such file"):
        VideoFile(tmp_path / "b.mp4")


def test_without_pyav_the_way_out_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MfjaxError, match=r"pip install 'mfjax\[video\]'"):
        VideoFile(Path(tmp_path / "a.mp4"))


def test_infrared_in_false_colour_is_said(tmp_path, write_video, caplog):
    file = write_video(tmp_path / "a.mkv", [bars()] * 2)
    next(VideoFile(file, heat=True).frames())
    assert "its luma is fused" in caplog.text
