"""A short run of the fuzzer; `docs/reliability.md` has the figures of long ones."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space of a process")
def test_damaged_files_of_every_kind_are_read_or_refused_by_name():
    command = [sys.executable, "tests/soak/fuzz_images.py", "--count", "800", "--seed", "16"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 16, 800 cases" in done.stdout
