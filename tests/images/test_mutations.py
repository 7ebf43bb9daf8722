"""Whatever is wrong with a file, reading it ends in a picture or in one line that names it; nothing is printed."""

from pathlib import Path

import numpy as np
import pytest

from mfjax import MfjaxError, images

CASES = Path(__file__).parent / "cases"
SMALL = [path for path in sorted(CASES.glob("*/*")) if path.stat().st_size < 20_000]


def mutated(data, rng):
    """Returns bytes of which some are changed, anywhere or at the head, or zeroed, or cut off."""
    changed = bytearray(data)
    way = rng.integers(4)
    if way < 2:
        for _ in range(rng.integers(1, 6)):
            changed[rng.integers(len(changed) if way else min(300, len(changed)))] = rng.integers(256)
    elif way == 2:
        at = rng.integers(len(changed))
        changed[at : at + 50] = bytes(50)
    else:
        del changed[rng.integers(1, len(changed)) :]
    return bytes(changed)


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_a_mutated_file_is_read_or_refused_by_name(path, capfd):
    rng = np.random.default_rng(0)
    for _ in range(25):
        try:
            said = str(images.decode(mutated(path.read_bytes(), rng), path).dtype)
        except MfjaxError as error:
            said = str(error)
        assert said in ("uint8", "uint16", "float32") or (said.startswith(f"{path}: ") and "\n" not in said)
    assert capfd.readouterr() == ("", "")
