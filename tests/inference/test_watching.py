"""Progress within an image."""

import numpy as np
import pytest

import mfjax
from mfjax.inference.watching import watched


@pytest.mark.parametrize("engine", ["xla", "openvino"])
@pytest.mark.parametrize("size", [(100, 130), (180, 234)])  # the second in steps, since 100 is trained up to 3
def test_the_share_that_is_done_rises_from_0_to_1_by_both_sources_and_all_tiles(size, engine, tiny_weights):
    if engine == "openvino":
        pytest.importorskip("mfjax.inference.backends.openvino")  # OpenVINO itself starts a process
    ir, vis = np.zeros((50, 65), np.uint8), np.zeros((80, 104), np.uint8)
    told = []
    with watched(lambda *which: told.append(which)):
        mfjax.load(tiny_weights, engine=engine)(ir, vis, size=size, tile=100)
    assert {size for size, _ in told} == {size}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert sum(0 < share < 0.999 for share in shares) >= 4
    assert shares[-2] == pytest.approx(1)  # all that was counted at the beginning was done


def test_nothing_is_told_after_the_block(tiny_weights):
    told = []
    fuser = mfjax.load(tiny_weights)
    with watched(lambda *which: told.append(which)):
        pass
    fuser(np.zeros((12, 16), np.uint8), np.zeros((12, 16), np.uint8))
    assert not told
