"""The command `mfjax info`."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import mfjax

PACKAGES = ("jax", "jaxlib", "flax", "numpy", "opencv-python", "openvino", "onnx", "optax", "tensorflow-datasets")


def info() -> int:
    """Show the versions and devices that fusing would use, the engine chosen and why, and where programs are cached.

    A report of a problem should contain this.
    """
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
    return 0


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
