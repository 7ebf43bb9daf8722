"""What reading, matching and writing cost a video: its rate against that of the bare calls of `benchmarks/frames.py`.

    python benchmarks/video.py [--models small] [--frames 100]

Rendered pictures that move, infrared 240×320 and visible 480×640, are written as two MP4s. In turns, arrays go through
a `Fuser`'s call, and the files through `mfjax.video` into a third MP4, with decoding, fusing and encoding in threads.
Run it on an idle machine: on a busy one both rates fall, and their ratio varies by a tenth from turn to turn.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import tyro

import mfjax
from mfjax import images
from mfjax.data import synthetic
from mfjax.inference.engines import Engine, Precision
from mfjax.messages import quietly
from mfjax.video import FusedFrame
from mfjax.video.writing import VideoWriter

IR_SIZE, VIS_SIZE = (240, 320), (480, 640)
RATE = 25.0
STILLS = 50  # different pictures, each a step further than the one before
TURNS = 3


def main(
    *, models: tuple[str, ...] = ("small",), frames: int = 100, engine: Engine = "auto", precision: Precision = "auto"
) -> None:
    """Prints a row for each model.

    Args:
        models: Bundled models or weights files.
        frames: Frames of a turn.
        engine: The engine that runs the model.
        precision: The type in which features are extracted.
    """
    irs, viss = _moving(synthetic.scene(1, *IR_SIZE).ir), _moving(synthetic.scene(1, *VIS_SIZE).vis)
    print("| model | calls, frames/s | video, frames/s | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        ir, vis, out = (Path(folder) / f"{name}.mp4" for name in ("ir", "vis", "out"))
        for path, pictures in ((ir, irs), (vis, viss)):
            _write(path, pictures, frames)
        for model in models:
            fuser = mfjax.load(model, engine=engine, precision=precision)
            _calls(fuser, irs, viss, 2 * 8)  # compiles, and once more when the sizes make a stream
            rates = [(_calls(fuser, irs, viss, frames), _video(fuser, ir, vis, out)) for _ in range(TURNS)]
            calls, video = (statistics.median(each) for each in zip(*rates, strict=True))
            ratio = statistics.median(made / bare for bare, made in rates)
            print(f"| {model} | {calls:.1f} | {video:.1f} | {ratio:.2f} |")


def _moving(picture: np.ndarray) -> list[np.ndarray]:
    return [np.roll(images.from_float(picture), 2 * i, axis=1) for i in range(STILLS)]


def _write(path: Path, pictures: list[np.ndarray], frames: int) -> None:
    writer = VideoWriter(path, RATE, crf=18, audio=None)
    for i in range(frames):
        writer.write(FusedFrame(pictures[i % STILLS], i / RATE))
    writer.close()


def _calls(fuser: mfjax.Fuser, irs: list[np.ndarray], viss: list[np.ndarray], frames: int) -> float:
    start = time.perf_counter()
    for i in range(frames):
        fuser(irs[i % STILLS], viss[i % STILLS])
    return frames / (time.perf_counter() - start)


def _video(fuser: mfjax.Fuser, ir: Path, vis: Path, out: Path) -> float:
    """Returns the rate from the first fused frame to the end, without the look at the range beforehand."""
    with quietly():
        video = mfjax.video.fuse(ir, vis, fuser=fuser, align="none")
        writer = VideoWriter.of(out, video, audio=False)
        writer.write(next(video))
        start, count = time.perf_counter(), 0
        for frame in video:
            writer.write(frame)
            count += 1
        writer.close()
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    tyro.cli(main)
