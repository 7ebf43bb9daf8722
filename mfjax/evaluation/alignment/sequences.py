"""Errors of alignments frame by frame in a rendered sequence, whose truth differs from pixel to pixel by parallax."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import geometry
from mfjax.alignment.consensus import estimate_rig
from mfjax.alignment.estimate import estimate
from mfjax.alignment.geometry import Matrix
from mfjax.alignment.rig import ALIGNED_WIDTH
from mfjax.alignment.tracking import Tracker
from mfjax.data.synthetic.rig import Frame

NEAR = 5.0  # pixels at 512 pixels width, beyond the error before it, within which a track has come back


class Course(NamedTuple):
    """The maps of one method, frame by frame, and their errors."""

    matrices: list[Matrix]
    errors: NDArray[np.float64]  # mean distance over the visible pixels that infrared shows, in pixels at 512 width
    jitter: NDArray[np.float64]  # mean distance that the corners move from one frame to the next, one fewer


def courses(
    frames: Sequence[Frame],
    *,
    learned: int,
    tracker: Callable[[], Tracker] = Tracker,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> dict[str, Course]:
    """Returns the courses of a fixed rig, of each frame aligned by itself, of a track, and of the best similarity.

    Args:
        frames: the sequence.
        learned: number of the first frames from which the rig is found.
        tracker: makes the tracker.
        progress: wraps the numbers of the frames that are left to align by themselves, and of those that are tracked.
    """
    rig, each = estimate_rig([one.ir for one in frames[:learned]], [one.vis for one in frames[:learned]])
    alone = [one.matrix for one in each]
    alone += [estimate(frames[i].ir, frames[i].vis).matrix for i in progress(range(learned, len(frames)))]
    following = tracker()
    tracked = [following.update(frames[i].ir, frames[i].vis).matrix for i in progress(range(len(frames)))]
    made: Mapping[str, Sequence[Matrix]] = {
        "one rig for all frames": [rig.matrix] * len(frames),
        "each frame by itself": alone,
        "track": tracked,
        "the best similarity of each frame, by the truth": [best(one) for one in frames],
    }
    return {name: course(matrices, frames) for name, matrices in made.items()}


def course(matrices: Sequence[Matrix], frames: Sequence[Frame]) -> Course:
    """Returns the errors and the jitter of maps.

    Args:
        matrices: a map for each frame.
        frames: the frames.
    """
    errors = [error(matrix, one) for matrix, one in zip(matrices, frames, strict=True)]
    size = frames[0].ir.shape
    sides = ALIGNED_WIDTH * np.array([1, size[0] / size[1]])
    corners = np.array([geometry.mapped(matrix, geometry.CORNERS) for matrix in matrices]) * sides
    jitter = np.linalg.norm(np.diff(corners, axis=0), axis=-1).mean(axis=-1)
    return Course(list(matrices), np.array(errors), jitter)


def error(matrix: Matrix, frame: Frame) -> float:
    """Returns the mean distance of mapped visible pixels from the truth, where infrared shows them, at 512 width.

    Args:
        matrix: the map from visible to infrared unit coordinates.
        frame: the frame.
    """
    points, truth = _seen(frame)
    sides = ALIGNED_WIDTH * np.array([1, frame.ir.shape[0] / frame.ir.shape[1]])
    return float(np.linalg.norm((geometry.mapped(matrix, points) - truth) * sides, axis=-1).mean())


def best(frame: Frame) -> Matrix:
    """Returns the similarity of square pixels that fits the truth of a frame best, by least squares.

    Args:
        frame: the frame.
    """
    points, truth = _seen(frame)
    height, width = frame.ir.shape[:2]
    rows, cols = frame.vis.shape[:2]
    down = np.array([1, height / width]), np.array([1, rows / cols])
    x, y = (points * down[1]).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    system = np.concatenate([np.stack([x, -y, one, zero], axis=-1), np.stack([y, x, zero, one], axis=-1)])
    a, b, right, below = np.linalg.lstsq(system, (truth * down[0]).T.ravel(), rcond=None)[0]
    square = np.array([[a, -b, right], [b, a, below], [0, 0, 1]])
    return np.diag([1, width / height, 1]) @ square @ np.diag([1, rows / cols, 1])


def section(found: Mapping[str, Course], *, bumped: int) -> str:
    """Returns a table of mean errors and jitter before a camera was moved, and after the method came back.

    Args:
        found: the courses by their names.
        bumped: the first frame after that.
    """
    heads = ("", "error before", "largest", "jitter", "error after", "jitter after", "frames until back")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, (_, errors, jitter) in found.items():
        before, after = errors[:bumped], errors[bumped:]
        near = np.flatnonzero(after < before.mean() + NEAR)
        cells = [f"{before.mean():.1f}", f"{before.max():.1f}", f"{jitter[: bumped - 1].mean():.2f}"]
        if near.size:
            settled = bumped + near[0]
            still = jitter[settled:]
            cells += [f"{errors[settled:].mean():.1f}", f"{still.mean():.2f}" if still.size else "–", str(near[0])]
        else:
            cells += [f"{after.mean():.1f}", f"{jitter[bumped:].mean():.2f}", "never"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _seen(frame: Frame) -> tuple[NDArray, NDArray]:
    """Returns visible points that infrared shows, in unit coordinates, and where they lie in infrared, `[n, 2]`."""
    height, width = frame.vis.shape[:2]
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    points = np.stack([x, y], axis=-1)[::4, ::4]
    truth = frame.truth[::4, ::4]
    inside = ((truth >= 0) & (truth <= 1)).all(axis=-1)
    return points[inside], truth[inside]
