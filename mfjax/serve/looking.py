"""Says what a file is that a page has sent, before anything is fused: its size, values, temperatures, and a preview."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.images import palettes, picture
from mfjax.images.metadata import CELSIUS
from mfjax.inference import infrared
from mfjax.inference.infrared import Reading
from mfjax.messages import collected
from mfjax.serve.limits import Limits
from mfjax.serve.uploads import Kind, Upload, laid_out


@dataclass(frozen=True)
class Look:
    """A file as it is shown before it is fused."""

    facts: dict[str, Any]
    """The facts that the page is told, for JSON."""
    preview: bytes = field(repr=False)
    """A PNG of moderate size."""


def look(upload: Upload, kind: Kind, limits: Limits) -> Look:
    """Returns what a file is.

    Args:
        upload: the file.
        kind: the kind of image that it is to be.
        limits: the most pixels of a source.

    Raises:
        MfjaxError: it is no image, or none of this kind.
    """
    from mfjax.inference.sources import as_source, infrared_luma, visible_values

    files = {"ir": upload} if kind == "ir" else {"vis": upload}
    with laid_out(**files) as (path, _), collected():
        file = images.open(path, thermal=kind == "ir")
        rows, cols = file.pixels.shape[:2]
        if rows * cols > limits.source_pixels:
            most = f"{limits.source_pixels / 1e6:g} megapixels"
            raise MfjaxError(f"{upload.name}: is {rows}x{cols}, and this page takes {most} at most; use mfjax fuse")
        facts: dict[str, Any] = {"name": upload.name, "height": rows, "width": cols, "bytes": len(upload.data)}
        facts |= {"celsius": None, "range": None, "photo": None, "palette": None}
        if kind == "vis":
            return Look(facts | {"kind": _kind(file)}, picture.png(visible_values(as_source(file.pixels, "visible"))))
        source = infrared.source(file, path, Reading())
        shown = infrared_luma(as_source(source.pixels, "infrared", nan=True), source.ir_range)
        if file.metadata.unit == CELSIUS:
            facts["celsius"] = _ends(file.pixels)
        elif file.pixels.dtype != np.uint8:
            facts["range"] = _ends(file.pixels)
        facts |= {"photo": _photo_size(path), "palette": palettes.palette_of(file.pixels), "kind": _kind(file)}
        return Look(facts, picture.png(shown))


def _photo_size(path: Path) -> dict[str, int] | None:
    """Returns the size of what a file's photo shows of the infrared view; None if it has no photo, or says no place."""
    if not images.has_photo(path):
        return None
    try:
        rows, cols = images.read_thermal(path).visible.shape[:2]
    except MfjaxError:
        return None
    return {"height": rows, "width": cols}


def _kind(file: images.ImageFile) -> str:
    """Returns the kind of a file's values in words."""
    if file.metadata.unit == CELSIUS:
        return "temperatures"
    pixels = file.pixels
    depth = "32-bit float" if pixels.dtype.kind == "f" else f"{file.metadata.bits or 8 * pixels.dtype.itemsize}-bit"
    return f"{depth} {'colour' if images.is_colour(pixels) else 'gray'}"


def _ends(pixels: np.ndarray) -> list[float]:
    """Returns the least and the greatest value, pixels without data left out."""
    low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
    return [low, high] if math.isfinite(low) and math.isfinite(high) else [0.0, 1.0]
