"""The network as a whole: any size, its switches, and that it is a pure function."""

import dataclasses
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.base import bicubic, coarseness, pivot
from mfjax.model.extent import Extent
from mfjax.model.grids import Grid
from mfjax.model.network import SuperResolutionBranch
from mfjax.model.placement import Placement
from mfjax.model.statistics import mean_level

SIZES = [  # infrared, visible, output
    ((12, 16), (24, 32), (24, 32)),
    ((7, 9), (13, 17), (19, 23)),  # odd, coprime
    ((67, 5), (131, 11), (131, 11)),
    ((1, 1), (2, 3), (5, 4)),  # tiny
    ((30, 40), (24, 32), (10, 14)),  # downwards
    ((16, 4), (16, 4), (3, 31)),  # rows down, columns up
]


def random_pair(*sizes, batch=1):
    rng = np.random.default_rng(0)
    return [rng.random((batch, *size, 1), np.float32) for size in sizes]


@partial(jax.jit, static_argnums=0, static_argnames="size")
def apply(config, params, ir, vis, *, size):
    return FusionNetwork(config).apply({"params": params}, ir, vis, size=size)


@pytest.mark.parametrize(("ir_size", "vis_size", "size"), SIZES)
def test_output_has_the_requested_size_and_is_finite(tiny_config, tiny_params, ir_size, vis_size, size):
    ir, vis = random_pair(ir_size, vis_size)
    for image in apply(tiny_config, tiny_params, ir, vis, size=size):
        assert image.shape == (1, *size, 1)
        assert jnp.isfinite(image).all()


def test_jitted_output_equals_eager_output(tiny_config, tiny_params):
    ir, vis = random_pair((8, 8), (8, 8), batch=2)  # of one size: each operation on a new one is a program of its own
    eagerly = FusionNetwork(tiny_config).apply({"params": tiny_params}, ir, vis, size=(16, 16))
    for eager, jitted in zip(eagerly, apply(tiny_config, tiny_params, ir, vis, size=(16, 16)), strict=True):
        np.testing.assert_allclose(eager, jitted, atol=1e-5)


def test_vmapped_output_equals_a_batch(tiny_config, tiny_params):
    ir, vis = random_pair((8, 8), (12, 12), batch=2)
    fused = lambda ir, vis: apply(tiny_config, tiny_params, ir, vis, size=(16, 16)).fused
    mapped = jax.vmap(lambda ir, vis: fused(ir[None], vis[None])[0])(ir, vis)
    np.testing.assert_allclose(mapped, fused(ir, vis), atol=1e-5)


def test_one_image_of_a_batch_does_not_change_another(tiny_config, tiny_params):
    ir, vis = random_pair((8, 8), (12, 12), batch=2)
    both = apply(tiny_config, tiny_params, ir, vis, size=(16, 16))
    alone = apply(tiny_config, tiny_params, ir[:1], vis[:1], size=(16, 16))
    np.testing.assert_allclose(both.fused[:1], alone.fused, atol=1e-5)


def test_gradient_reaches_both_sources_and_every_parameter(tiny_config, tiny_params):
    ir, vis = random_pair((8, 8), (12, 12))

    def loss(params, ir, vis):
        return sum(jnp.square(image).sum() for image in apply(tiny_config, params, ir, vis, size=(16, 16)))

    params_gradient, ir_gradient, vis_gradient = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(tiny_params, ir, vis)
    assert jnp.abs(ir_gradient).max() > 0
    assert jnp.abs(vis_gradient).max() > 0
    dead = [path for path, g in jax.tree_util.tree_leaves_with_path(params_gradient) if not jnp.abs(g).max() > 0]
    assert not dead


def shapes(config):
    image = jnp.zeros((1, 8, 8, 1))
    tree = jax.eval_shape(
        lambda key: FusionNetwork(config).init(key, image, image, size=(8, 8))["params"], jax.random.key(0)
    )
    return {"/".join(k.key for k in path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def test_papers_network_has_1_99_million_parameters_of_which_1709_are_the_fusion_branch():
    sizes = {name: int(np.prod(shape)) for name, shape in shapes(ModelConfig()).items()}
    assert sum(sizes.values()) == 1_992_226
    assert sum(size for name, size in sizes.items() if name.startswith("fusion/")) == 1_709


def test_separate_branches_have_a_full_set_of_parameters_each(tiny_config):
    shared = shapes(tiny_config)
    separate = shapes(dataclasses.replace(tiny_config, share_branches=False))
    branch_names = {name for name in shared if name.startswith("branch/")}
    expected = {name.replace("branch/", f"branch_{source}/", 1) for name in branch_names for source in ("ir", "vis")}
    assert {name for name in separate if name.startswith("branch")} == expected


def test_separate_branches_with_equal_parameters_give_what_a_shared_one_gives(tiny_config, tiny_params):
    ir, vis = random_pair((8, 8), (12, 12))
    copies = {"branch_ir": tiny_params["branch"], "branch_vis": tiny_params["branch"], "fusion": tiny_params["fusion"]}
    separate = dataclasses.replace(tiny_config, share_branches=False)
    chex.assert_trees_all_close(
        apply(separate, copies, ir, vis, size=(16, 16)),
        apply(tiny_config, tiny_params, ir, vis, size=(16, 16)),
        atol=1e-6,
    )
    other = copies | {"branch_ir": jax.tree.map(lambda p: 2 * p, copies["branch_ir"])}
    before, after = (apply(separate, p, ir, vis, size=(16, 16)) for p in (copies, other))
    np.testing.assert_array_equal(before.vis, after.vis)
    assert not np.allclose(before.ir, after.ir)


def test_attention_can_be_left_out_and_compensations_counted(tiny_config):
    baseline = shapes(dataclasses.replace(tiny_config, dual_attention=False, compensations=0))
    assert not any("attention" in name or "compensation" in name for name in baseline)
    three = shapes(dataclasses.replace(tiny_config, compensations=3))
    assert {name.split("/")[1] for name in three if "compensation" in name} == {f"compensation_{i}" for i in range(3)}


def test_new_branch_with_bicubic_base_starts_at_bicubic(tiny_config):
    [image], placement = random_pair((9, 12)), Placement.between((9, 12), (24, 32))
    branch = SuperResolutionBranch(dataclasses.replace(tiny_config, base="bicubic"))

    @jax.jit
    def start(key):
        return branch.init_with_output(key, image, placement)[0].image, bicubic(image, placement)

    np.testing.assert_allclose(*start(jax.random.key(0)), atol=1e-6)


@pytest.mark.parametrize(("outputs", "expected"), [((8, 8), 0), ((4, 4), 0), ((16, 16), 0.5), ((32, 8), 0.5)])
def test_coarseness_grows_with_the_factor_from_zero_where_nothing_is_enlarged(outputs, expected):
    np.testing.assert_allclose(coarseness(Grid.between((8, 8), outputs)), expected, atol=1e-6)


def test_pivot_is_near_black_in_dark_images_and_near_white_in_bright_ones():
    levels = jnp.array([0.0, 0.2, 0.5, 0.8, 1.0])[:, None, None, None] * jnp.ones((5, 2, 3, 1))
    np.testing.assert_allclose(pivot(mean_level(levels)).ravel(), [0, 0.104, 0.5, 0.896, 1], atol=1e-6)


def test_blend_without_a_base_is_refused():
    with pytest.raises(ValueError, match="blend is 6, but base is 'none'"):
        ModelConfig(blend=6)


def test_bicubic_reproduces_a_linear_ramp():
    ramp = jnp.linspace(0, 1, 16)[None, :, None, None] * jnp.ones((1, 16, 8, 1))
    up = bicubic(ramp, Placement.between((16, 8), (40, 8)))
    expected = ((np.arange(40) + 0.5) * 16 / 40 - 0.5) / 15  # pixel centres aligned
    np.testing.assert_allclose(up[0, 8:-8, 0, 0], expected[8:-8], atol=1e-5)


@pytest.mark.parametrize(
    ("field", "value"), [("blocks", 0), ("compensations", -1), ("blend", -1), ("features", 0), ("base", "linear")]
)
def test_config_refuses_what_makes_no_network_naming_field_and_value(field, value):
    with pytest.raises(ValueError, match=rf"{field} is .*{value}"):
        ModelConfig(**{field: value})


@pytest.mark.parametrize(("numerator", "output"), [(20, 32), (25, 40)])
def test_extent_of_a_padded_source_gives_what_the_source_gives_unpadded(tiny_config, tiny_params, numerator, output):
    [source] = random_pair((16, 16), batch=1)
    rng = np.random.default_rng(1)
    padded = rng.random((1, 24, 24, 1), np.float32)
    padded[:, :16, :16] = source
    network = FusionNetwork(tiny_config)
    assert tiny_config.base == "bicubic"
    expected = apply(tiny_config, tiny_params, source, source, size=(output, output))

    @jax.jit
    def through_window(numerator, seen):
        inputs, outputs = padded.shape[1:3], (output, output)
        placements = (Placement.traced(inputs, outputs, numerator, 10, 30, Extent(seen, seen)),) * 2
        return network.apply({"params": tiny_params}, padded, padded, size=outputs, placements=placements)

    for image, same in zip(through_window(numerator, 16), expected, strict=True):
        np.testing.assert_allclose(image, same, atol=1e-5)
