"""Tiles cover the picture, and their canvases show what their pixels depend on."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.evaluation.paper import SETTINGS
from mfjax.inference import tiles
from mfjax.inference.composition import choose_tiling
from mfjax.inference.extraction import XlaExtractor
from mfjax.model import ModelConfig

TNO = [(247, 359), (270, 360), (280, 280), (371, 472), (450, 620), (457, 619), (458, 622), (475, 575), (576, 768)]
TNO += [(617, 850)]  # the sizes of the paper's test set


@given(
    length=st.integers(1, 5000), canvas=st.integers(1, 700), halo=st.integers(0, 60), aligned=st.sampled_from([1, 4])
)
@settings(max_examples=300, deadline=None)
def test_parts_cover_an_axis_once_with_a_halo_or_the_end_on_both_sides(length, canvas, halo, aligned):
    try:
        cuts = tiles.parts(length, canvas, halo, aligned)
    except ValueError:
        assert canvas <= 2 * halo + aligned - 1
        return
    assert [i for part in cuts for i in range(part.start, part.stop)] == [*range(length)]
    for part in cuts:
        assert part.canvas % aligned == 0
        assert part.canvas == 0 or part.canvas <= part.start - halo
        assert part.canvas + canvas >= min(length, part.stop + halo)


@pytest.mark.parametrize("start", [(-3, 2), (0, 0), (4, 6), (9, 30)])
def test_cut_has_zeros_where_the_image_has_nothing(start):
    image = np.arange(1, 7 * 8 * 2 + 1).reshape(7, 8, 2)
    padded = np.pad(image, ((5, 40), (5, 40), (0, 0)))
    expected = padded[5 + start[0] :, 5 + start[1] :][:6, :5]
    np.testing.assert_array_equal(tiles.cut(image, start, (6, 5)), expected)


def test_ten_sizes_at_nine_settings_take_at_most_twelve_programs(tiny_config, tiny_params):
    super_resolving, fusing = set(), set()
    extract = XlaExtractor(tiny_config, tiny_params["branch"], "float32")
    canvases = set()
    for scales in SETTINGS.values():
        for output in TNO:
            sources = [(int(scale * output[0]), int(scale * output[1])) for scale in map(float, scales)]
            tiled = choose_tiling(sources, output, ModelConfig().compensations, "auto")
            fusing.add(tiled.canvas)
            for source in sources:
                canvases.add(extract._canvas(source))
                for tile in tiled.tiles:
                    placed = tiles.placement(tile, source, output, tiled.canvas)
                    shapes = str(jax.tree.map(np.shape, placed))
                    super_resolving.add((tiled.canvas, tiles.whole_factor(source, output), shapes))
    with_xla = len(super_resolving) + len(fusing) + len(canvases)
    assert with_xla <= 12
    pairs_of_whole_factors, extractor = 4, 1
    assert with_xla - len(canvases) + pairs_of_whole_factors + extractor <= 12  # with OpenVINO
