"""A rendered sequence of two cameras beside each other that move along a street: with parallax, and the truth."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.data.synthetic.layout import draw
from mfjax.data.synthetic.pictures import averaged, infrared, staged, visible
from mfjax.data.synthetic.stage import ASPECT

STEP = 0.05  # metres that the cameras move to the right from frame to frame
TURN = 0.05, 25  # picture heights by which they turn left and right, and frames of one turn


class Frame(NamedTuple):
    """Two pictures of one moment, and where each visible pixel lies in the infrared one."""

    ir: NDArray[np.float32]  # [h, w]
    vis: NDArray[np.float32]  # luma, [h', w']
    truth: NDArray[np.float64]  # infrared unit coordinates of the visible pixels' centres, [h', w', 2]


def sequence(
    seed: int,
    count: int,
    *,
    ir_size: tuple[int, int] = (120, 160),
    vis_size: tuple[int, int] = (240, 320),
    baseline: float = 0.15,
    bumped: int | None = None,
) -> Iterator[Frame]:
    """Yields frames of two cameras that move through a scene and turn, which itself stands still.

    The infrared camera stands to the right, sees four fifths of the width of the visible one, and is turned by 2°.

    Args:
        seed: of the scene, as of `mfjax.data.synthetic.scene`.
        count: number of frames.
        ir_size: rows and columns of infrared pictures, of aspect 3:4.
        vis_size: rows and columns of visible pictures, of aspect 3:4.
        baseline: metres between the cameras; with 0 there is no parallax.
        bumped: the frame from which on the infrared camera is turned by 1.5° more, and looks elsewhere by 4 % of the
            width; by default none.
    """
    eye = draw(np.random.default_rng(seed)).camera
    for number in range(count):
        moved = number >= bumped if bumped is not None else False
        to_ir = _map(1.25, 2 + 1.5 * moved, 0.02 + 0.04 * moved, -0.01)
        swing = TURN[0] * math.sin(2 * math.pi * number / TURN[1])
        left = replace(eye, x=eye.x + STEP * (number - count / 2), vanish_u=eye.vanish_u + swing)
        right = replace(left, x=left.x + baseline)
        sensor = np.random.default_rng((seed, number))
        stage, light, _ = staged(seed, *vis_size, camera=left)
        fine = stage.shape[0] // vis_size[0]
        vis = visible(averaged(stage.radiance, fine), light, sensor)
        depth = stage.depth[fine // 2 :: fine, fine // 2 :: fine]
        heat, _, _ = staged(seed, *ir_size, camera=right)
        seen = _seen(heat.celsius, to_ir, ir_size)
        luma = (vis @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
        yield Frame(infrared(seen, sensor), luma, _truth(depth, left.focal * baseline, to_ir))


def _map(scale: float, degrees: float, right: float, down: float) -> NDArray[np.float64]:
    """Returns a map of unit coordinates that scales and turns an image of aspect 3:4 around its middle, and shifts."""
    cos, sin = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    turned = np.array([[cos, -sin / ASPECT, 0], [sin * ASPECT, cos, 0], [0, 0, 1]])
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = -0.5, (0.5 + right, 0.5 + down)
    return back @ turned @ there


def _seen(picture: NDArray, to_ir: NDArray, size: tuple[int, int]) -> NDArray:
    """Returns a picture through a map of unit coordinates, averaged over areas."""
    rows, cols = picture.shape
    fine = 2 * size[0], 2 * size[1]
    units = [np.array([[w, 0, -0.5], [0, h, -0.5], [0, 0, 1.0]]) for h, w in ((rows, cols), fine)]
    back = units[0] @ np.linalg.inv(units[1] @ to_ir)
    soft = cv2.GaussianBlur(picture, (0, 0), 0.5)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpPerspective(soft, back, fine[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(seen, size[::-1], interpolation=cv2.INTER_AREA)


def _truth(depth: NDArray, parallax: float, to_ir: NDArray) -> NDArray[np.float64]:
    """Returns where pixels of some depth lie, if those one metre away lie so many picture heights to the left."""
    rows, cols = depth.shape
    x = (np.arange(cols) + 0.5) / cols - parallax / depth / ASPECT
    y = np.broadcast_to(((np.arange(rows) + 0.5) / rows)[:, None], depth.shape)
    points = np.stack([x, y], axis=-1)
    moved = points @ to_ir[:2, :2].T + to_ir[:2, 2]
    return np.asarray(moved, np.float64)
