"""The page with a small model, and rendered pictures to send to it."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mfjax import images
from mfjax.data.synthetic import scene

flir_files = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "images" / "flir_files.py")))


@pytest.fixture(scope="session")
def pictures():
    """A rendered pair, uint8: infrared of 24x32 and visible of 48x64 in colour."""
    ir, vis = scene(20, 24, 32).ir, scene(20, 48, 64).vis
    return images.from_float(ir, np.uint8), images.from_float(vis, np.uint8)


@pytest.fixture(scope="session")
def sent(pictures):
    """The pair as the content of PNG files."""
    return tuple(images.encode(image, Path("a.png")) for image in pictures)


@pytest.fixture(scope="session")
def flir_photo():
    """The content of a FLIR JPEG with a photo of twice the infrared view in it."""
    rows, cols = np.mgrid[0:12, 0:16]
    counts = (15_000 + 130 * rows + 70 * cols).astype(np.uint16)
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    records = {0x0E: flir_files.photo(photo), 0x2A: flir_files.placement(2, 0, 0)}
    frame = flir_files.thermal_frame(counts, records=records)
    return flir_files.jpeg(frame, np.full((12, 16, 3), 90, np.uint8), 60_000)
