"""Describing images as views of an infrared camera, at the sizes that the alignment works at."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from mfjax.alignment import warps
from mfjax.alignment.descriptor import STRIDE, Descriptor, Sensor
from mfjax.alignment.geometry import Matrix
from mfjax.size import Size

BUNDLED = Path(__file__).with_name("descriptor.safetensors")
RIM = 2  # places at the borders of images, whose descriptions speak of the border


class Descriptions:
    """A trained descriptor, and the sizes it is used at.

    Args:
        params: the descriptor's parameters.
    """

    def __init__(self, params: Mapping[str, Any]):
        self.params = params
        width = params["params"]["out"]["kernel"].shape[2]
        self._apply = partial(_describe, Descriptor(width))
        self.sharpness = params["params"]["sharpness"]

    @classmethod
    def load(cls, path: Path = BUNDLED) -> "Descriptions":
        """Returns the descriptor of a weights file; by default the bundled one.

        Args:
            path: the file that `mfjax.training.descriptor` wrote.
        """
        params: dict[str, Any] = {}
        for name, value in load_file(path).items():
            *parents, last = name.split("/")
            at = params
            for parent in parents:
                at = at.setdefault(parent, {})
            at[last] = jnp.asarray(value)
        return cls(params)

    def __call__(self, luma: NDArray, sensor: Sensor) -> jax.Array:
        """Returns the descriptions of images, `[n, h/4, w/4, c]`.

        Args:
            luma: their luma in [0, 1], `[n, h, w]`, both sides multiples of 4.
            sensor: the sensor they are from.
        """
        return self._apply(self.params, jnp.asarray(luma, jnp.float32)[..., None], sensor)

    @staticmethod
    def view_size(size: Size, length: int) -> Size:
        """Returns the size of a view of about an image's aspect; few sizes, since each is a program.

        Args:
            size: the image's (height, width).
            length: pixels of the view's longer side.
        """
        step = max(STRIDE, length // 16)
        rows, cols = (max(2, round(side * length / max(size) / step)) * step for side in size)
        return rows, cols

    @staticmethod
    def shown(matrix: Matrix, size: Size) -> NDArray[np.float32]:
        """Returns 1 for the places of a view that a mapped image shows, but for those at its border, else 0.

        Args:
            matrix: the map from the image's unit coordinates to the view's.
            size: the view's (height, width).
        """
        shown = warps.covered(matrix, (size[0] // STRIDE, size[1] // STRIDE)).astype(np.float32)
        inside = cv2.erode(shown, np.ones((2 * RIM + 1,) * 2), borderType=cv2.BORDER_CONSTANT, borderValue=1)
        return np.asarray(inside, np.float32)


@partial(jax.jit, static_argnums=(0, 3))
def _describe(model: Descriptor, params: Any, luma: jax.Array, sensor: Sensor) -> jax.Array:
    described: jax.Array = model.apply(params, luma, sensor)  # type: ignore[assignment]
    return described


def inner(size: Size) -> NDArray[np.float32]:
    """Returns 1 for the places of a map of descriptions that are not at its border, else 0, `[h, w]`.

    Args:
        size: rows and columns of the map.
    """
    used = np.zeros(size, np.float32)
    used[RIM:-RIM, RIM:-RIM] = 1
    return used
