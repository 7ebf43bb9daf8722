"""Placements of sources that don't cover the output exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model.network import FusionNetwork
from mfjax.model.placement import Placement


def branch_images(config, params, image, size, placement):
    """Returns the image and the upscaled features of the infrared branch."""
    network = FusionNetwork(config)
    apply = lambda image: network.apply(
        {"params": params}, image, image, size=size, placements=(placement, placement), method="branches"
    )[0]
    found = jax.jit(apply)(image)
    return found.image[0, ..., 0], found.upscaled[0]


def test_source_that_covers_the_output_is_placed_as_between_both_sizes(tiny_config, tiny_params):
    image = np.random.default_rng(0).random((1, 12, 15, 1), np.float32)
    size = 29, 31
    found = branch_images(tiny_config, tiny_params, image, size, Placement.covering((12, 15), size, (0.0, 0.0), size))
    expected = branch_images(tiny_config, tiny_params, image, size, Placement.between((12, 15), size))
    for made, same in zip(found, expected, strict=True):
        np.testing.assert_allclose(made, same, atol=1e-4)


@pytest.mark.parametrize("traced", [False, True])
def test_source_larger_than_the_output_shows_its_part_of_a_whole_output(tiny_config, tiny_params, traced):
    image = np.random.default_rng(1).random((1, 20, 20, 1), np.float32)
    whole = branch_images(tiny_config, tiny_params, image, (50, 50), Placement.between((20, 20), (50, 50)))
    place = jnp.asarray if traced else np.asarray
    placement = Placement.covering((20, 20), (26, 30), place((-11.0, -9.0)), place((50.0, 50.0)))
    part = branch_images(tiny_config, tiny_params, image, (26, 30), placement)
    halo = 9  # pixels that depend on what lies outside the output
    for made, same in zip(part, whole, strict=True):
        inner = same[11 + halo : 37 - halo, 9 + halo : 39 - halo]
        np.testing.assert_allclose(made[halo:-halo, halo:-halo], inner, atol=1e-4)


def test_source_is_zero_where_it_shows_nothing_and_upright_where_it_does(tiny_config, tiny_params):
    image = np.random.default_rng(2).random((1, 8, 8, 1), np.float32)
    placement = Placement.covering((8, 8), (30, 32), (10.0, 9.0), (12.0, 12.0))
    _, upscaled = branch_images(tiny_config, tiny_params, image, (30, 32), placement)
    _, whole = branch_images(tiny_config, tiny_params, image, (12, 12), Placement.between((8, 8), (12, 12)))
    np.testing.assert_allclose(upscaled[10:22, 9:21], whole, atol=1e-4)
    outside = np.ones((30, 32), bool)
    outside[8:24, 7:23] = False  # filters read one source pixel further
    assert not np.abs(upscaled[outside]).max()


def test_network_is_differentiable_by_where_a_source_lies(tiny_config, tiny_params):
    rng = np.random.default_rng(3)
    ir, vis = rng.random((1, 8, 9, 1), np.float32), rng.random((1, 16, 18, 1), np.float32)
    size = 16, 18

    @jax.jit
    def loss(corner, sides):
        placements = Placement.covering((8, 9), size, corner, sides), Placement.between(size, size)
        made = FusionNetwork(tiny_config).apply({"params": tiny_params}, ir, vis, size=size, placements=placements)
        return jnp.square(made.fused).mean()

    gradients = jax.grad(loss, argnums=(0, 1))(jnp.array([0.3, -0.4]), jnp.array([16.7, 17.2]))
    assert all(jnp.isfinite(each).all() and jnp.abs(each).min() > 0 for each in gradients)
