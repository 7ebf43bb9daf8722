"""Pictures for tests of image files."""

import numpy as np
import pytest


@pytest.fixture
def gray():
    return np.random.default_rng(0).integers(0, 256, (12, 17), dtype=np.uint8)


@pytest.fixture
def colour():
    return np.random.default_rng(1).integers(0, 256, (12, 17, 3), dtype=np.uint8)


@pytest.fixture
def photograph():
    """A smooth picture, as JPEG likes them."""
    rows, cols = np.mgrid[0:64, 0:96]
    return np.stack([2 * cols, 3 * rows, 200 - cols], axis=-1).astype(np.uint8)
