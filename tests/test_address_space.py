"""Commands under a limit of the address space, each in a process of its own."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from mfjax import images
from mfjax.cli import address_space

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS keeps to no limit of the address space")

ENOUGH_TO_START = address_space.needed_to_start() + 50_000_000


def run(limit, *arguments):
    command = ["sh", "-c", f'ulimit -v {limit // 1024}; exec "$@"', "sh", sys.executable, "-m", "mfjax"]
    return subprocess.run([*command, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=120)


def test_a_limit_under_which_libraries_can_not_start_is_one_line_with_both_amounts():
    done = run(700_000_000, "models")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: the limit of the address space leaves 0.")
    assert "GB to start; raise it" in line


@pytest.mark.parametrize("engine", ["openvino", "xla"])
def test_an_image_that_does_not_fit_under_a_limit_is_one_line_with_both_amounts(engine, tmp_path):
    if engine == "openvino" and importlib.util.find_spec("openvino") is None:  # its import here would start a process
        pytest.skip("OpenVINO is not installed")
    for name in "ab":
        images.write(tmp_path / f"{name}.png", np.full((240, 320), 90, np.uint8))
    sources = tmp_path / "a.png", tmp_path / "b.png"
    done = run(ENOUGH_TO_START, "fuse", *sources, "--out", tmp_path / "o.png", "--engine", engine, "--scale", 16)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: an output of 3840x5120 from 240x320 and 240x320 takes about 1.")
    assert "GB are free; ask for a smaller size" in line
