"""Reads and writes weights files: the parameters as safetensors, the architecture and free text in the header.

The header's metadata holds `config`, the model's configuration as JSON, `format`, and the strings that
`save` was given (training recipe, version). Parameter names are the parameter tree's paths joined by dots.
"""

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from mfjax import atomic, regular, stored_json
from mfjax.errors import MfjaxError
from mfjax.weights import bundled

# JAX takes over a second to import, and a command line may need only names, so it is imported where it is used.
if TYPE_CHECKING:
    from mfjax.model import ModelConfig

FORMAT = "mfjax-1"
_RESERVED = {"config", "format"}


class Weights(NamedTuple):
    """The content of a weights file."""

    config: "ModelConfig"
    params: dict[str, Any]  # nested, float32 NumPy arrays
    metadata: dict[str, str]  # the free text that `save` was given

    def __repr__(self) -> str:
        return f"Weights({self.config!r}, metadata of {', '.join(self.metadata)})"


def save(
    path: str | Path,
    config: "ModelConfig",
    params: Mapping[str, Any],
    metadata: Mapping[str, str] | None = None,
    *,
    dtype: Literal["float32", "bfloat16"] = "float32",
) -> None:
    """Writes a weights file, completely or not at all.

    Args:
        path: the file; replaced if it exists.
        config: the architecture that `params` belongs to.
        params: nested parameters of `FusionNetwork(config)`.
        metadata: free text to keep with them; the keys `config` and `format` are reserved. None: no text.
        dtype: how numbers are stored; bfloat16 halves the file and keeps 8 bits of precision.

    Raises:
        MfjaxError: a metadata key is reserved, the parameters are not those of `config` or not finite, or there is no
            such folder.
    """
    import jax.numpy as jnp
    from flax.traverse_util import flatten_dict
    from safetensors.numpy import save as to_bytes

    path, metadata = Path(path), dict(metadata or {})
    if not path.parent.is_dir():
        raise MfjaxError(f"{path}: there is no folder {path.parent}; make it first")
    if taken := _RESERVED & metadata.keys():
        raise MfjaxError(f"metadata keys {sorted(taken)} are taken; rename them")
    flat = flatten_dict(params, sep=".")
    _check_shapes({name: np.shape(leaf) for name, leaf in flat.items()}, config, "the parameter tree")

    _check_finite(flat, "the parameter tree")
    types: dict[str, DTypeLike] = {"float32": np.float32, "bfloat16": jnp.bfloat16}
    tensors = {name: np.asarray(leaf, types[dtype], order="C") for name, leaf in flat.items()}
    header = metadata | {"config": json.dumps(dataclasses.asdict(config)), "format": FORMAT}
    atomic.write_bytes(path, _in_order(to_bytes(tensors, metadata=header)))


def load(name_or_path: str | Path) -> Weights:
    """Returns the architecture, the float32 parameters and the free text of a model.

    Args:
        name_or_path: the name of a bundled model, or a weights file.

    Raises:
        FileNotFoundError: there is no such model or file.
        MfjaxError: the file is not a weights file of this package, it is damaged, a parameter is not finite, or its
            architecture is not known to this version.
    """
    import jax.numpy as jnp
    from flax.traverse_util import unflatten_dict
    from safetensors import SafetensorError, deserialize

    path = bundled.find(name_or_path)
    data = regular.read_bytes(path)
    try:
        tensors = deserialize(data)
    except SafetensorError as error:
        raise MfjaxError(f"{path} is not a safetensors file ({error})") from error
    metadata = _header_metadata(data)
    config = _config_of(metadata, path)

    dtypes: dict[str, DTypeLike] = {"F32": np.float32, "BF16": jnp.bfloat16}
    if strange := sorted({spec["dtype"] for _, spec in tensors} - dtypes.keys()):
        raise MfjaxError(f"{path} stores numbers as {', '.join(strange)}; weights are F32 or BF16")
    flat = {
        name: np.frombuffer(spec["data"], dtypes[spec["dtype"]]).reshape(spec["shape"]).astype(np.float32)
        for name, spec in tensors
    }
    _check_shapes({name: leaf.shape for name, leaf in flat.items()}, config, str(path))
    _check_finite(flat, str(path))
    free_text = {key: text for key, text in metadata.items() if key not in _RESERVED}
    return Weights(config, unflatten_dict(flat, sep="."), free_text)


def _in_order(data: bytes) -> bytes:
    """Returns a safetensors file with its header sorted, which safetensors writes in another order each time."""
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # what follows begins at a multiple of 8 bytes
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def _header_metadata(data: bytes) -> dict[str, str]:
    """Returns the strings in a safetensors header: its length as 8 little-endian bytes, then JSON."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]).get("__metadata__", {})


def _config_of(metadata: Mapping[str, str], path: Path) -> "ModelConfig":
    """Returns the architecture that a header describes, checked field by field."""
    from mfjax.model import ModelConfig

    if metadata.get("format") != FORMAT or "config" not in metadata:
        found = metadata.get("format", "none")
        raise MfjaxError(f"{path} holds no mfjax model (its header's format is {found}, not {FORMAT})")
    try:
        fields = stored_json.loads(metadata["config"])
        if not isinstance(fields, dict):
            raise ValueError("it is no object")
    except ValueError as error:
        raise MfjaxError(f"{path} has a damaged model configuration: {metadata['config']!r:.80} ({error})") from error
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    if unknown := sorted(fields.keys() - known):
        raise MfjaxError(
            f"{path} is a model of another architecture: unknown configuration {', '.join(unknown)}; "
            "update mfjax, or choose another model"
        )
    try:
        return ModelConfig(**fields)
    except MfjaxError as error:
        raise MfjaxError(f"{path} is a model of another architecture: {error}") from error


def _check_shapes(shapes: Mapping[str, tuple[int, ...]], config: "ModelConfig", owner: str) -> None:
    """Raises MfjaxError unless names and shapes are those of the network that `config` describes."""
    for part, count in (("block", config.blocks), ("compensation", config.compensations)):
        last = f".{part}_{count - 1}."  # looked for first, since the shapes of many modules take long to find
        if count and not any(last in name for name in shapes):
            raise MfjaxError(f"{owner} lacks {last[1:-1]}: a model of another architecture, or a damaged file")
    expected = _expected_shapes(config)
    if missing := sorted(expected.keys() - shapes.keys()):
        problem = f"lacks {len(missing)} of its architecture's parameters, such as {missing[0]}"
    elif extra := sorted(shapes.keys() - expected.keys()):
        problem = f"has {len(extra)} parameters that its architecture lacks, such as {extra[0]}"
    elif other := [name for name in expected if shapes[name] != expected[name]]:
        name = other[0]
        problem = f"has {name} of shape {shapes[name]}, where its architecture needs {expected[name]}"
    else:
        return
    raise MfjaxError(f"{owner} {problem}: a model of another architecture, or a damaged file")


def _check_finite(flat: Mapping[str, Any], owner: str) -> None:
    """Raises MfjaxError if a parameter is NaN or infinite."""
    for name, leaf in flat.items():
        if not np.isfinite(leaf).all():
            raise MfjaxError(f"{owner} has values in {name} that are NaN or infinite: a training gone wrong, or damage")


@functools.lru_cache(maxsize=8)  # it takes a second
def _expected_shapes(config: "ModelConfig") -> dict[str, tuple[int, ...]]:
    """Returns the shape of every parameter of a network, without computing a parameter."""
    import jax
    from flax.traverse_util import flatten_dict

    from mfjax.model import FusionNetwork

    image = np.zeros((1, 8, 8, 1), np.float32)
    # With the key made inside, nothing is compiled.
    variables = jax.eval_shape(lambda: FusionNetwork(config).init(jax.random.key(0), image, image, size=(8, 8)))
    return {name: leaf.shape for name, leaf in flatten_dict(variables["params"], sep=".").items()}
