"""A panel of a pair and its fused image, as Jupyter shows it."""

from typing import Any

from mfjax import images
from mfjax.images import Picture, panel
from mfjax.inference import infrared
from mfjax.inference.fusion import Fusion
from mfjax.inference.infrared import Reading
from mfjax.inference.inputs import Image, is_file
from mfjax.inference.ranges import IrRange
from mfjax.inference.sources import as_source, infrared_luma, visible_values
from mfjax.messages import quietly


def show(ir: Image, vis: Image, fused: Image | Fusion, *, ir_range: IrRange = None) -> Picture:
    """Returns a picture of the infrared, the visible and the fused image beside each other, with their sizes.

    Jupyter shows it where it is a cell's value. Sources are shown as coarse as they are.

    Args:
        ir: the infrared image, as of a `Fuser`'s call.
        vis: the visible image, likewise.
        fused: the fused image, or all that a `Fuser` returned.
        ir_range: the infrared values that are black and white, as of a `Fuser`'s call, but the image's own range if it
            has values outside [0, 1].

    Raises:
        FileNotFoundError, MfjaxError: as a `Fuser`'s call.
    """
    with quietly():  # the call that fused them has said it
        if is_file(ir):
            found = infrared.source(images.open(ir, thermal=True), images.split_selection(ir)[0], Reading(ir_range))
            ir, ir_range = found.pixels, found.ir_range
        heat = as_source(ir, "infrared", nan=True)
        if ir_range is None and heat.dtype.kind == "f" and not (heat.min() >= 0 and heat.max() <= 1):
            ir_range = "auto"
        shown = {"infrared": infrared_luma(heat, ir_range)}
        shown["visible"] = visible_values(as_source(images.read(vis) if is_file(vis) else vis, "visible"))
        result: Any = fused.fused if isinstance(fused, Fusion) else fused
        shown["fused"] = visible_values(as_source(images.read(result) if is_file(result) else result, "fused"))
    sizes = {name: f"{name} {image.shape[0]}x{image.shape[1]}" for name, image in shown.items()}
    return panel({sizes[name]: image for name, image in shown.items()})
