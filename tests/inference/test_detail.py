"""The choice of how much detail a fused image shows."""

import dataclasses
from functools import partial

import jax
import numpy as np
import pytest

from mfjax.inference.detail import params_for
from mfjax.inference.fuser import Fuser
from mfjax.model.blend import with_detail


@pytest.fixture(scope="module")
def model(tiny_config, random_params):
    config = dataclasses.replace(tiny_config, blend=6)
    params = random_params(config)
    fusion = params["fusion"]
    # Of a size that shows in the images.
    fusion["contrast"] = np.ones(1, np.float32)
    fusion["blend"] = jax.tree.map(lambda leaf: 5 * leaf, fusion["blend"])
    return config, params


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    return rng.random((20, 24), np.float32), rng.random((40, 48), np.float32)


@pytest.fixture(scope="module")
def expected(model, pair):
    """What the pure function makes of the pair at a quarter of the detail."""
    fuser = Fuser.of(model[0], with_detail(model[1], 0.25), engine="xla")
    return jax.jit(partial(fuser.apply, size=(40, 48)))(*pair).fused


@pytest.mark.parametrize("engine", ["xla", "openvino"])
def test_fuser_shows_the_detail_that_it_was_made_for(model, pair, expected, engine):
    made = {d: Fuser.of(*model, engine=engine, detail=d)(*pair) for d in (0.25, 1.0)}
    np.testing.assert_array_equal(made[0.25].ir, made[1.0].ir)
    assert np.abs(made[0.25].fused - made[1.0].fused).max() > 5e-3
    np.testing.assert_allclose(made[0.25].fused, np.clip(expected, 0, 1), atol=2e-3)


@pytest.mark.parametrize("detail", [-0.1, 1.5, float("nan")])
def test_detail_out_of_range_is_refused(model, detail):
    with pytest.raises(ValueError, match="must be from 0"):
        params_for(detail, *model)


def test_model_that_shows_all_detail_only_says_so(model, tiny_config, tiny_params):
    config, params = model
    blend = {**params["fusion"]["blend"], "natural": np.zeros(6, np.float32)}
    for there in ((tiny_config, tiny_params), (config, {**params, "fusion": {**params["fusion"], "blend": blend}})):
        assert params_for(1, *there) is there[1]
        with pytest.raises(ValueError, match="for 1 only"):
            params_for(0.5, *there)
