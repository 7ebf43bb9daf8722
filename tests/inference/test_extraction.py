"""Features extracted in parts equal those of the whole image."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest

from mfjax.inference.extraction import by_parts
from mfjax.model.network import SuperResolutionBranch


@pytest.mark.parametrize("stride", [1, 2])
def test_features_of_parts_are_those_of_the_whole(tiny_config, random_params, stride):
    config = replace(tiny_config, stride=stride)
    params = random_params(config)["branch"]
    apply = jax.jit(partial(SuperResolutionBranch(config).apply, method="extract"))
    rows = set()

    def extract(part):
        rows.add(part.shape[0])
        return np.asarray(apply({"params": params}, part[None, ..., None])[0])

    image = np.random.default_rng(0).random((75 * 2 * stride, 91), np.float32)
    canvas = 80 * stride, 96 * stride
    np.testing.assert_allclose(by_parts(image, canvas, stride, extract), extract(image), atol=1e-5)
    assert min(rows) <= canvas[0]
