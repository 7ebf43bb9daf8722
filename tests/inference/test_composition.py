"""Images made tile by tile in canvases equal those of the network on the whole image."""

import dataclasses
from functools import cache, partial

import cv2
import jax
import numpy as np
import pytest

from mfjax.inference import sizes
from mfjax.inference.composition import Source, compose
from mfjax.inference.fuser import Fuser
from mfjax.inference.pure import fuse_luma
from mfjax.model.network import SuperResolutionBranch

CASES = [  # infrared, visible, output, tile
    ((20, 30), (40, 60), (40, 60), 10**6),  # factors of 2 and 1, in a tile that takes no more than the images do
    ((25, 35), (100, 140), (100, 140), 96),  # of 4
    ((47, 61), (83, 101), (89, 131), 80),  # coprime, several tiles
]


@pytest.fixture(scope="module")
def pair():
    """Makes two smooth pictures: in noise, which source is larger at a place may hang on rounding."""
    rng = np.random.default_rng(0)

    def picture(size):
        image = cv2.GaussianBlur(rng.random(size, np.float32), (0, 0), 2)
        return (image - image.min()) / np.ptp(image)

    return lambda *sizes: tuple(map(picture, sizes))


@cache
def extractor(config):
    return jax.jit(partial(SuperResolutionBranch(config).apply, method="extract"))


def sources(config, params, images):
    names = ("branch", "branch") if config.share_branches else ("branch_ir", "branch_vis")
    return tuple(
        Source(image, np.asarray(extractor(config)({"params": params[name]}, image[None, ..., None])[0]))
        for image, name in zip(images, names, strict=True)
    )


def assert_same(made, config, params, images, size, tolerance=1e-5):
    static = {"static_argnums": 0, "static_argnames": ("size", "largest_factor")}
    whole = jax.jit(fuse_luma, **static)(config, params, *images, size=size, largest_factor=4)
    for ours, theirs in zip(made, whole, strict=True):
        np.testing.assert_allclose(ours, np.clip(theirs, 0, 1), atol=tolerance)


@pytest.mark.parametrize(("ir", "vis", "size", "tile"), CASES)
def test_composition_equals_the_network(ir, vis, size, tile, tiny_config, tiny_params, pair):
    images = pair(ir, vis)
    made = compose(tiny_config, tiny_params, sources(tiny_config, tiny_params, images), size, tile=tile)
    assert_same(made, tiny_config, tiny_params, images, size)


def test_odd_factors_give_nearly_the_same_with_exact_and_interpolated_filters_at_once_and_in_tiles(
    tiny_config, tiny_params, pair
):
    config, params = tiny_config, tiny_params
    images, size = pair((23, 151), (46, 302)), (59, 387)
    both = sources(config, params, images)
    static = {"static_argnums": 0, "static_argnames": ("size", "largest_factor", "exact")}
    fuse = partial(jax.jit(fuse_luma, **static), config, params, *images, size=size, largest_factor=4)
    exact = fuse(exact=True)
    for made in (
        fuse(),
        compose(config, params, both, size, tile=96),
        compose(config, params, both, size, exact=True),
    ):
        for ours, theirs in zip(made, exact, strict=True):
            np.testing.assert_allclose(np.clip(ours, 0, 1), np.clip(theirs, 0, 1), atol=0.05 / 255)
    assert np.abs(fuse().fused - exact.fused).max() > 0


def test_source_larger_than_the_output_is_refused(tiny_config, tiny_params, pair):
    both = sources(tiny_config, tiny_params, pair((20, 30), (18, 26)))
    with pytest.raises(ValueError, match="a source is 20x30, larger than the output of 40x29"):
        compose(tiny_config, tiny_params, both, (40, 29))


def test_tiles_that_are_not_kept_are_made_again(tiny_config, tiny_params, pair, monkeypatch):
    both = sources(tiny_config, tiny_params, pair((20, 30), (50, 75)))
    kept = compose(tiny_config, tiny_params, both, (100, 150), tile=96)
    monkeypatch.setattr(sizes, "working_memory", lambda: 0)
    again = compose(tiny_config, tiny_params, both, (100, 150), tile=96)
    for one, other in zip(kept, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "changes",
    [{"share_branches": False, "base": "none"}, {"dual_attention": False, "compensations": 0}],
)
def test_other_architectures_are_composed_too(changes, tiny_config, random_params, pair):
    config = dataclasses.replace(tiny_config, **changes)
    params = random_params(config)
    images = pair((40, 52), (80, 104))
    made = compose(config, params, sources(config, params, images), (100, 130), tile=80)
    assert_same(made, config, params, images, (100, 130))


def test_blend_looks_further_and_is_composed_of_tiles_as_at_once(tiny_config, random_params, pair):
    config = dataclasses.replace(tiny_config, blend=6)
    params, steps = random_params(config), []

    def progress(tiles):
        steps.append(len(tiles))
        return tiles

    images = pair((60, 78), (120, 156))
    both = sources(config, params, images)
    made = compose(config, params, both, (150, 195), tile=128, progress=progress)
    assert_same(made, config, params, images, (150, 195))
    assert steps[0] > 2 * 4


def test_progress_is_shown_of_both_passes_over_the_tiles(tiny_config, tiny_params, pair):
    steps = []

    def progress(tiles):
        steps.append(len(tiles))
        return tiles

    both = sources(tiny_config, tiny_params, pair((50, 60), (50, 60)))
    compose(tiny_config, tiny_params, both, (100, 120), tile=80, progress=progress)
    assert steps == [2 * 4]


def test_tile_without_room_for_what_its_pixels_depend_on_is_refused(tiny_config, tiny_params, pair):
    both = sources(tiny_config, tiny_params, pair((50, 60), (50, 60)))
    for tile in (24, 0):
        with pytest.raises(ValueError, match=f"tile is {tile}; for these sizes it must be at least 28"):
            compose(tiny_config, tiny_params, both, (100, 120), tile=tile)


def test_fuser_takes_a_tile_and_gives_the_same_image(tiny_config, tiny_params, pair):
    fuser = Fuser.of(tiny_config, tiny_params)
    ir, vis = pair((50, 60), (100, 120))
    steps = []
    tiled = fuser(ir, vis, tile=80, progress=lambda tiles: steps.extend(tiles) or tiles)
    assert len(steps) == 2 * 4
    for whole, composed in zip(fuser(ir, vis), tiled, strict=True):
        np.testing.assert_allclose(composed, whole, atol=1e-5)
