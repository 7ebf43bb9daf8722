"""Every engine extracts the features that the network does."""

import dataclasses
import sys
from functools import partial

import jax
import numpy as np
import pytest

from mfjax.inference import engines, extraction
from mfjax.inference.extraction import XlaExtractor, by_parts, extractor
from mfjax.model.network import SuperResolutionBranch

WITH_OPENVINO = pytest.mark.skipif(not engines.has_openvino(), reason="OpenVINO is not installed")
ENGINES = ["xla", pytest.param("openvino", marks=WITH_OPENVINO)]


@pytest.fixture(scope="module")
def network(tiny_config, tiny_params):
    """Features of an image by the network itself."""
    apply = jax.jit(partial(SuperResolutionBranch(tiny_config).apply, method="extract"))
    return lambda image: np.asarray(apply({"params": tiny_params["branch"]}, image[None, ..., None])[0])


def noise(*size):
    return np.random.default_rng(0).random(size, np.float32)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(3, 2), (33, 47), (64, 48)])
def test_features_of_an_engine_are_the_networks(engine, size, tiny_config, tiny_params, network):
    extract = extractor(tiny_config, tiny_params["branch"], engine, "float32")
    np.testing.assert_allclose(extract(noise(*size)), network(noise(*size)), atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_bfloat16_is_near_float32(engine, tiny_config, tiny_params, network):
    features = extractor(tiny_config, tiny_params["branch"], engine, "bfloat16")(noise(33, 47))
    exact = network(noise(33, 47))
    assert features.dtype == np.float32
    assert 0 < np.abs(features - exact).max() < 0.05 * np.abs(exact).max()


def test_features_of_parts_are_those_of_the_whole(tiny_config, tiny_params, network):
    sizes = set()

    def extract(part):
        sizes.add(part.shape)
        return network(part)

    image = noise(150, 90)
    np.testing.assert_allclose(by_parts(image, (80, 96), extract), network(image), atol=1e-5)
    assert max(rows for rows, _ in sizes) <= 80


def test_canvas_of_xla_is_made_when_it_has_paid(tiny_config, tiny_params, monkeypatch):
    monkeypatch.setattr(extraction, "WASTED", 10_000)
    extract = XlaExtractor(tiny_config, tiny_params["branch"], "float32")
    assert extract._canvas((100, 100)) == (112, 112)
    assert [extract._canvas((60, 70)) for _ in range(3)] == [(112, 112), (64, 80), (64, 80)]
    assert extract._canvas((100, 100)) == (112, 112)


def test_parts_are_smaller_where_memory_is_short(tiny_config, tiny_params, monkeypatch):
    sides = []
    for gibibytes in (1, 1 / 64):
        monkeypatch.setattr(extraction.sizes, "working_memory", lambda free=gibibytes: int(2**30 * free))
        xla = XlaExtractor(dataclasses.replace(tiny_config, width=64), tiny_params["branch"], "float32")
        sides.append((extraction._halves((4000, 4000), 64)[0], xla._canvas((4000, 4000))))
    assert sides == [(512, extraction.LARGEST), (96, tuple(side // 2 for side in extraction.LARGEST))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"engine": "fast"}, "engine is 'fast'; it is one of auto, xla, openvino"),
        ({"precision": "half"}, "precision is 'half'; it is one of auto, float32, bfloat16"),
    ],
)
def test_engine_or_precision_that_there_is_not_is_refused_with_those_there_are(words, message):
    with pytest.raises(ValueError, match=message):
        engines.check_engine(**{"engine": "auto", "precision": "auto"} | words)


def test_engine_that_is_not_installed_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(engines, "has_openvino", lambda: False)
    with pytest.raises(ValueError, match=r"pip install 'mfjax\[cpu\]'"):
        engines.check_engine("openvino", "auto")


@WITH_OPENVINO
def test_openvino_is_imported_without_what_reports_that_over_the_network(tiny_config, tiny_params):
    extractor(tiny_config, tiny_params["branch"], "openvino", "float32")
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]
