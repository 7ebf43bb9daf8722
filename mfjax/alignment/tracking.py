"""Following the alignment of two cameras through a sequence of frames."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mfjax.alignment import geometry, warps
from mfjax.alignment.estimate import AGREE, Estimate, estimate
from mfjax.alignment.rig import ALIGNED_WIDTH, LEAST_CONFIDENCE, MODELS, Alignment, Model, ModelChoice
from mfjax.errors import MfjaxError
from mfjax.size import Size

EVERY = 5  # frames from one estimate to the next
DRIFT = 0.5  # pixels at 512 pixels width by which the best map is expected to change from frame to frame
SURPRISING = 3.0  # deviations from which on an estimate is not blended but asks whether a camera was moved


@dataclass(frozen=True)
class Track:
    """The state of a track: where the visible image's corners lie, and how sure that is."""

    corners: NDArray[np.float64]  # in infrared unit coordinates, [4, 2]
    variance: float  # of the corners, in square pixels at 512 pixels width
    confidence: float
    residual: float
    model: Model = "similarity"
    candidate: NDArray[np.float64] | None = None  # corners of an estimate that told something else, not yet confirmed
    lost: bool = False  # the last estimate was not reliable
    begun: bool = False  # it began with the last estimate, or jumped to it

    @classmethod
    def of(cls, found: Estimate) -> "Track":
        """Returns the track that begins with an estimate.

        Args:
            found: the estimate.
        """
        return cls(
            _corners(found), _variance(found), float(found.confidence), float(found.residual), found.model, begun=True
        )

    @property
    def is_sure(self) -> bool:
        """Returns true once an estimate was reliable."""
        return self.confidence >= LEAST_CONFIDENCE


def followed(track: Track | None, found: Estimate, size: Size, *, frames: int = EVERY, drift: float = DRIFT) -> Track:
    """Returns the track after one more estimate.

    An estimate that is not reliable moves nothing. One that agrees with the track is blended with it, the more
    the surer it is (a Kalman filter of the corners). One that does not is remembered, and if the next one agrees with
    it, the cameras were moved against each other, and the track jumps there.

    Args:
        track: the track; None before the first estimate.
        found: the estimate.
        size: the infrared image's (height, width).
        frames: frames since the estimate before.
        drift: pixels at 512 pixels width by which the best map changes from frame to frame.
    """
    if track is None or not track.is_sure:
        return Track.of(found)
    variance = track.variance + frames * drift**2  # the cameras may have moved, whatever is known of it
    if found.confidence < LEAST_CONFIDENCE:
        return replace(track, variance=variance, candidate=None, lost=True, begun=False)
    corners, noise = _corners(found), _variance(found)
    if _apart(corners, track.corners, size) > _limit(variance + noise):
        if track.candidate is not None and _apart(corners, track.candidate, size) < _limit(2 * noise):
            return Track.of(found)
        return replace(track, variance=variance, candidate=corners, lost=False, begun=False)
    gain = variance / (variance + noise)
    return Track(
        track.corners + gain * (corners - track.corners),
        (1 - gain) * variance,
        track.confidence + gain * (float(found.confidence) - track.confidence),
        track.residual + gain * (float(found.residual) - track.residual),
        track.model,
    )


class Tracker:
    """The alignment of a sequence, frame by frame and in order; use one for each sequence.

    It is estimated every few frames, near to where it was, and smoothed, so that fused frames do not flicker as they do
    if each is aligned by itself. If the cameras are moved against each other, it follows as soon as two estimates, of
    two frames, agree on it. A `Fuser`'s call takes it as its `align`.

    Args:
        model: the kind of maps to seek, as of `mfjax.align`.
        every: frames from one estimate to the next.
        drift: pixels at 512 pixels width by which the best map is expected to change from frame to frame: more follows
            faster, less is smoother.

    Raises:
        MfjaxError: there is no such model, `every` is no whole number from 1 on, or `drift` is not positive.
    """

    def __init__(self, *, model: ModelChoice = "auto", every: int = EVERY, drift: float = DRIFT):
        if model not in ("auto", *MODELS):
            raise MfjaxError(f"model is {model!r}; it is one of auto, {', '.join(MODELS)}")
        if every != int(every) or every < 1 or not 0 < drift < math.inf:
            raise MfjaxError(f"a track has every={every}, a whole number, and drift={drift:g}; both are positive")
        self.model: ModelChoice = model
        self.every = every
        self.drift = drift
        self.track: Track | None = None
        self.frame = 0  # number of frames so far
        self.estimates = self.unreliable = self.jumps = 0
        self._shown: NDArray[np.float64] | None = None  # corners, on the way to those of the track
        self._sizes: tuple[Size, Size] | None = None
        self._estimated = 0  # the frame of the last estimate
        self._searched = False  # the last estimate searched everywhere

    def update(self, ir: NDArray[np.floating], vis: NDArray[np.floating]) -> Alignment:
        """Returns the alignment of the next frame.

        Its confidence is below 0.5 until a frame could be aligned reliably.

        Args:
            ir: infrared luma in [0, 1], [h, w], of one size in all frames.
            vis: visible luma in [0, 1], [h', w'], likewise.

        Raises:
            MfjaxError: the sizes are not those of the first frame.
        """
        sizes = (ir.shape[0], ir.shape[1]), (vis.shape[0], vis.shape[1])
        if self._sizes is not None and sizes != self._sizes:
            told = [" and ".join(f"{rows}x{cols}" for rows, cols in both) for both in (sizes, self._sizes)]
            raise MfjaxError(
                f"frame {self.frame} is {told[0]}, the first one {told[1]}; a track has frames of one size"
            )
        self._sizes = sizes
        if self._is_due:
            self._estimate(ir, vis)
        assert self.track is not None
        assert self._shown is not None  # the first estimate set both
        left = max(self.every - (self.frame - self._estimated), 1)  # frames in which it gets there
        self._shown = self._shown + (self.track.corners - self._shown) / left
        self.frame += 1
        matrix = warps.of_corners(self._shown)
        how = f"tracked up to frame {self.frame}"
        confidence, residual = self.track.confidence, self.track.residual
        return Alignment(matrix, *sizes, confidence, residual, model=self.track.model, found=how)

    @property
    def words(self) -> str:
        """Returns in words how far the track can be relied on."""
        confidence = 0.0 if self.track is None else self.track.confidence
        told = f"estimated {self.estimates} times, {self.unreliable} of them not reliably; jumps: {self.jumps}"
        return f"{told}; confidence at last: {confidence:.2f}"

    @property
    def _is_due(self) -> bool:
        """Returns true if this frame is to be estimated: in turn, or at once where something is in doubt."""
        track = self.track
        if track is None or not track.is_sure or track.candidate is not None:
            return True
        if track.lost and not self._searched:
            return True
        return self.frame - self._estimated >= self.every

    def _estimate(self, ir: NDArray, vis: NDArray) -> None:
        before = self.track
        self._searched = before is None or not before.is_sure or before.lost or before.candidate is not None
        start, model = None, self.model
        if before is not None and not self._searched:
            start = warps.of_corners(before.corners)
            model = before.model  # "auto" is decided where the track begins
        found = estimate(ir, vis, model=model, start=start)
        assert self._sizes is not None
        since = self.frame - self._estimated
        self.track = followed(before, found, self._sizes[0], frames=since, drift=self.drift)
        self.estimates += 1
        self.unreliable += found.confidence < LEAST_CONFIDENCE
        self.jumps += self.track.begun and before is not None and before.is_sure
        self._estimated = self.frame
        if self.track.begun:
            self._shown = self.track.corners


def _corners(found: Estimate) -> NDArray[np.float64]:
    return np.asarray(geometry.mapped(found.matrix, geometry.CORNERS), np.float64)


def _variance(found: Estimate) -> float:
    """Returns the variance of an estimate's corners, in square pixels at 512 pixels width."""
    return max(float(found.residual), 0.5) ** 2 / max(float(found.confidence), 0.01) ** 2


def _apart(one: NDArray, other: NDArray, size: Size) -> float:
    """Returns the mean distance of corners in pixels at 512 pixels width."""
    sides = ALIGNED_WIDTH * np.array([1, size[0] / size[1]])
    return float(np.linalg.norm((one - other) * sides, axis=-1).mean())


def _limit(variance: float) -> float:
    """Returns the distance from which on two maps are not the same, but at most that of two estimates of one map."""
    return min(SURPRISING * math.sqrt(variance), AGREE * ALIGNED_WIDTH)
