"""The public calls: a bundled model or a weights file as a `Fuser`, and fusing by one in one call.

The call is `fused = mfjax.fuse(ir, vis, size=(480, 640))`. With a model of one's choice it is
`fused, ir, vis = mfjax.load("default")(ir, vis, size=(480, 640))`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import numpy as np

from mfjax import weights
from mfjax.alignment.frames import View
from mfjax.inference import sizes
from mfjax.inference.colour import Color
from mfjax.inference.engines import Engine, Precision
from mfjax.inference.fuser import Fuser
from mfjax.inference.inputs import Image
from mfjax.inference.ranges import IrRange
from mfjax.inference.views import Align


def load(
    name_or_path: str | Path = "default",
    *,
    engine: Engine = "auto",
    precision: Precision = "auto",
    detail: float = 1.0,
) -> Fuser:
    """Returns a bundled model (one of `mfjax.weights.available()`), or the model of a weights file.

    Args:
        name_or_path: the name or the file, or "hf:OWNER/NAME" of a model on the Hugging Face Hub (`pip install
            'mfjax[hub]'`), which is fetched once.
        engine: the engine that runs the model. "xla"; "openvino" (`pip install 'mfjax[cpu]'`), for CPUs only, which
            runs and compiles faster, and leaves the last layers of large outputs and of placed sources to XLA; "auto":
            OpenVINO on CPUs where it is installed, else XLA.
        precision: the type in which features are extracted, "float32" or "bfloat16"; "auto" is bfloat16 on GPUs and
            TPUs, float32 on CPUs.
        detail: how much structure fused images show: 1, that of both sources, however much they contradict each other,
            which leaves seams by day; 0, a natural look: the brighter source, with the other one's structure only where
            it is about twice as strong; or a number between.

    Raises:
        FileNotFoundError: there is no such file or bundled model.
        MfjaxError: the file is not a weights file, or one of another architecture; the engine or the precision is
            unknown, or the engine is not installed; detail is not from 0 to 1, or the model has 1 only.
    """
    config, params, metadata = weights.load(name_or_path)
    return Fuser.of(config, jax.device_put(params), metadata, engine=engine, precision=precision, detail=detail)


def fuse(
    ir: Image,
    vis: Image,
    *,
    size: sizes.PartialSize | None = None,
    scale: float | None = None,
    color: Color = "auto",
    ir_range: IrRange = None,
    stretch: bool = False,
    align: Align = None,
    view: View = "visible",
    model: str | Path = "default",
    detail: float = 1.0,
) -> np.ndarray:
    """Returns the fused image of a pair, [H, W] or [H, W, 3], in the sources' type.

    The first call loads the model and compiles programs, which takes some seconds. `Fuser.__call__` says more of each
    argument.

    Args:
        ir: infrared [h, w] or RGB [h, w, 3] (its luma is used), uint8, uint16 or float in [0, 1]; or a file.
        vis: visible [h', w'] or RGB [h', w', 3], likewise; it shows the same field of view.
        size: (height, width) of the output, of which one may be None; by default the larger source's size.
        scale: instead of `size`: the output's size as a multiple of the larger source's.
        color: "auto" gives colour if `vis` is RGB, "gray" never, and "color" always.
        ir_range: the infrared values that are black and white: "full", "auto" or (low, high); see `Fuser.__call__`.
        stretch: fuse sources even if their aspects differ by more than 20 %.
        align: where the visible image lies under the infrared one: "auto" finds it; an `mfjax.Alignment`; a rig file.
        view: the view of an output with `align`: "visible", "infrared" or "overlap".
        model: the name of a bundled model, or a weights file, as of `load`; the two last ones are kept in memory.
        detail: from 0, a natural look, to 1, the structure of both sources; see `load`.

    Raises:
        FileNotFoundError, MfjaxError, MemoryError: as `load` and a `Fuser`'s call.
    """
    path = weights.find(model)
    fuser = _loaded(path, path.stat().st_mtime_ns, detail)
    how: dict[str, Any] = {"color": color, "ir_range": ir_range, "stretch": stretch, "align": align, "view": view}
    return fuser(ir, vis, size=size, scale=scale, **how).fused


@lru_cache(2)
def _loaded(path: Path, written: int, detail: float) -> Fuser:
    """Returns the fuser of a weights file, which is loaded again when it was `written` again."""
    return load(path, detail=detail)
