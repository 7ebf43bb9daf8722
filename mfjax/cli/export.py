"""The command `mfjax export`."""

import re
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from mfjax import atomic, weights
from mfjax.errors import MfjaxError
from mfjax.inference import sizes, stepping

Platform = Literal["cpu", "cuda", "rocm", "tpu"]


def export(
    out: Annotated[Positional[Path], arg(metavar="OUT")],
    *,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "default",
    factors: Annotated[tuple[int, int] | None, arg(metavar="IR VIS", help_behavior_hint="")] = None,
    ir: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    vis: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    size: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    platforms: tuple[Platform, ...] = ("cpu",),
) -> int:
    """Export a model as a program that JAX alone can load and run, for sizes of one ratio or for fixed sizes.

    It takes luma in [0, 1], float32, [n, h, w] and [n, h', w'], and gives fused, infrared and visible, [n, H, W].
    To load it: jax.export.deserialize(bytearray(open(OUT, "rb").read())).call(ir, vis)

    Args:
        out: The file to write.
        model: Name of a bundled model (default; small, for video; paper), or a weights file.
        factors: For sources of any size: how many times as large the output is as the infrared and the visible image,
            whole numbers from 1 to what the model was trained at (3 or 4). Its sides must then be multiples of 4 and
            of both.
        ir: For fixed sizes: the infrared image's, such as 240x320.
        vis: For fixed sizes: the visible image's.
        size: For fixed sizes: the output's; by default that of the larger source.
        platforms: What it is to run on.
    """
    fixed = None if ir is None or vis is None else (parse_size("--ir", ir), parse_size("--vis", vis))
    if (factors is None) == (fixed is None) or (factors is not None and (ir or vis or size)):
        raise MfjaxError("give either --factors, or --ir and --vis (and --size)")
    if not out.parent.is_dir():
        raise MfjaxError(f"{out}: there is no folder {out.parent}; make it first")
    config, params, metadata = weights.load(model)
    largest = stepping.largest_factor(metadata)

    from mfjax.interop.program import export_factors, export_fixed

    if factors is not None:
        program = export_factors(config, params, factors, platforms, largest)
        takes = f"outputs {factors[0]} times the infrared and {factors[1]} times the visible size"
    else:
        assert fixed is not None
        output = sizes.output_size(*fixed, size=None if size is None else parse_size("--size", size))
        program = export_fixed(config, params, *fixed, output, platforms, largest)
        takes = " and ".join(f"{rows}x{cols}" for rows, cols in fixed) + f" to {output[0]}x{output[1]}"
    atomic.write_bytes(out, program)
    print(f"{out}: {takes}, for {', '.join(platforms)}, {len(program) / 1e6:.1f} MB")
    return 0


def parse_size(option: str, text: str) -> sizes.Size:
    """The size that an option such as 240x320 names."""
    form = re.fullmatch(r"(\d+)x(\d+)", text)
    if form is None:
        raise MfjaxError(f"{option} is {text!r}; it is height and width, such as 240x320")
    return int(form[1]), int(form[2])
