"""Converts the authors' released PyTorch checkpoint to a configuration and parameters of `FusionNetwork`.

Their network takes three equal channels and ours takes one. The first convolution's input channels are added up, and
the reconstructions' output channels are combined to gray with the BT.601 weights.
"""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mfjax import regular
from mfjax.errors import MfjaxError
from mfjax.images import LUMA
from mfjax.model import ModelConfig

# Parameters of the release that its forward pass never reads.
_UNUSED = re.compile(r"RCMs\.\d+\.conv_after_meta_down\.")


def read_state_dict(path: Path) -> dict[str, np.ndarray]:
    """Returns the tensors of a `.pth` file by name, as NumPy arrays. It needs PyTorch.

    Only tensors are unpickled ("weights_only"). Tensors may be nested under "state_dict", "model" or "params", and the
    prefix "module." of multi-GPU training is dropped.

    Args:
        path: the checkpoint file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: PyTorch is not installed or older than 2.6, or the file is no regular one or holds more than
            tensors.
    """
    try:
        import torch
    except ImportError as error:
        raise MfjaxError("reading a .pth file needs PyTorch: pip install torch") from error
    # Before 2.6 a file can get round `weights_only` (CVE-2025-32434).
    if [int(number) for number in torch.__version__.split(".")[:2]] < [2, 6]:
        raise MfjaxError(f"PyTorch is {torch.__version__}; reading a .pth file safely needs 2.6 or newer")
    regular.check(path)
    try:
        with warnings.catch_warnings():  # of files that it then refuses, or that are read right
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle's and zip's many ways of saying the same
        raise MfjaxError(f"{path} is not a PyTorch file of tensors only: {_first_line(error)}") from error
    for name in ("state_dict", "model", "params"):
        if isinstance(state, Mapping) and isinstance(state.get(name), Mapping):
            state = state[name]
    named = isinstance(state, Mapping) and all(isinstance(name, str) for name in state)
    if not named or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise MfjaxError(f"{path} holds no state dict: a mapping of names to tensors")
    count, size = sum(value.numel() for value in state.values()), path.stat().st_size
    if count > size:  # views that repeat a few numbers, or sparse tensors, may have any shape
        raise MfjaxError(f"{path} declares {count:,} numbers, more than its {size:,} bytes can hold")
    try:
        return {name.removeprefix("module."): value.detach().float().numpy() for name, value in state.items()}
    except (RuntimeError, TypeError, NotImplementedError) as error:  # sparse, quantised, complex and "meta" tensors
        raise MfjaxError(f"{path} has tensors that are no plain arrays of numbers: {_first_line(error)}") from error


def read_checkpoint(path: Path) -> tuple[ModelConfig, dict[str, Any]]:
    """Returns the configuration and parameters for `FusionNetwork` from a `.pth` file of the released network.

    Args:
        path: the checkpoint file.

    Raises:
        FileNotFoundError: nothing is at `path`.
        MfjaxError: as `read_state_dict` and `convert_state_dict`, with the file's name.
    """
    state = read_state_dict(path)
    try:
        return convert_state_dict(state)
    except MfjaxError as error:
        raise MfjaxError(f"{path}: {error}") from error
    except (ValueError, IndexError) as error:  # arrays of shapes that can't be put in our order
        raise MfjaxError(f"{path}: not a checkpoint of the released network: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Returns the first line of PyTorch's or NumPy's message, or the name of the error's class if it has none."""
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def convert_state_dict(state: Mapping[str, np.ndarray]) -> tuple[ModelConfig, dict[str, Any]]:
    """Returns the configuration and parameters for `FusionNetwork` from the release's names and arrays.

    It takes any number of FEBs and RCMs. Values are float32 and reproduce the release's linear output (before its
    min-max stretch) for gray images.

    Args:
        state: the release's parameters by name, as `read_state_dict` returns them.

    Raises:
        MfjaxError: a parameter is missing, has another number of dimensions, or does not belong to that network.
    """
    reader = _Reader(state)
    blocks = reader.count(r"f_net\.FENet\.(\d+)\.")
    if blocks == 0:
        raise MfjaxError("f_net.FENet is missing: not a checkpoint of the released network")
    compensations = reader.count(r"RCMs\.(\d+)\.")

    # The three input channels are equal, so one channel with the sum of their weights stands for them.
    first = reader.conv("f_net.conv0.0")
    first["conv"]["kernel"] = first["conv"]["kernel"].sum(axis=2, keepdims=True)
    extractor: dict[str, Any] = {
        "conv": {"linear": first},
        "bottleneck": {"linear": reader.conv("f_net.conv_before_meta.0")},
    }
    for i in range(blocks):
        extractor[f"block_{i}"] = _block(reader, f"f_net.FENet.{i}")

    branch: dict[str, Any] = {
        "extractor": extractor,
        "upscale": _weight_predictor(reader, "meta_up_0"),
        "reconstruction": _to_gray(reader.conv("conv_final_ab.0")),
    }
    for i in range(compensations):
        branch[f"compensation_{i}"] = {
            "downscale": _weight_predictor(reader, f"RCMs.{i}.meta_f_down"),
            "upscale": _weight_predictor(reader, f"RCMs.{i}.meta_error_up"),
        }

    attention = {
        "position": {
            "level_1": {"linear": reader.conv("PA.PA_module.conv1.0")},
            "level_2": {"linear": reader.conv("PA.PA_module.conv2.0")},
            "merge": {"linear": reader.conv("PA.PA_module.conv_k1.0")},
        },
        "merge": {"linear": reader.conv("attention_AB_cat_CONV.0")},
    }
    fusion = {
        "module": {"attention": attention, "merge": {"linear": reader.conv("attention_max_fuse_CONV.0")}},
        "reconstruction": _to_gray(reader.conv("conv_final_fuse.0")),
    }
    reader.check_all_read()
    config = ModelConfig(
        blocks=blocks,
        compensations=compensations,
        width=state["f_net.conv0.0.bias"].shape[0],
        growth=state["f_net.FENet.0.conv0.0.bias"].shape[0],
        features=state["f_net.conv_before_meta.0.bias"].shape[0],
        hidden=state["meta_up_0.P2W.meta_block.0.bias"].shape[0],
    )
    return config, {"branch": branch, "fusion": fusion}


class _Reader:
    """Takes parameters out of a state dict by name, and remembers which it took."""

    def __init__(self, state: Mapping[str, np.ndarray]):
        self.state = state
        self.read: set[str] = set()

    def __call__(self, name: str, ndim: int) -> np.ndarray:
        if name not in self.state:
            raise MfjaxError(f"{name} is missing: not a checkpoint of the released network")
        value = np.asarray(self.state[name], np.float32)
        if value.ndim != ndim:
            raise MfjaxError(f"{name} has shape {value.shape}; expected {ndim} dimensions")
        self.read.add(name)
        return value

    def count(self, pattern: str) -> int:
        """Returns one more than the highest number that a name has where the pattern has a group."""
        found = [re.match(pattern, name) for name in self.state]
        return max((int(match.group(1)) + 1 for match in found if match), default=0)

    def conv(self, name: str) -> dict[str, Any]:
        """Returns a convolution's parameters, the kernel as [rows, cols, in, out], or [in, out] if it is 1×1."""
        kernel = self(f"{name}.weight", 4).transpose(2, 3, 1, 0)
        bias = self(f"{name}.bias", 1)
        if kernel.shape[:2] == (1, 1):
            return {"dense": {"kernel": kernel[0, 0], "bias": bias}}
        return {"conv": {"kernel": kernel, "bias": bias}}

    def check_all_read(self) -> None:
        """Raises MfjaxError if the state dict has parameters that nobody took."""
        unknown = [name for name in self.state if name not in self.read and not _UNUSED.match(name)]
        if unknown:
            raise MfjaxError(f"{len(unknown)} parameters are not of the released network: {', '.join(unknown[:3])} …")


def _block(reader: _Reader, name: str) -> dict[str, Any]:
    units = {"rfu1": "DConv_r1", "rfu5": "DConv_r5"} | {f"rfu3_{i}": f"DConv_r3.{i}" for i in range(4)}
    return {
        "conv": {"linear": reader.conv(f"{name}.conv0.0")},
        "bottleneck": {"linear": reader.conv(f"{name}.conv_k1.0")},
    } | {ours: _receptive_field_unit(reader, f"{name}.{theirs}.Conv") for ours, theirs in units.items()}


def _receptive_field_unit(reader: _Reader, name: str) -> dict[str, Any]:
    return {
        "conv": {"linear": reader.conv(f"{name}.0")},
        "dilated": reader.conv(f"{name}.2"),
        "prelu": {"negative_slope": reader(f"{name}.3.weight", 1)[0]},
    }


def _weight_predictor(reader: _Reader, name: str) -> dict[str, Any]:
    # The release orders the 576 outputs as (in channel, kernel row, kernel col, out channel). Ours has the kernel's row
    # and column first, as the patches do.
    second = reader(f"{name}.P2W.meta_block.2.weight", 2).T  # [hidden, 9 c c]
    bias = reader(f"{name}.P2W.meta_block.2.bias", 1)
    c = round((bias.size / 9) ** 0.5)

    def place_first(values: np.ndarray) -> np.ndarray:
        grouped = values.reshape(*values.shape[:-1], c, 9, c)
        return np.ascontiguousarray(grouped.swapaxes(-3, -2)).reshape(values.shape)

    return {
        "weights": {
            "kernel_0": np.ascontiguousarray(reader(f"{name}.P2W.meta_block.0.weight", 2).T),
            "bias_0": reader(f"{name}.P2W.meta_block.0.bias", 1),
            "kernel_1": place_first(second),
            "bias_1": place_first(bias),
        }
    }


def _to_gray(conv: dict[str, Any]) -> dict[str, Any]:
    layer = conv["conv"]
    return {"conv": {"kernel": layer["kernel"] @ LUMA[:, None], "bias": layer["bias"] @ LUMA[:, None]}}
