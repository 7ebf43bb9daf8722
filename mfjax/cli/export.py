"""The command `mfjax export`."""

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from mfjax import atomic, weights
from mfjax.cli.messages import print_line
from mfjax.errors import MfjaxError
from mfjax.inference import sizes, stepping
from mfjax.inference.detail import params_for
from mfjax.interop import hub_folder
from mfjax.size import Size

Platform = Literal["cpu", "cuda", "rocm", "tpu"]
SUFFIXES = {
    ".onnx": "mfjax.interop.onnx_file",
    ".jaxexport": "mfjax.interop.jax_program",
}  # the modules that write them


def export(
    out: Annotated[Positional[Path | None], arg(metavar="OUT", help_behavior_hint="")] = None,
    *,
    hub: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "default",
    factors: Annotated[tuple[int, int] | None, arg(metavar="IR VIS", help_behavior_hint="")] = None,
    ir: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    vis: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    size: Annotated[str | None, arg(metavar="HxW", help_behavior_hint="")] = None,
    platforms: Annotated[tuple[Platform, ...] | None, arg(help_behavior_hint="(default: cpu)")] = None,
    precision: Literal["float32", "float16"] = "float32",
    detail: Annotated[float, arg(metavar="0..1")] = 1.0,
) -> int:
    """Export a model as a file that needs no mfjax, for sizes of one ratio or for fixed sizes; or for the Hub.

    NAME.onnx runs in ONNX Runtime, OpenVINO, TensorRT and others; NAME.jaxexport is a program that JAX alone loads, by
    jax.export.deserialize(bytearray(open(OUT, "rb").read())).call(ir, vis). Both take luma in [0, 1], float32,
    [n, h, w] and [n, h', w'], and give fused, infrared and visible, [n, H, W].

    Args:
        out: The file to write, which ends in .onnx or .jaxexport.
        hub: Instead of OUT, a new folder in the layout of the Hugging Face Hub, to be uploaded there: weights,
            configuration and a card. Then mfjax.load("hf:OWNER/NAME") loads it.
        model: Name of a bundled model (default; small, for video; tiny, live; paper), or a weights file.
        factors: For sources of any size: how many times as large the output is as the infrared and the visible image,
            whole numbers from 1 to the factor that the model was trained at (3 or 4). For .jaxexport, the output's
            sides must be multiples of 4 and of both factors.
        ir: For fixed sizes: the infrared image's size, such as 240x320.
        vis: For fixed sizes: the visible image's size.
        size: For fixed sizes: the output's size; by default that of the larger source.
        platforms: For .jaxexport: the platforms that it is to run on.
        precision: For .onnx: the type in which features are extracted, which is nearly all of the file and of the work.
        detail: How much structure the fused image shows, as of mfjax fuse.
    """
    if hub is not None:
        if out or factors or ir or vis or size or platforms or precision != "float32" or detail != 1:
            raise MfjaxError("--hub writes the model itself, and goes with --model alone")
        for path in hub_folder.write(hub, model):
            print(f"{path}: {path.stat().st_size:,} bytes")
        return 0
    if out is None:
        raise MfjaxError("name the file to write, NAME.onnx or NAME.jaxexport, or --hub DIR")
    fixed = None if ir is None or vis is None else (parse_size("--ir", ir), parse_size("--vis", vis))
    if (factors is None) == (fixed is None) or (factors is not None and (ir or vis or size)):
        raise MfjaxError("give either --factors, or --ir and --vis (and --size)")
    if not out.parent.is_dir():
        raise MfjaxError(f"{out}: there is no folder {out.parent}; make it first")
    if out.suffix not in SUFFIXES:
        raise MfjaxError(f"{out} has the suffix {out.suffix!r}, which chooses the format: {' or '.join(SUFFIXES)}")
    if out.suffix == ".onnx" and platforms is not None:
        raise MfjaxError("--platforms is for .jaxexport; an ONNX file runs wherever its runtime does")
    if out.suffix == ".jaxexport" and precision != "float32":
        raise MfjaxError(f"--precision {precision} is for .onnx; a JAX program computes in float32")
    if out.suffix == ".onnx" and importlib.util.find_spec("onnx") is None:
        raise MfjaxError("an ONNX file needs onnx, which is not installed: pip install 'mfjax[export]'")
    config, trained, metadata = weights.load(model)
    params = params_for(detail, config, trained)
    options: dict[str, Any] = {"largest_factor": stepping.largest_factor(metadata)}
    if out.suffix == ".onnx":
        options["precision"], kind = precision, f"in {precision}"
    else:
        options["platforms"] = platforms or ("cpu",)
        kind = f"for {', '.join(options['platforms'])}"
    writer: Any = importlib.import_module(SUFFIXES[out.suffix])  # both modules have the same functions
    if factors is not None:
        program = writer.export_factors(config, params, factors, **options)
        takes = f"outputs {factors[0]} times the infrared and {factors[1]} times the visible size"
    else:
        assert fixed is not None
        output = sizes.output_size(*fixed, size=None if size is None else parse_size("--size", size))
        program = writer.export_fixed(config, params, *fixed, output, **options)
        takes = " and ".join(f"{rows}x{cols}" for rows, cols in fixed) + f" to {output[0]}x{output[1]}"
    atomic.write_bytes(out, program)
    print_line(f"{out}: {takes}, {kind}, {len(program) / 1e6:.1f} MB")
    return 0


def parse_size(option: str, text: str) -> Size:
    """Returns the size that an option's text such as 240x320 names.

    Args:
        option: the option, for the error's message.
        text: height and width.

    Raises:
        MfjaxError: the text is not a size.
    """
    form = re.fullmatch(r"(\d+)x(\d+)", text)
    if form is None:
        raise MfjaxError(f"{option} is {text!r}; it is height and width, such as 240x320")
    return int(form[1]), int(form[2])
