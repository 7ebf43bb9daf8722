"""Results of two files that lie where the next run would take them for sources."""

from pathlib import Path

import pytest

from mfjax.errors import MfjaxError
from mfjax.pairing import mixed_up


@pytest.mark.parametrize(
    ("ir", "vis", "results", "taken"),
    [
        ("d/ir.png", "d/vis.png", ["d/fused.png"], []),
        (
            "d/ir.png",
            "d/vis.png",
            ["d/fused.png", "d/fused_ir.png", "d/fused_vis.png"],
            ["fused_ir.png", "fused_vis.png"],
        ),
        ("ir/1.png", "vis/1.png", ["vis/1_fused.png"], ["1_fused.png"]),
        ("ir/1.png", "vis/1.png", ["ir/001.png"], ["001.png"]),
        ("ir/1.png", "vis/1.png", ["out/1.png"], []),
        ("a/left.png", "b/right.png", ["b/fused.png"], []),
    ],
)
def test_results_that_would_be_taken_for_sources_are_known(ir, vis, results, taken):
    found = mixed_up(Path(ir), Path(vis), [Path(result) for result in results])
    assert [path.name for path in found] == taken


@pytest.mark.parametrize("result", ["vis/1.tif", "ir/1.jpg"])
def test_a_result_that_hides_a_source_is_refused(result):
    with pytest.raises(MfjaxError, match="would keep their folders from being fused"):
        mixed_up(Path("ir/1.png"), Path("vis/1.png"), [Path(result)])
