"""The network in OpenVINO equals the network in JAX."""

import dataclasses
import math
import platform
import resource
import sys
from functools import partial
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest

from mfjax.alignment.windows import placed
from mfjax.inference.backends.xla import XlaBackend
from mfjax.inference.fuser import Fuser
from mfjax.model import ModelConfig
from mfjax.onnx import network

backend = pytest.importorskip("mfjax.inference.backends.openvino")
STREAM_LENGTH = backend.STREAM_LENGTH

CASES = [  # infrared, visible, output: factors of 4 and 3, 8, 1, with sides that 4 does and does not divide
    ((9, 12), (12, 16), (36, 48)),
    ((7, 9), (7, 9), (56, 72)),
    ((33, 47), (33, 47), (33, 47)),
]
CHANGES = [{"dual_attention": False, "compensations": 0}, {"share_branches": False, "base": "none"}]


def picture(*size):
    """Returns a smooth image: in noise, rounding may decide which source is larger at a pixel."""
    image = cv2.GaussianBlur(np.random.default_rng(size[0] * size[1]).random(size, np.float32), (0, 0), 2)
    return (image - image.min()) / np.ptp(image)


def assert_same(fuser, ir, vis, size):
    """Asserts that OpenVINO composes as the network does, by the program for all sizes and by that for a stream."""
    sources = fuser.source(ir, "ir", size), fuser.source(vis, "vis", size)
    whole = jax.jit(partial(fuser.apply, size=size))(ir, vis)
    made = [fuser.compose(*sources, size) for _ in range(STREAM_LENGTH)]
    for composed in (made[0], made[-1]):
        for ours, theirs in zip(composed, whole, strict=True):
            np.testing.assert_allclose(ours, np.clip(theirs, 0, 1), atol=1e-5)


@pytest.mark.parametrize(("ir", "vis", "size"), CASES)
def test_composition_at_whole_factors_is_the_networks(ir, vis, size, tiny_config, random_params, trained_to):
    config = dataclasses.replace(tiny_config, blend=6)
    fuser = Fuser.of(config, random_params(config), trained_to(8), engine="openvino")
    assert_same(fuser, picture(*ir), picture(*vis), size)


@pytest.mark.parametrize("changes", CHANGES)
def test_composition_of_other_architectures_is_theirs(changes, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, **changes)
    assert_same(Fuser.of(config, random_params(config), engine="openvino"), picture(10, 15), picture(20, 30), (20, 30))


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({"blend": 6}, [((23, 31), (46, 67), (59, 83)), ((9, 8), (11, 10), (13, 12))]),
        ({"base": "none", "compensations": 2}, [((30, 41), (29, 40), (31, 59))]),
    ],
)
def test_one_program_composes_to_any_size_nearly_as_exact_filters_do(
    changes, sizes, tiny_config, random_params, monkeypatch
):
    made, compiled = [], backend.OpenVinoBackend._composer
    monkeypatch.setattr(backend.OpenVinoBackend, "_composer", lambda *args: made.append(args[2:]) or compiled(*args))
    config = dataclasses.replace(tiny_config, **changes)
    fuser = Fuser.of(config, random_params(config), engine="openvino")
    for ir, vis, size in sizes:
        sources = fuser.source(picture(*ir), "ir", size), fuser.source(picture(*vis), "vis", size)
        exact = fuser.compose(*sources, size, exact=True)
        for ours, theirs in zip(fuser.compose(*sources, size), exact, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=0.05 / 255)
    assert made == [(False,)]


@pytest.fixture
def tiled(monkeypatch):
    """Returns the list of sizes of outputs that are left to XLA's tiles."""
    sizes, compose = [], XlaBackend.compose
    monkeypatch.setattr(
        XlaBackend, "compose", lambda *args, **options: sizes.append(args[3]) or compose(*args, **options)
    )
    return sizes


@pytest.mark.parametrize(
    ("place", "gaps"),
    [((0.7, -0.1, 1.1, 0.05), False), ((0.6, 0.2, 0.6, 0.2), True), ((0.61, 0.3, 0.83, 0.11), True)],
)
def test_placed_sources_are_composed_nearly_as_by_exact_filters_in_tiles(
    place, gaps, tiled, tiny_config, random_params
):
    """The tolerance is that of other odd factors; the source may reach beyond the output, and have gaps."""
    width, left, height, top = place
    size = 72, 130
    config = dataclasses.replace(tiny_config, blend=6)
    fuser = Fuser.of(config, random_params(config), engine="openvino")
    ir, window = placed(picture(70, 110), np.array([[width, 0, left], [0, height, top], [0, 0, 1]]), size)
    seen = np.indices(size)[1] > 20 if gaps else None
    sources = fuser.source(ir, "ir", size, window), fuser.source(picture(*size), "vis", size)
    made = fuser.compose(*sources, size, seen=seen)
    assert tiled == []
    exact = fuser.compose(*sources, size, seen=seen, exact=True)
    for ours, theirs in zip(made, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.05 / 255)


def test_gaps_of_sources_at_whole_factors_are_left_out_of_statistics_as_by_xla(tiled, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, blend=6)
    params = random_params(config)
    params["fusion"]["contrast"] = np.full(1, 1.5, np.float32)
    fuser = Fuser.of(config, params, engine="openvino")
    size = 40, 60
    ir = np.linspace(0.1, 0.9, 30, dtype=np.float32) * picture(20, 30)
    sources = fuser.source(ir, "ir", size), fuser.source(picture(*size), "vis", size)
    seen = np.indices(size)[1] < 20
    made = [fuser.compose(*sources, size, seen=seen) for _ in range(STREAM_LENGTH)]
    everywhere = fuser.compose(*sources, size)
    assert tiled == []
    expected = fuser.compose(*sources, size, seen=seen, tile=64)
    for composed in (made[0], made[-1]):
        for ours, theirs in zip(composed, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(everywhere.fused - expected.fused).max() > 1e-3


def test_one_program_serves_all_sizes_and_a_stream_of_one_size_has_its_own(tiny_config, tiny_params, monkeypatch):
    made, released = [], []
    compiled, release = backend.OpenVinoBackend._composer, backend.Program.release
    monkeypatch.setattr(backend.OpenVinoBackend, "_composer", lambda *args: made.append(args[2:]) or compiled(*args))
    monkeypatch.setattr(backend.Program, "release", lambda self: released.append(self) or release(self))
    fuser = Fuser.of(tiny_config, tiny_params, engine="openvino")

    def stream(rows, times):
        for _ in range(times):
            fuser(picture(rows, 30), picture(2 * rows, 60))

    for rows in (20, 24, 28):
        stream(rows, STREAM_LENGTH - 1)
    assert (made, released) == ([(False,)], [])
    stream(28, 1)
    assert len(made) == 2
    assert released == [fuser.backend._any_size_composer((2, 1), False)]  # whose memory it would hold in vain
    stream(20, 1)  # the first one, again
    stream(28, STREAM_LENGTH)
    assert len(made) == 2


def test_programs_of_factors_not_met_for_long_give_their_memory_back(tiny_config, tiny_params, monkeypatch):
    released, release = [], backend.Program.release
    monkeypatch.setattr(backend, "KEPT", 2)
    monkeypatch.setattr(backend.Program, "release", lambda self: released.append(self) or release(self))
    fuser = Fuser.of(tiny_config, tiny_params, engine="openvino")
    for factor in (1, 2, 1, 3, 4):
        fuser(picture(12, 16), picture(12 * factor, 16 * factor))
    assert released == [fuser.backend._any_size_composer((factor, 1), False) for factor in (2, 1)]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked for it")
def test_released_memory_goes_back_to_the_system_and_the_program_still_works(tiny_config, random_params):
    x = {"image": np.random.default_rng(0).random((1, 1, 256, 256), np.float32)}
    config = dataclasses.replace(tiny_config, width=32)
    program = backend.Program(network.extractor(config, random_params(config)["branch"]), {"image": (1, 1, -1, -1)})
    [before] = program(x)
    program.release()
    [again] = program(x)  # on the heap: glibc has seen now that so much comes and goes
    np.testing.assert_array_equal(again, before)
    held = resident_bytes()
    program.release()
    assert held - resident_bytes() > 32 * x["image"].nbytes  # a map between two layers


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize(
    ("sources", "size", "factors"),
    [
        ([(50, 60), (100, 120)], (100, 120), (2, 1)),
        ([(50, 60), (100, 120)], (150, 180), (None, None)),
        ([(50, 60), (50, 120)], (100, 120), (None, None)),
        ([(5, 6), (5, 6)], (100, 120), (None, None)),
        ([(50, 60), (100, 120)], (50, 60), (1, None)),
        ([(51, 67), (100, 120)], (100, 120), (None, 1)),
        ([None, (50, 60)], (100, 120), (None, None)),
    ],
)
def test_factors_are_whole_along_both_axes_and_at_most_eight(sources, size, factors):
    assert backend.whole_factors(sources, size) == factors


def test_exact_filters_large_outputs_and_tiles_that_are_asked_for_are_left_to_xla(
    tiny_config, tiny_params, tiled, monkeypatch
):
    monkeypatch.setattr(backend, "MAX_UNTILED_PIXELS", math.prod((64, 80)))
    monkeypatch.setattr(backend.sizes, "AT_ONCE_PIXELS", math.prod((72, 90)))
    fuser = Fuser.of(tiny_config, tiny_params, engine="openvino")
    pair = picture(32, 40), picture(64, 80)
    whole = fuser(*pair)
    assert tiled == []
    for ours, composed in zip(whole, fuser(*pair, tile=64), strict=True):
        np.testing.assert_allclose(ours, composed, atol=1e-5)
    fuser(*pair, size=(128, 160))
    fuser(*pair, size=(75, 90))
    fuser(*pair, size=(72, 90))
    assert tiled == [(64, 80), (128, 160), (75, 90)]
    sources = fuser.source(pair[0], "ir", (72, 90)), fuser.source(pair[1], "vis", (72, 90))
    fuser.compose(*sources, (72, 90), exact=True)
    assert tiled[3:] == [(72, 90)]


def test_it_is_imported_without_what_reports_that_over_the_network():
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]


def test_parts_are_smaller_where_memory_is_short(monkeypatch):
    rows = []
    for gibibytes in (1, 1 / 64):
        monkeypatch.setattr(backend.sizes, "working_memory", lambda free=gibibytes: int(2**30 * free))
        rows.append(backend._part((4000, 4000), ModelConfig(width=64))[0])
    assert rows == [512, 96]
