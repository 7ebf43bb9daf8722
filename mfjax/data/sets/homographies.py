"""One's own calibration of two cameras, from a file."""

import json
from pathlib import Path

import numpy as np

from mfjax.data.sets.layouts.base import View
from mfjax.errors import MfjaxError


def read_homographies(path: Path) -> dict[tuple[int, int], View]:
    """Returns the user's own calibration: homographies from infrared to visible pixels, by the visible image's size.

    Pixels are (x, y), and (0, 0) is the centre of the top left one, as in OpenCV.

    Args:
        path: a JSON file such as {"1600x1800": [[2.49, 0, 159], [0, 2.49, 150], [0, 0, 1]]}, rows before columns.

    Raises:
        MfjaxError: the file is not of this form, or a matrix can't be inverted.
    """
    form = 'such as {"1600x1800": [[2.49, 0, 159], [0, 2.49, 150], [0, 0, 1]]}'
    try:
        entries = {
            tuple(int(side) for side in size.split("x")): np.array(matrix, np.float64)
            for size, matrix in json.loads(path.read_text()).items()
        }
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise MfjaxError(f"{path} must be a JSON file {form} ({error})") from error
    for size, matrix in entries.items():
        if len(size) != 2 or matrix.shape != (3, 3) or not abs(np.linalg.det(matrix)) > 1e-9:
            raise MfjaxError(f"{path}: {size} has {matrix.tolist()}; wanted are rows x columns and an invertible 3x3")
    return entries  # type: ignore[return-value]  # each key has two numbers, as was just checked
