"""In JAX, images share canvases of few sizes, so that few programs are compiled."""

import dataclasses

import pytest

from mfjax.inference.backends import xla
from mfjax.inference.backends.xla import Extractor


def test_canvas_is_made_when_it_has_paid(tiny_config, tiny_params, monkeypatch):
    monkeypatch.setattr(xla, "TOLERATED_WASTE", 10_000)
    extract = Extractor(tiny_config, tiny_params["branch"], "float32")
    assert extract._canvas((100, 100)) == (112, 112)
    assert [extract._canvas((60, 70)) for _ in range(3)] == [(112, 112), (64, 80), (64, 80)]
    assert extract._canvas((100, 100)) == (112, 112)


@pytest.mark.parametrize(("gibibytes", "shorter"), [(1, 1), (1 / 64, 2)])
def test_canvases_are_smaller_where_memory_is_short(gibibytes, shorter, tiny_config, tiny_params, monkeypatch):
    monkeypatch.setattr(xla.sizes, "working_memory", lambda: int(2**30 * gibibytes))
    extract = Extractor(dataclasses.replace(tiny_config, width=64), tiny_params["branch"], "float32")
    assert extract._canvas((4000, 4000)) == tuple(side // shorter for side in xla.LARGEST_CANVAS)
