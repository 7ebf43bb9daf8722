"""The pictures that the page shows of a result: sources, fused, super-resolved, in false colours, with what is hot."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mfjax import images, metrics
from mfjax.errors import MfjaxError
from mfjax.images import palettes
from mfjax.images.metadata import Metadata
from mfjax.metrics import PAPER, STRUCTURE_LOST
from mfjax.serve.fusing import Result

LAYERS = {
    "ir": "infrared, as recorded",
    "vis": "visible, as recorded",
    "fused": "fused",
    "sr_ir": "infrared, super-resolved",
    "sr_vis": "visible, super-resolved",
}
THERMAL = "ir", "sr_ir"  # layers that can be in false colours
EDGE, STRENGTH = 0.06, 0.85  # of what is hot: share of the range over which it begins to show, and its opacity


def drawn(
    result: Result, layer: str, *, bits: Literal[8, 16] = 8, palette: str | None = None, hot: float | None = None
) -> NDArray:
    """Returns a picture of a result, uint8 or uint16.

    Args:
        result: the result.
        layer: one of `LAYERS`.
        bits: 8 or 16; false colours have 8.
        palette: the colours of heat, of infrared layers and of what is hot; None: gray, and "iron" for what is hot.
        hot: the heat from which on the fused picture shows heat in false colours, from 0 to 1; None: it does not.

    Raises:
        MfjaxError: there is no such layer or palette, or this layer has no false colours.
    """
    if layer not in LAYERS:
        raise MfjaxError(f"there is no picture {layer!r}; there are {', '.join(LAYERS)}")
    if hot is not None and layer != "fused":
        raise MfjaxError(f"what is hot is shown on the fused picture, not on {layer}")
    if bits not in (8, 16) or (bits == 16 and (palette or hot is not None)):
        raise MfjaxError(f"{bits} bits: pictures have 8 or 16, and false colours 8")
    image = _image(result, layer)
    if hot is not None:
        return _with_hot(image, result.fusion.ir, hot, palette or "iron")
    if palette is not None and layer in THERMAL:
        return palettes.painted(image, palette)
    return images.from_float(image, np.uint8 if bits == 8 else np.uint16)


def png(result: Result, picture: NDArray, *, whole: bool) -> bytes:
    """Returns a picture as a PNG file.

    Args:
        result: the result that it is of.
        picture: the picture, gray or RGB, uint8 or uint16.
        whole: with all that the visible file holds besides pixels, as `mfjax fuse` writes it; else with its colour
            profile alone, so that a browser shows all layers alike.
    """
    found = result.metadata
    return images.encode(picture, Path("fused.png"), metadata=found if whole else Metadata(icc=found.icc))


def scores(result: Result) -> list[dict[str, object]]:
    """Returns the paper's metrics of a result, and the shares of structure lost, each with what it means.

    They are of the luma of the fused image and of both super-resolved sources, as `mfjax.metrics.score` gives them,
    where both show something.

    Args:
        result: the result.
    """
    names = (*PAPER, *STRUCTURE_LOST)
    fused, ir, vis = (images.luma(image[result.seen]) for image in result.fusion)
    found = metrics.score(ir, vis, fused, names=names)
    return [
        {
            "name": name,
            "value": None if np.isnan(found[name]) else found[name],
            "best": metrics.METRICS[name].best,
            "means": found.reasons.get(name) or metrics.METRICS[name].formula,
        }
        for name in names
    ]


def _image(result: Result, layer: str) -> NDArray[np.float32]:
    fused, sr_ir, sr_vis = result.fusion
    return {"ir": result.ir, "vis": result.vis, "fused": fused, "sr_ir": sr_ir, "sr_vis": sr_vis}[layer]


def _with_hot(fused: NDArray, heat: NDArray, level: float, palette: str) -> NDArray[np.uint8]:
    """Returns the fused picture, RGB, on which what is hotter than a level has the colours of a palette."""
    opacity = STRENGTH * np.clip((heat - level) / EDGE, 0, 1)[..., None]
    under = fused if fused.ndim == 3 else np.repeat(fused[..., None], 3, axis=-1)
    colours = palettes.painted(heat, palette).astype(np.float32) / 255
    return images.from_float(np.clip(under + opacity * (colours - under), 0, 1), np.uint8)
