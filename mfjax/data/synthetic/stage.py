"""The stage of a rendered scene: a camera, two pictures, and the depth that decides which surface hides which."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

ASPECT = 4 / 3  # width over height of the field of view, whatever the number of pixels
NEAR = 0.4  # metres; what is closer to the camera is not drawn


class Surface(NamedTuple):
    """The appearance of a surface to a camera at each pixel of a patch [h, w]."""

    covered: NDArray  # bool [h, w]: where the surface is
    radiance: NDArray  # [h, w, 3], linear, visible light
    celsius: NDArray  # [h, w], apparent temperature


# A function from s, t and a depth, each [h, w], to the surface seen there.
Shader = Callable[[NDArray, NDArray, NDArray], Surface]


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera: x to the right, y up from the ground, z forward, in metres."""

    x: float
    height: float
    focal: float  # in picture heights
    vanish_u: float  # where the street's vanishing point lies, in picture heights from the centre
    vanish_v: float

    def ray_matrix(self, origin: ArrayLike, along: ArrayLike, up: ArrayLike) -> NDArray:
        """Returns the [3, 3] matrix from (u, v, 1) to (s, t, 1) / z on the plane origin + s·along + t·up."""
        offset = np.asarray(origin, float) - (self.x, self.height, 0)
        plane = np.stack([np.asarray(along, float), np.asarray(up, float), offset], axis=1)
        lens = np.array([[self.focal, 0, self.vanish_u], [0, self.focal, self.vanish_v], [0, 0, 1]])
        return np.linalg.inv(lens @ plane)

    def project(self, points: ArrayLike) -> NDArray:
        """Returns points [n, 3] as (u, v) [n, 2], in picture heights from the centre."""
        offset = np.asarray(points, float) - (self.x, self.height, 0)
        return self.focal * offset[:, :2] / offset[:, 2:] + (self.vanish_u, self.vanish_v)


class Stage:
    """Visible radiance, temperature and depth of every pixel; surfaces can be added in any order.

    For every pixel, `owner` holds the number that `adding` was when the surface seen there was added.
    """

    def __init__(self, camera: Camera, height: int, width: int):
        self.camera = camera
        self.shape = height, width
        self.radiance = np.zeros((height, width, 3), np.float32)
        self.celsius = np.zeros((height, width), np.float32)
        self.depth = np.full((height, width), np.inf, np.float32)
        self.owner = np.zeros((height, width), np.int16)
        self.adding = 0

    def rays(self, rows: slice, cols: slice) -> tuple[NDArray, NDArray]:
        """Returns the picture coordinates (u, v) of a patch, as a row [1, w] and a column [h, 1]."""
        height, width = self.shape
        u = ASPECT * ((np.arange(cols.start, cols.stop, dtype=np.float32) + 0.5) / width - 0.5)
        v = 0.5 - (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / height
        return u[None, :], v[:, None]

    def backdrop(self, shade: Callable[[NDArray, NDArray], Surface]) -> None:
        """Fills the whole picture, infinitely far.

        Args:
            shade: from coordinates (u, v), measured from the vanishing point, to the surface seen there.
        """
        u, v = self.rays(slice(0, self.shape[0]), slice(0, self.shape[1]))
        u, v = np.broadcast_arrays(u - self.camera.vanish_u, v - self.camera.vanish_v)
        _, self.radiance[:], self.celsius[:] = shade(u, v)

    def add(
        self,
        origin: ArrayLike,
        along: ArrayLike,
        up: ArrayLike,
        extent: tuple[float, float, float, float],
        shade: Shader,
    ) -> None:
        """Adds a rectangle of the plane origin + s·along + t·up, in front of everything that is farther away.

        Args:
            origin: a point of the plane.
            along: direction and unit of s.
            up: direction and unit of t.
            extent: the first and last s, and the first and last t.
            shade: from (s, t, depth) of a patch [h, w] to the surface seen there.

        Raises:
            ValueError: the rectangle comes closer to the camera than 0.4 m.
        """
        s0, s1, t0, t1 = extent
        corners = np.array([[s, t] for s in (s0, s1) for t in (t0, t1)])
        points = np.asarray(origin, float) + corners @ np.array([along, up], float)
        if points[:, 2].min() < NEAR:
            raise ValueError(f"a surface at {points[:, 2].min():.2f} m is closer than {NEAR} m")
        patch = self._bounds(self.camera.project(points))
        if patch is None:
            return
        u, v = self.rays(*patch)
        matrix = self.camera.ray_matrix(origin, along, up).astype(np.float32)
        s, t, inverse = (row[0] * u + row[1] * v + row[2] for row in matrix)
        depth = 1 / np.maximum(inverse, 1e-4)
        s, t = s * depth, t * depth
        inside = (s >= s0) & (s <= s1) & (t >= t0) & (t <= t1) & (inverse > 1e-4)
        inside &= depth < self.depth[patch]
        rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not rows.size:
            return
        # Shade no more than what can be seen.
        seen = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
        top, left = patch[0].start, patch[1].start
        patch = slice(top + rows[0], top + rows[-1] + 1), slice(left + cols[0], left + cols[-1] + 1)
        s, t, depth, inside = (np.ascontiguousarray(array[seen]) for array in (s, t, depth, inside))
        covered, radiance, celsius = shade(s, t, depth)
        inside &= covered
        self.radiance[patch][inside] = radiance[inside]
        self.celsius[patch][inside] = celsius[inside]
        self.depth[patch][inside] = depth[inside]
        self.owner[patch][inside] = self.adding

    def _bounds(self, points: NDArray) -> tuple[slice, slice] | None:
        height, width = self.shape
        cols = (points[:, 0] / ASPECT + 0.5) * width
        rows = (0.5 - points[:, 1]) * height
        left, right = max(int(cols.min()), 0), min(int(cols.max()) + 2, width)
        top, bottom = max(int(rows.min()), 0), min(int(rows.max()) + 2, height)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def flag(mask: NDArray) -> NDArray[np.float32]:
    """Returns 1 where `mask` is true, else 0, in float32: NumPy multiplies bare masks into float64."""
    return mask.astype(np.float32)


def smooth(edge0: float, edge1: float, x: NDArray) -> NDArray:
    """Returns 0 before `edge0`, 1 after `edge1`, and a smooth step between."""
    x = np.clip((x - edge0) / (edge1 - edge0), 0, 1)
    return x * x * (3 - 2 * x)


class Noise:
    """Smooth random textures without seams, looked up at any coordinates."""

    SIDE = 512

    def __init__(self, rng: np.random.Generator):
        octaves = [self._octave(rng, 2**k) / 2 ** (0.8 * k) for k in range(2, 9)]
        cloud = sum(octaves[1:], octaves[0])
        self._cloud = (cloud - cloud.mean()) / cloud.std()
        grain = self._octave(rng, 256) + self._octave(rng, 128)
        self._grain = (grain - grain.mean()) / grain.std()

    def _octave(self, rng: np.random.Generator, cells: int) -> NDArray:
        values = np.pad(rng.standard_normal((cells, cells), dtype=np.float32), 2, mode="wrap")
        size = self.SIDE * (cells + 4) // cells
        edge = (size - self.SIDE) // 2
        large = cv2.resize(values, (size, size), interpolation=cv2.INTER_CUBIC)
        return large[edge : edge + self.SIDE, edge : edge + self.SIDE]

    def clouds(self, s: NDArray, t: NDArray, period: float) -> NDArray:
        """Returns many octaves of noise, of zero mean and unit deviation; it repeats after `period`."""
        return self._look_up(self._cloud, s, t, period)

    def grain(self, s: NDArray, t: NDArray, period: float) -> NDArray:
        """Returns the finest octaves alone."""
        return self._look_up(self._grain, s, t, period)

    def _look_up(self, texture: NDArray, s: NDArray, t: NDArray, period: float) -> NDArray:
        turns = (np.asarray(x, np.float32) / np.float32(period) for x in (s, t))
        cols, rows = (self.SIDE * (x - np.floor(x)) for x in turns)
        return cv2.remap(texture, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
