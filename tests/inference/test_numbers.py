"""Whatever the pixels, results are finite and in their type's range, and all engines agree on them.

What is stated here stands in docs/reliability.md.
"""

import functools
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

import mfjax
from mfjax.data.synthetic import scene

LARGEST = 200  # pixels a side of an output, for the sake of time
FACTORS = 0.05, 0.5, 0.9, 1, 1.25, 2, 3, 4, 7.3, 16, 32

# Gray levels by which engines may differ: by rounding, and at other factors by filters that are interpolated.
APART_AT_WHOLE_FACTORS, APART_ELSEWHERE = 0.01, 1.0

EXCESS = 0.1  # by which images may leave the range of their sources at large factors

each_case = settings(deadline=None, derandomize=True, max_examples=15, phases=[Phase.generate])


def unit(kind, rng, size):
    """Returns an image of some kind in [0, 1], float64."""
    rows, cols = size
    return {
        "noise": lambda: rng.random(size),
        "constant": lambda: np.full(size, rng.random()),
        "black": lambda: np.zeros(size),
        "white": lambda: np.ones(size),
        "denormal": lambda: rng.random(size) * 1e-40,
        "three levels": lambda: rng.integers(0, 3, size) / 2,
        "ramp": lambda: np.linspace(0, 1, rows * cols).reshape(size),
    }[kind]()


KINDS = "noise", "constant", "black", "white", "denormal", "three levels", "ramp"


class Pair(NamedTuple):
    """Sources of one aspect, in few words, which Hypothesis shows."""

    seed: int
    size: tuple[int, int]
    times: int  # how many times as large the visible one is
    ir: str
    vis: str  # "tied": the infrared one, enlarged

    def images(self):
        rng = np.random.default_rng(self.seed)
        ir = unit(self.ir, rng, self.size)
        if self.vis == "tied":
            return ir, np.kron(ir, np.ones((self.times, self.times)))
        return ir, unit(self.vis, rng, tuple(self.times * side for side in self.size))


side = st.integers(2, 24)
pairs = st.builds(
    Pair,
    seed=st.integers(0, 10**6),
    size=st.tuples(side, side),
    times=st.sampled_from([1, 1, 2, 3]),
    ir=st.sampled_from(KINDS),
    vis=st.sampled_from([*KINDS, "tied"]),
)


def within_reason(factor, vis):
    """Returns a factor at which an output has neither too many pixels nor none."""
    return max(min(factor, LARGEST // max(vis.shape)), 1 / min(vis.shape))


def stored(image, dtype):
    """Returns an image of [0, 1] in a type, and its range."""
    dtype = np.dtype(dtype)
    return np.rint(image * np.iinfo(dtype).max).astype(dtype) if dtype.kind == "u" else image.astype(dtype)


@pytest.fixture(scope="module")
def tiny():
    return mfjax.load("tiny")


dtypes = st.sampled_from(["uint8", "uint16", "float16", "float32", "float64"])


@each_case
@given(pair=pairs, ir_type=dtypes, vis_type=dtypes, factor=st.sampled_from(FACTORS))
def test_finite_images_of_any_type_and_factor_give_finite_ones_in_their_types_range(
    tiny, pair, ir_type, vis_type, factor
):
    ir, vis = (stored(image, dtype) for image, dtype in zip(pair.images(), (ir_type, vis_type), strict=True))
    made = tiny(ir, vis, scale=within_reason(factor, vis), ir_range="full")
    expected = np.result_type(ir, vis)
    for image in made:
        assert image.dtype == expected
        assert np.isfinite(image).all()
        assert image.min() >= 0
        assert image.max() <= (np.iinfo(expected).max if expected.kind == "u" else 1)


ends = st.floats(-3e38, 3e38, allow_subnormal=True)


@each_case
@given(pair=pairs, low=ends, high=ends, dtype=st.sampled_from(["float32", "float64"]))
def test_infrared_values_anywhere_in_float32_give_finite_images(tiny, pair, low, high, dtype):
    ir, vis = pair.images()
    values = np.clip(ir * high / 2 + (1 - ir) * low / 2, -3e38, 3e38).astype(dtype)
    made = tiny(values, vis.astype(np.float32), ir_range="auto")
    assert all(np.isfinite(image).all() and 0 <= image.min() <= image.max() <= 1 for image in made)


@pytest.mark.parametrize("value", [1e39, -1e300])
def test_values_beyond_float32_are_refused_in_one_line(tiny, value):
    with pytest.raises(ValueError, match=r"infrared has values up to 1e\+\d+, beyond those of float32; scale them"):
        tiny(np.full((8, 8), value), np.zeros((8, 8)), ir_range="auto")


@pytest.fixture(scope="module", params=["tiny", "small"])
def engines(request):
    pytest.importorskip("mfjax.inference.backends.openvino")  # OpenVINO itself starts a process
    return [mfjax.load(request.param, engine=engine) for engine in ("xla", "openvino")]


@pytest.fixture(scope="module")
def in_onnx(engines):
    """A function that fuses two sources at whole factors by ONNX Runtime."""
    onnxruntime, onnx_file = (pytest.importorskip(name) for name in ("onnxruntime", "mfjax.interop.onnx_file"))
    fuser = engines[0]

    @functools.cache
    def session(*factors):
        file = onnx_file.export_factors(fuser.config, fuser.params, factors, largest_factor=fuser.largest_factor)
        return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def fuse(ir, vis, *factors):
        return [image[0] for image in session(*factors).run(None, {"ir": ir[None], "vis": vis[None]})]

    return fuse


@settings(each_case, max_examples=7, phases=[Phase.explicit, Phase.generate])
@example(pair=Pair(0, (15, 14), 2, "noise", "tied"), factor=1.5)
@given(pair=pairs, factor=st.sampled_from([0.5, 1, 1, 2, 4, 1.5, 8]))
def test_xla_openvino_and_onnx_agree(engines, in_onnx, pair, factor):
    ir, vis = (image.astype(np.float32) for image in pair.images())
    factor = within_reason(factor, vis)
    by_xla, *others = (fuser(ir, vis, scale=factor) for fuser in engines)
    factors = int(factor) * pair.times, int(factor)
    in_one_pass = factor == factors[1] and max(factors) <= 4
    if in_one_pass:
        others.append(in_onnx(ir, vis, *factors))
    for made in others:
        apart = 255 * max(np.abs(ours - theirs).max() for ours, theirs in zip(made, by_xla, strict=True))
        assert apart < (APART_AT_WHOLE_FACTORS if in_one_pass else APART_ELSEWHERE)


@pytest.mark.parametrize("factor", [8, 16, 32])
def test_large_factors_stay_near_the_range_of_the_sources(tiny, factor):
    for seed in range(2):
        shown = scene(seed, 96, 128, colour=False)
        ir, vis = (cv2.resize(image, (16, 12), interpolation=cv2.INTER_AREA) for image in (shown.ir, shown.vis))
        ir, vis = (0.15 + 0.7 * (image - image.min()) / np.ptp(image) for image in (ir, vis))
        for image in tiny(ir, vis, scale=factor):
            assert image.min() > 0.15 - EXCESS
            assert image.max() < 0.85 + EXCESS
