"""All of the network in OpenVINO is the network."""

import dataclasses

import cv2
import jax
import numpy as np
import pytest

from mfjax.inference.fuser import Fuser, fuse_luma

layers = pytest.importorskip("mfjax.inference.openvino.layers")

CASES = [  # infrared, visible, output: factors of 2 and 1, 4 and 3, 8, with sides that 4 does and does not divide
    ((20, 30), (40, 60), (40, 60)),
    ((9, 12), (12, 16), (36, 48)),
    ((7, 9), (7, 9), (56, 72)),
    ((33, 47), (33, 47), (33, 47)),
]
CHANGES = [
    {},
    {"see_base": True},
    {"share_branches": False},
    {"dual_attention": False, "compensations": 0},
    {"base": "none"},
]


def picture(*size):
    """A smooth one: in noise, which source is larger at a place may hang on rounding."""
    image = cv2.GaussianBlur(np.random.default_rng(size[0] * size[1]).random(size, np.float32), (0, 0), 2)
    return (image - image.min()) / np.ptp(image)


def assert_same(fuser, ir, vis, size):
    """Composed in OpenVINO as by the network, when sizes come first and when they come again."""
    sources = fuser.source(ir, "ir"), fuser.source(vis, "vis")
    arrays = [[getattr(source, name) for source in sources] for name in ("image", "features")]
    whole = jax.jit(fuse_luma, static_argnums=0, static_argnames="size")(fuser.config, fuser.params, ir, vis, size=size)
    assert fuser._whole.takes([ir.shape, vis.shape], size)
    for _ in range(2):
        for ours, theirs in zip(fuser._whole(*arrays, size), whole, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("ir", "vis", "size"), CASES)
def test_composition_at_whole_factors_is_the_networks(ir, vis, size, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, see_base=True)
    assert_same(Fuser(config, random_params(config), engine="openvino"), picture(*ir), picture(*vis), size)


@pytest.mark.parametrize("changes", CHANGES)
def test_composition_of_other_architectures_is_theirs(changes, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, **changes)
    assert_same(Fuser(config, random_params(config), engine="openvino"), picture(10, 15), picture(20, 30), (20, 30))


def test_one_program_serves_all_sizes_until_one_comes_again(tiny_config, tiny_params, monkeypatch):
    fuser = Fuser(tiny_config, tiny_params, engine="openvino")
    made = []
    compiled = type(fuser._whole)._compiled
    monkeypatch.setattr(type(fuser._whole), "_compiled", lambda *args: made.append(args[2:]) or compiled(*args))
    fuser = dataclasses.replace(fuser)
    for rows in (20, 24, 28):
        fuser(picture(rows, 30), picture(2 * rows, 60))
    assert made == [()]
    released = []
    release = layers.Program.release
    monkeypatch.setattr(layers.Program, "release", lambda self: released.append(self) or release(self))
    fuser(picture(28, 30), picture(56, 60))
    assert (len(made), len(released)) == (2, 1)
    fuser(picture(20, 30), picture(40, 60))  # the first one, again
    assert len(made) == 2


def test_other_factors_and_large_outputs_are_left_to_tiles(tiny_config, tiny_params):
    takes = Fuser(tiny_config, tiny_params, engine="openvino")._whole.takes
    assert takes([(50, 60), (100, 120)], (100, 120))
    assert not takes([(50, 60), (100, 120)], (150, 180))
    assert not takes([(50, 60), (50, 120)], (100, 120))
    assert not takes([(5, 6), (5, 6)], (100, 120))
    assert not takes([(2000, 2000), (2000, 2000)], (2000, 2000))
    assert not takes([(50, 60), (100, 120)], (50, 60))
    with pytest.raises(ValueError, match="not a whole number of times"):
        Fuser(tiny_config, tiny_params, engine="openvino")._whole([picture(5, 6)] * 2, [], (7, 9))


def test_fuser_composes_in_openvino_what_tiles_give(tiny_config, tiny_params, monkeypatch):
    fuser = Fuser(tiny_config, tiny_params, engine="openvino")
    used = []
    call = type(fuser._whole).__call__
    monkeypatch.setattr(type(fuser._whole), "__call__", lambda *args: used.append(args[-1]) or call(*args))
    whole = fuser(picture(50, 60), picture(100, 120))
    assert used == [(100, 120)]
    for ours, tiled in zip(whole, fuser(picture(50, 60), picture(100, 120), tile=96), strict=True):
        np.testing.assert_allclose(ours, tiled, atol=1e-5)
    assert used == [(100, 120)]
