"""The command `mfjax convert`."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from mfjax import weights
from mfjax.cli.messages import print_line
from mfjax.errors import MfjaxError
from mfjax.weights.bundled import SUFFIX


def convert(
    source: Annotated[Positional[Path], arg(metavar="FILE")],
    out: Annotated[Positional[Path], arg(metavar="OUT.safetensors")],
    *,
    dtype: Literal["float32", "bfloat16"] = "float32",
) -> int:
    """Convert a checkpoint of the authors' PyTorch network (.pth) to a weights file, or a weights file to another.

    Args:
        source: A .pth file (this needs PyTorch; nothing but tensors is unpickled), or a weights file.
        out: The weights file to write, for --model.
        dtype: How to store numbers; bfloat16 halves the file.
    """
    if out.exists() and out.samefile(source):
        raise MfjaxError(f"{out} is the source and would be overwritten; choose another output")
    if source.suffix == SUFFIX:
        config, params, metadata = weights.load(source)
    else:
        from mfjax.interop import convert_state_dict, read_state_dict

        config, params = convert_state_dict(read_state_dict(source))
        metadata = {"converted_from": source.name}
    weights.save(out, config, params, metadata, dtype=dtype)
    print_line(f"{out}: {config.blocks} FEBs, {config.compensations} RCMs")
    return 0
