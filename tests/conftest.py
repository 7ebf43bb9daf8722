"""Fixtures of several test files: a model so small that it compiles in a second."""

import atexit
import ctypes
import dataclasses
import functools
import gc
import json
import os
import platform
import shutil
import signal
import tempfile
from importlib.metadata import version
from pathlib import Path

# Before JAX starts: the CPU unless asked otherwise, as several devices, for what runs along a named axis. Compiling
# takes most of the tests' time and memory, so little is optimised, loops are written by XLA's old emitters, which take
# half the time and a quarter of the memory, a program is compiled as one part instead of many for many cores, which
# takes a fifth less, and programs that several tests, or the processes they start, have in common are compiled once.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = " ".join(
    [
        os.environ.get("XLA_FLAGS", ""),
        "--xla_force_host_platform_device_count=8",
        "--xla_backend_optimization_level=0",
        "--xla_cpu_parallel_codegen_split_count=1",
    ]
)
if tuple(map(int, version("jaxlib").split(".")[:2])) < (0, 11):  # later ones have no old emitters, and end at the flag
    os.environ["XLA_FLAGS"] += " --xla_cpu_use_fusion_emitters=false"
if "PYTEST_XDIST_WORKER" not in os.environ:  # whose processes have this one's environment, and share what is compiled
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="mfjax-tests-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"])
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

import jax
import numpy as np
import pytest
from hypothesis import settings

from mfjax import weights
from mfjax.inference import fuser
from mfjax.inference.fusion import Fusion
from mfjax.model import FusionNetwork, ModelConfig

GLIBC = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
if GLIBC:
    GLIBC.mallopt(-8, 2)  # M_ARENA_MAX: each of the many threads' own heap would keep what it has freed
    GLIBC.mallopt(-3, 2**23)  # M_MMAP_THRESHOLD: a freed array of 8 MB or more is given back at once

settings.register_profile("mfjax", deadline=None)  # a busy machine is no failure
settings.load_profile("mfjax")

STATM = Path("/proc/self/statm")
ENOUGH = 700 * 2**20  # bytes of resident memory that a process may keep from test to test

# Python's collector would look through all that JAX traces again and again, which takes up to half of tracing's time.
gc.set_threshold(100_000, 50, 50)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of jobs in the background: tests send it to themselves
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # ignored under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The files that take longest, longest first.
LONGEST = [
    "training/test_processes.py",
    "training/test_loop.py",
    "training/test_step_options.py",
    "onnx/test_network.py",
    "serve/test_browser.py",
    "inference/test_composition.py",
    "model/test_network.py",
    "inference/test_views.py",
    "inference/backends/test_openvino.py",
]


def pytest_collection_modifyitems(items):
    """Puts the longest files first, so that no process is left alone with one of them at the end."""
    place = {Path(__file__).parent / name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True)
def memory_is_given_back():
    """Drops compiled programs after a test when the process has grown: those of a file can take a gigabyte."""
    yield
    if not STATM.exists() or int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") > ENOUGH:
        jax.clear_caches()
        gc.collect()
        if GLIBC:
            GLIBC.malloc_trim(0)


@pytest.fixture(scope="session")
def tiny_config():
    return ModelConfig(blocks=1, compensations=1, width=8, growth=4, features=4, hidden=8, base="bicubic")


@pytest.fixture(scope="session")
def smallest_config(tiny_config):
    """The small model without its optional parts, for gradients: they compile in half the time."""
    return dataclasses.replace(tiny_config, compensations=0, dual_attention=False)


@pytest.fixture(scope="session")
def random_params():
    """A function that returns random parameters of an architecture, nested, float32."""

    @functools.cache  # tracing takes half a second
    def shapes(config):
        image = np.zeros((1, 8, 8, 1), np.float32)
        init = functools.partial(FusionNetwork(config).init, size=(8, 8))
        return jax.eval_shape(init, jax.random.key(0), image, image)["params"]

    def draw(config):
        rng = np.random.default_rng(0)
        return jax.tree.map(lambda leaf: rng.normal(0, 0.1, leaf.shape).astype(np.float32), shapes(config))

    return draw


@pytest.fixture(scope="session")
def tiny_params(tiny_config, random_params):
    """The small model's parameters."""
    return random_params(tiny_config)


@pytest.fixture(scope="session")
def tiny_weights(tiny_config, tiny_params, tmp_path_factory):
    """The small model's weights file."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    weights.save(path, tiny_config, tiny_params, {"recipe": "random"})
    return path


@pytest.fixture(scope="session")
def trained_to():
    """A function that returns the metadata of a weights file whose model was trained at factors up to one."""

    def metadata(factor):
        recipe = {"phase_one_steps": 1, "data": {"scales": [10, round(10 * factor)]}}
        return {"recipe": json.dumps([{"from_step": 0, "recipe": recipe}])}

    return metadata


@pytest.fixture
def black_network(monkeypatch):
    """Puts a network that needs no compiling and gives black images in place of the real one."""

    def black(self, ir, vis, size, *, dtypes, **options):
        return Fusion(*(np.zeros(size, dtype) for dtype in dtypes))

    monkeypatch.setattr(fuser.Fuser, "compose", black)
