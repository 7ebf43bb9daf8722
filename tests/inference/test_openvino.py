"""All of the network in OpenVINO is the network."""

import dataclasses
import platform
import resource
from functools import partial
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest

from mfjax.inference.fuser import Fuser

layers = pytest.importorskip("mfjax.inference.openvino.layers")
composition = pytest.importorskip("mfjax.inference.openvino.composition")
STREAM = composition.STREAM

CASES = [  # infrared, visible, output: factors of 2 and 1, 4 and 3, 8, with sides that 4 does and does not divide
    ((20, 30), (40, 60), (40, 60)),
    ((9, 12), (12, 16), (36, 48)),
    ((7, 9), (7, 9), (56, 72)),
    ((33, 47), (33, 47), (33, 47)),
]
CHANGES = [
    {},
    {"blend": 6},
    {"share_branches": False},
    {"dual_attention": False, "compensations": 0},
    {"base": "none"},
]


def picture(*size):
    """A smooth one: in noise, which source is larger at a place may hang on rounding."""
    image = cv2.GaussianBlur(np.random.default_rng(size[0] * size[1]).random(size, np.float32), (0, 0), 2)
    return (image - image.min()) / np.ptp(image)


def assert_same(fuser, ir, vis, size):
    """Composed in OpenVINO as by the network, by the program of all sizes and by that of a stream."""
    sources = fuser.source(ir, "ir", size), fuser.source(vis, "vis", size)
    arrays = [[getattr(source, name) for source in sources] for name in ("image", "features")]
    whole = jax.jit(partial(fuser.apply, size=size))(ir, vis)
    assert fuser._whole.takes([ir.shape, vis.shape], size)
    made = [fuser._whole(*arrays, size) for _ in range(STREAM)]
    for composed in (made[0], made[-1]):
        for ours, theirs in zip(composed, whole, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("ir", "vis", "size"), CASES)
def test_composition_at_whole_factors_is_the_networks(ir, vis, size, tiny_config, random_params, trained_to):
    config = dataclasses.replace(tiny_config, blend=6)
    fuser = Fuser(config, random_params(config), trained_to(8), engine="openvino")
    assert_same(fuser, picture(*ir), picture(*vis), size)


@pytest.mark.parametrize("changes", CHANGES)
def test_composition_of_other_architectures_is_theirs(changes, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, **changes)
    assert_same(Fuser(config, random_params(config), engine="openvino"), picture(10, 15), picture(20, 30), (20, 30))


def test_one_program_serves_all_sizes_and_a_stream_of_one_size_has_its_own(tiny_config, tiny_params, monkeypatch):
    composer = composition.OpenVinoComposer
    made, released = [], []
    compiled, release = composer._compiled, layers.Program.release
    monkeypatch.setattr(composer, "_compiled", lambda *args: made.append(args[2:]) or compiled(*args))
    monkeypatch.setattr(layers.Program, "release", lambda self: released.append(self) or release(self))
    fuser = Fuser(tiny_config, tiny_params, engine="openvino")

    def stream(rows, times):
        for _ in range(times):
            fuser(picture(rows, 30), picture(2 * rows, 60))

    for rows in (20, 24, 28):
        stream(rows, STREAM - 1)
    assert (made, released) == ([()], [])
    stream(28, 1)
    assert len(made) == 2
    assert released == [fuser._whole._of_any_size((2, 1))]  # whose memory it would hold in vain
    stream(20, 1)  # the first one, again
    stream(28, STREAM)
    assert len(made) == 2


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked for it")
def test_released_memory_goes_back_to_the_system_and_the_program_still_works():
    x = np.random.default_rng(0).random((1, 1, 256, 256), np.float32)
    image = layers.maps_of(1)
    maps = image
    for channels in ((1, 32), (32, 32), (32, 1)):
        kernel = np.full((3, 3, *channels), 1 / 9, np.float32)
        maps = layers.conv([maps], {"conv": {"kernel": kernel, "bias": np.zeros(channels[1], np.float32)}})
    program = layers.Program([maps], [image])
    [before] = program(x)
    program.release()
    [again] = program(x)  # on the heap: glibc has seen now that so much comes and goes
    np.testing.assert_array_equal(again, before)
    held = resident_bytes()
    program.release()
    assert held - resident_bytes() > 32 * x.nbytes  # a map between two layers


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


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
