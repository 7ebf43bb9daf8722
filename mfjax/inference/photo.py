"""The photo in a thermal camera's file as a visible source, and whether it fits where the file places it."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.alignment import Alignment
from mfjax.alignment.geometry import Matrix, cropped
from mfjax.errors import MfjaxError
from mfjax.messages import NOTE

WIDTH = 240  # pixels of the infrared view in which edges are compared
RIM, SHIFT = 0.1, 0.06  # shares of that width: left out at each side; most that the place may differ
FACTORS = np.exp(np.linspace(np.log(0.5), np.log(1.25), 48))  # of the file's ratio, that are tried
LEAST, BETTER = 0.1, 2  # correlation of edges that is a fit; how many times that of the file's ratio it must be

logger = logging.getLogger("mfjax")


class _Fit(NamedTuple):
    correlation: float
    ratio: float


def visible_of(path: Path, metadata: images.Metadata, *, ratio: float | None = None) -> images.ImageFile:
    """Returns the part of the photo in a thermal camera's file that shows the infrared view; logs where that is.

    Args:
        path: the file.
        metadata: the file's, which the result keeps.
        ratio: how many times the photo's view is as wide as the infrared one; None: as the file says, with a warning
            if the edges of both fit far better at another ratio.

    Raises:
        MfjaxError: the file has no photo, or does not place the infrared view in it.
    """
    found, visible = _read(path, ratio)
    assert found.photo is not None
    assert found.placement is not None
    (rows, cols), (height, width) = visible.shape[:2], found.photo.shape[:2]
    by = "the file places" if ratio is None else f"--photo-ratio {ratio:g} places"
    logger.warning(
        "%s: its photo of %dx%d cut to the %dx%d where %s the infrared view",
        *(path, height, width, rows, cols, by),
        extra=NOTE,
    )
    if ratio is None and (better := better_ratio(found)) is not None:
        logger.warning(
            "%s: the edges of its photo fit its infrared view better if the photo is %.2f times as wide, not %.2f "
            "times as the file says; --photo-ratio %.2f places it so",
            *(path, better, found.placement.ratio, better),
        )
    return images.ImageFile(visible, replace(metadata, unit=None))


def whole_photo(
    path: Path, metadata: images.Metadata, *, ratio: float | None = None
) -> tuple[images.ImageFile, Alignment]:
    """Returns the whole photo in a thermal camera's file, and where it lies under the infrared image.

    Args:
        path: the file.
        metadata: the file's, which the result keeps.
        ratio: as of `visible_of`; None: as the file says.

    Raises:
        MfjaxError: as `visible_of`.
    """
    found, _ = _read(path, ratio)
    assert found.photo is not None
    return images.ImageFile(found.photo, replace(metadata, unit=None)), alignment_of(found)


def alignment_of(found: images.Thermal) -> Alignment:
    """Returns where the photo of a thermal camera's file lies under its infrared image, as the file says.

    Args:
        found: the content of a file with a photo and its place.

    Raises:
        MfjaxError: the place is not inside the photo.
    """
    assert found.photo is not None
    assert found.placement is not None
    photo, ir = found.photo.shape[:2], found.celsius.shape[:2]
    top, bottom, left, right = found.placement.box((photo[0], photo[1]), (ir[0], ir[1]))
    in_photo = cropped(top, left, (bottom - top, right - left), (photo[0], photo[1]))
    how = "as the camera's file places its photo"
    to_ir: Matrix = np.linalg.inv(in_photo)
    return Alignment(to_ir, (ir[0], ir[1]), (photo[0], photo[1]), model="similarity", found=how)


def _read(path: Path, ratio: float | None) -> tuple[images.Thermal, NDArray]:
    """Returns a file's content, by another ratio if one is given, and the part of its photo that infrared shows."""
    found = images.read_thermal(path)
    if ratio is not None and found.placement is not None:
        found = replace(found, placement=replace(found.placement, ratio=ratio))
    try:
        return found, found.visible
    except MfjaxError as error:
        raise MfjaxError(f"{path}: {error}") from error


def better_ratio(found: images.Thermal) -> float | None:
    """Returns the ratio at which edges of a photo fit those of its infrared view; None if the file's is as good.

    Args:
        found: the content of a file with a photo and its place.
    """
    if found.photo is None or found.placement is None:
        return None
    rows, cols = found.celsius.shape
    height = max(2, round(WIDTH * rows / cols))
    celsius = np.where(np.isfinite(found.celsius), found.celsius, np.nanmin(found.celsius))
    ranks = np.argsort(np.argsort(celsius, axis=None)).reshape(rows, cols)
    view = cv2.resize((255 * ranks / ranks.size).astype(np.float32), (WIDTH, height), interpolation=cv2.INTER_AREA)
    photo = cv2.cvtColor(found.photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rim = round(RIM * WIDTH)
    template = _edges(view)[rim:-rim, rim:-rim]
    if min(template.shape) < rim:
        return None
    stated = _fit(photo, template, found.placement, 1.0, rim, height)
    best = max(
        (_fit(photo, template, found.placement, factor, rim, height) for factor in FACTORS), key=lambda fit: fit[0]
    )
    return best.ratio if best.correlation > max(LEAST, BETTER * stated.correlation) else None


def _fit(
    photo: NDArray[np.float32],
    template: NDArray[np.float32],
    placement: images.Placement,
    factor: float,
    rim: int,
    height: int,
) -> _Fit:
    """Returns how well edges fit at a factor of the file's ratio, at the best place near the file's."""
    ratio = placement.ratio * factor
    scale = WIDTH * ratio / photo.shape[1]  # pixels of the view from one of the photo
    scaled = cv2.resize(
        photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    near = round(SHIFT * WIDTH)
    first = [
        round((side - length) / 2 + offset * scale) + rim
        for side, length, offset in zip(scaled.shape, (height, WIDTH), placement.offset, strict=True)
    ]
    (row, col), (template_rows, template_cols) = first, template.shape
    rows = slice(max(row - near, 0), row + template_rows + near)
    cols = slice(max(col - near, 0), col + template_cols + near)
    part = _edges(scaled)[rows, cols]
    if part.shape[0] < template.shape[0] or part.shape[1] < template.shape[1]:
        return _Fit(-1.0, ratio)
    return _Fit(float(cv2.matchTemplate(part, template, cv2.TM_CCOEFF_NORMED).max()), ratio)


def _edges(image: NDArray) -> NDArray:
    """Returns the roots of the lengths of gradients, of which strong ones don't outweigh all others."""
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.sqrt(np.hypot(across, down))
