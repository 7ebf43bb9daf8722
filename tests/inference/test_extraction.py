"""Features extracted in parts equal those of the whole image."""

from functools import partial

import jax
import numpy as np

from mfjax.inference.extraction import by_parts
from mfjax.model.network import SuperResolutionBranch


def test_features_of_parts_are_those_of_the_whole(tiny_config, tiny_params):
    apply = jax.jit(partial(SuperResolutionBranch(tiny_config).apply, method="extract"))
    rows = set()

    def extract(part):
        rows.add(part.shape[0])
        return np.asarray(apply({"params": tiny_params["branch"]}, part[None, ..., None])[0])

    image = np.random.default_rng(0).random((150, 90), np.float32)
    np.testing.assert_allclose(by_parts(image, (80, 96), extract), extract(image), atol=1e-5)
    assert min(rows) <= 80
