"""The command `mfjax info`."""

import dataclasses
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

import mfjax
from mfjax import weights

PACKAGES = ("jax", "jaxlib", "flax", "numpy", "opencv-python", "openvino", "onnx", "optax", "tensorflow-datasets")


def info(model: Annotated[Positional[str | None], arg(metavar="MODEL", help_behavior_hint="")] = None) -> int:
    """Show versions and devices, the engine chosen and why, and the cache; or what a weights file holds.

    A report of a problem should contain this.

    Args:
        model: Show a model instead, by the name of a bundled one or by its weights file: its architecture and
            parameters, how it was trained, and which images it saw.

    Raises:
        FileNotFoundError, MfjaxError: there is no such model, or the file is not a weights file.
    """
    if model is None:
        _show_machine()
    else:
        _show_model(model)
    return 0


def _show_machine() -> None:
    import jax

    from mfjax.inference.backends import resolve

    print(f"mfjax {mfjax.__version__} in {Path(mfjax.__file__).parent}")
    print(f"Python {platform.python_version()} in {sys.prefix}, {platform.platform()}")
    print(", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    kinds = [device.device_kind for device in jax.devices()]
    listed = ", ".join(f"{kinds.count(kind)} × {kind}" for kind in dict.fromkeys(kinds))
    print(f"devices: {listed} ({jax.default_backend()}), {os.cpu_count()} CPU cores")
    engine, precision = resolve("auto", "auto")
    print(f"engine: {engine}, since {_reason(engine, jax.default_backend())}; features in {precision}")
    print(f"cache of compiled programs: {_cache()}")


def _show_model(name: str) -> None:
    """Prints a line for each thing that a weights file tells of its model; what it doesn't tell is said."""
    import jax

    from mfjax.data import fingerprints
    from mfjax.evaluation.provenance import provenance
    from mfjax.inference.stepping import largest_factor

    path = weights.find(name)
    config, params, told = weights.load(name)
    print(f"{path}, {path.stat().st_size / 1e6:.1f} MB")
    print("architecture: " + ", ".join(f"{field} {value}" for field, value in dataclasses.asdict(config).items()))
    print(f"parameters: {sum(leaf.size for leaf in jax.tree.leaves(params)):,}")
    print(f"enlarges in one pass: up to {largest_factor(told):g} times; more is done in steps")
    for line in provenance(told) or ["its file does not tell how"]:
        print(f"trained: {line}")
    seen = fingerprints.from_metadata(told)
    print(f"seen: {len(seen.images):,} images, known by fingerprints, which mfjax evaluate --benchmark looks up")
    for reason in sorted(seen.unknown):
        print(f"may have seen others: {reason}")
    for key in sorted(told.keys() - {"recipe", "steps", fingerprints.KEY}):
        print(f"{key}: {told[key]}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _reason(engine: str, backend: str) -> str:
    """Returns the reason why "auto" stands for an engine on this machine."""
    if engine == "openvino":
        return "JAX runs on the CPU and OpenVINO, which is faster there, is installed"
    if backend == "cpu":
        return "OpenVINO is not installed, which is faster on CPUs: pip install 'mfjax[cpu]'"
    return f"JAX runs on a {backend}"


def _cache() -> str:
    named = os.environ.get("JAX_COMPILATION_CACHE_DIR", "")
    if not named:
        return "none"
    files = [file for file in Path(named).glob("*") if file.is_file()]
    return f"{named}, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB in {len(files)} files"
