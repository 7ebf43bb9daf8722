"""Tiles cover the image, and their canvases show all pixels that their own pixels depend on."""

from unittest.mock import Mock

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.evaluation.paper import SETTINGS
from mfjax.inference import sizes, tiles
from mfjax.inference.backends.xla import Extractor, XlaBackend
from mfjax.inference.canvases import choose_tiling
from mfjax.inference.composition import Source
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


def at_settings():
    """Yields the sizes of sources and output of the paper's test set at its settings, each once."""
    for scales in SETTINGS.values():
        for output in TNO:
            yield [(int(scale * output[0]), int(scale * output[1])) for scale in scales], output


def programs(sources, output):
    """Returns the shapes and factors in which the programs of an output's tiles differ."""
    tiled = choose_tiling(ModelConfig(), sources, output, "auto")
    fusing = {tiled.canvas}
    for source in sources:
        for tile in tiled.tiles:
            shapes = str(jax.tree.map(np.shape, tiles.placement(tile, source, output, tiled.canvas)))
            fusing.add((tiled.canvas, tiles.whole_factor(source, output), shapes))
    return fusing


def test_ten_sizes_at_nine_settings_take_at_most_fourteen_programs(tiny_config, tiny_params):
    extract = Extractor(tiny_config, tiny_params["branch"], "float32")
    canvases, composing = set(), set()
    for sources, output in at_settings():
        canvases |= {extract._canvas(source) for source in sources}
        composing |= programs(sources, output)
    assert len(canvases) + len(composing) <= 14


def test_an_output_of_vga_size_is_one_tile_where_memory_allows_it(tiny_config, monkeypatch):
    vga, half = (480, 640), (240, 320)
    assert len(choose_tiling(tiny_config, [half, vga], vga, "auto").tiles) == 1
    monkeypatch.setattr(sizes, "working_memory", lambda: sizes.tile_bytes((288, 384)))
    assert choose_tiling(tiny_config, [half, vga], vga, "auto").canvas == (288, 384)


def test_they_do_so_with_openvino_though_most_sizes_have_several_pairs(tiny_config, tiny_params, monkeypatch):
    openvino = pytest.importorskip("mfjax.inference.backends.openvino")
    made, composing = [], set()
    black = [np.zeros((1, 1, 1, 1), np.float32)] * 3
    program = Mock(return_value=black)
    monkeypatch.setattr(openvino.OpenVinoBackend, "_composer", lambda _, *key: made.append(key) or program)
    monkeypatch.setattr(XlaBackend, "compose", lambda _, *pair, **__: tiled.append(pair))
    backend, tiled = openvino.OpenVinoBackend(tiny_config, tiny_params, "float32", 3.0), []
    for sources, output in at_settings():
        images = [np.broadcast_to(np.float32(0), size) for size in sources]
        features = [np.broadcast_to(np.float32(0), (*size, 4)) for size in sources]
        for _ in range(5):  # as many pairs have the commonest size
            backend.compose(*map(Source, images, features), output)
    for ir, vis, output in tiled:
        composing |= programs([ir.size, vis.size], output)
    extractor = 1
    assert made
    assert extractor + len(made) + len(composing) <= 12
