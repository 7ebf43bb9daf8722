"""Small videos, made with PyAV, and a model that only averages."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from mfjax import images
from mfjax.inference.composition import Fusion


class AveragingFuser:
    """Stands in for a `Fuser`: its pictures are the means of both sources, and it notes how it was called."""

    def __init__(self):
        self.calls = []

    def __call__(self, ir, vis, **options):
        self.calls.append((ir, vis, options))
        vis = images.to_float(vis)
        ir = cv2.resize(ir, vis.shape[1::-1])
        return Fusion((vis + (ir if vis.ndim == 2 else ir[..., None])) / 2, ir, vis)


@pytest.fixture
def averaging():
    return AveragingFuser()


@pytest.fixture
def write_video():
    """A function that writes frames to a file."""

    def write(
        path, frames, *, fps=25, times=None, pix_fmt="yuv444p", codec="libx264", options=None, tags=(6, 1), audio=False
    ):
        """Frames are gray or RGB, converted by PyAV; or arrays of planes in the pixel format itself.

        `audio` may be the seconds of the sound.
        """
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=Fraction(fps))
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = pix_fmt
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.colorspace, stream.codec_context.color_range = tags
            stream.options = {"crf": "1", "preset": "ultrafast"} if options is None else options
            sound = add_tone(container, len(frames) / fps if audio is True else audio) if audio else ()
            for i, array in enumerate(frames):
                kind = "rgb24" if array.ndim == 3 else "gray16le" if array.dtype == np.uint16 else "gray"
                frame = av.VideoFrame.from_ndarray(array, format=kind)
                if kind != pix_fmt:
                    matrix = 1 if tags[0] == 1 else 5
                    frame = frame.reformat(
                        format=pix_fmt, src_color_range=2, dst_colorspace=matrix, dst_color_range=tags[1] or 1
                    )
                frame.pts = round(1000 * (i / fps if times is None else times[i]))
                frame.time_base = Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
            for packet in sound:
                container.mux(packet)
        return path

    return write


def add_tone(container, seconds):
    """Returns packets of a tone, for a new stream of a container."""
    stream = container.add_stream("aac", rate=16_000, layout="mono")
    samples = np.sin(np.arange(round(16_000 * seconds)) / 5).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
    return [*stream.encode(frame), *stream.encode(None)]


@pytest.fixture
def read_video():
    """A function that returns the frames of a file in RGB, and their times."""

    def read(path):
        with av.open(str(path)) as container:
            found = [(frame.to_ndarray(format="rgb24"), frame.time) for frame in container.decode(video=0)]
        return [frame for frame, _ in found], [time for _, time in found]

    return read


@pytest.fixture
def numbered():
    """A function that returns frames that tell their numbers by their gray."""

    def frames(count, height=48, width=64, *, colour=False):
        shape = (height, width, 3) if colour else (height, width)
        return [np.full(shape, 40 + 2 * i, np.uint8) for i in range(count)]

    return frames


@pytest.fixture
def in_two_runs():
    """A function that writes a video in a run that ends early and one that goes on, and returns the frames kept."""
    from mfjax.video.resuming import Part
    from mfjax.video.writing import VideoWriter

    def run(out, fuse, *, seconds):
        for options in ({"seconds": seconds}, {}):
            part = Part(out, "c")
            video = fuse(skip=part.count, **options)
            writer = VideoWriter.of(out, video, comment="c")
            if part.count:
                part.copy_to(writer)
            for frame in video:
                writer.write(frame)
            writer.close()
        return part.count

    return run
