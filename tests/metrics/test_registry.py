"""Fusion metrics against the values of the field's reference code."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfjax
from mfjax.metrics import DEFAULT, METRICS, PAPER, registry, score

RENDERED = Path(__file__).parents[1] / "data" / "metrics_rendered"
GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "metrics"
NAMES = {  # here: there, where they differ
    "Q_Y": "Q_Y_flat_exact",
    "Q_STD": "STD",
    "Q_AG": "AG_forward",
    "FMI_pixel": "FMI_none",
    "PSNR_255": "PSNR",
    "SSIM": "SSIM_L255",
}
ILL_CONDITIONED = {"Q_S", "Q_C"}  # in parts, and where windows are flat the reference's values are rounding errors


def triples(folder):
    if not folder.is_dir():
        return []
    return [(folder, name) for name in json.loads((folder / "values.json").read_text())]


def read(folder, name):
    return [cv2.imread(str(folder / f"{name}_{part}.png"), cv2.IMREAD_GRAYSCALE) for part in ("ir", "vis", "fused")]


@pytest.mark.parametrize(("folder", "name"), triples(RENDERED) + triples(GOLDEN), ids=lambda case: str(case)[-12:])
def test_every_metric_has_the_value_of_the_reference_code(folder, name):
    golden = json.loads((folder / "values.json").read_text())[name]
    known = {name for name, metric in METRICS.items() if metric.agrees_with != "none" or name in golden}
    scores = score(*read(folder, name), names=sorted(known))
    compared = 0
    for metric, value in scores.items():
        expected = golden.get(NAMES.get(metric, metric))
        if metric == "PSNR" or expected is None or (metric in ILL_CONDITIONED and golden["_flat_window_count"]):
            continue
        compared += 1
        if isinstance(expected, str):
            # What is undefined there may be defined here: a constant fused image has a Q_C.
            assert math.isnan(value) or metric in ILL_CONDITIONED, metric
        else:
            tolerance = 1e-3 if metric in ILL_CONDITIONED else 1e-7
            assert value == pytest.approx(expected, rel=tolerance, abs=tolerance), metric
    assert compared >= len(scores) - 3
    if not golden["_flat_window_count"]:
        assert scores["Q_Y"] == pytest.approx(golden["Q_Y"], rel=1e-8)


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="needs the reference images and values of shared/golden/metrics")
def test_reference_images_of_real_scenes_are_scored():
    assert len(triples(GOLDEN)) == 13


@pytest.fixture(scope="module")
def triple():
    return read(RENDERED, "r02_odd_scene")


def test_constant_images_give_numbers_or_nan_with_a_reason_but_never_an_error(triple):
    constant, black = np.full_like(triple[0], 128), np.zeros_like(triple[0])
    for flat in (constant, black):
        for images in ((*triple[:2], flat), (flat, *triple[1:]), (flat, flat, flat), (flat, flat, triple[2])):
            scores = score(*images, names=tuple(METRICS))
            assert scores.keys() == METRICS.keys()
            assert {name for name, value in scores.items() if math.isnan(value)} == scores.reasons.keys()
            assert all(scores.reasons.values())


def test_tiny_images_are_scored_where_their_windows_fit_and_say_where_not():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 9), dtype=np.uint8)
    scores = score(*images, names=tuple(METRICS))
    assert math.isfinite(scores["Q_Y"])
    assert "8x9" in scores.reasons["Q_S"]
    assert "8x9" in scores.reasons["MS_SSIM"]
    assert {name for name, value in scores.items() if math.isnan(value)} == scores.reasons.keys()


def test_three_scales_need_44_pixels_along_both_sides():
    images = np.random.default_rng(0).integers(0, 256, (3, 44, 50), dtype=np.uint8)
    assert math.isfinite(score(*images, names=["MS_SSIM"])["MS_SSIM"])
    said = score(*images[:, 1:], names=["MS_SSIM"]).reasons["MS_SSIM"]
    assert said == "images are 43x50; three scales need 44 pixels a side"


@pytest.mark.parametrize("shape", [(2, 2), (2, 320), (320, 2), (3, 3)])
def test_no_metric_fails_on_images_that_are_smaller_than_its_window(shape):
    scores = score(*np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8), names=tuple(METRICS))
    assert {name for name, value in scores.items() if math.isnan(value)} == scores.reasons.keys()
    if min(shape) == 2:
        assert scores.reasons["FMI_pixel"] == f"images are {shape[0]}x{shape[1]}; the window needs 3 pixels a side"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 60, 256]))
def test_values_lie_in_the_range_that_is_stated(seed, levels):
    rng = np.random.default_rng(seed)
    images = [cv2.blur(rng.integers(0, levels, (45, 50), dtype=np.uint8), (size, size)) for size in (1, 2, 3)]
    for name, value in score(*images, names=tuple(METRICS)).items():
        metric = METRICS[name]
        assert math.isnan(value) or metric.least - 1e-9 <= value <= metric.most + 1e-9, name


def test_fused_image_that_is_both_sources_has_the_best_values(triple):
    ir = triple[0]
    scores = score(ir, ir, ir)
    for name in ("Q_Y", "SSIM", "MS_SSIM", "FMI_pixel", "Q_CB", "CC"):
        assert scores[name] == pytest.approx(1, abs=1e-6), name
    for name in ("Q_SF", "Nabf", "Q_CV", "MSE"):
        assert scores[name] == pytest.approx(0, abs=1e-9), name
    assert scores["Q_MI"] == pytest.approx(2)
    assert scores["VIF"] == pytest.approx(2, abs=1e-6)
    assert scores["PSNR"] == np.inf


def test_colour_16_bit_and_float_images_are_scored_by_their_luma(triple):
    ir, vis, fused = triple
    expected = score(*triple, names=PAPER)
    as_colour = cv2.cvtColor(fused, cv2.COLOR_GRAY2RGB)
    assert score(ir.astype(np.uint16) * 257, vis / 255, as_colour, names=PAPER) == expected


def test_images_of_different_sizes_and_unknown_names_are_refused(triple):
    ir, vis, fused = triple
    with pytest.raises(ValueError, match="infrared is 77x101, visible 77x101 and fused 77x100"):
        score(ir, vis, fused[:, 1:])
    with pytest.raises(ValueError, match="there is no metric Q_XY; available: Q_TE, Q_Y, "):
        score(ir, vis, fused, names=("Q_XY",))


def test_metrics_are_at_hand_in_the_package(triple):
    assert mfjax.metrics.score(*triple, names=["EN"]) == score(*triple, names=["EN"])


def test_every_metric_says_what_it_is():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert len(metric.formula) > 20
        assert metric.least < metric.most
        assert metric.agrees_with
        assert metric.source or metric.variant_of
        assert metric.variant_of is None or METRICS[metric.variant_of].variant_of is None
    assert set(PAPER) <= set(DEFAULT)
    assert not any(METRICS[name].variant_of for name in DEFAULT)


def test_metric_of_a_name_that_another_has_is_refused_and_the_same_one_read_again_is_not():
    def other(ir, vis, fused):
        """EN: another metric of this name."""

    with pytest.raises(ValueError, match=r"other can't be the metric 'EN', which mfjax\.metrics\.information\.entropy"):
        registry.metric("EN")(other)
    before = METRICS["EN"]
    assert registry.metric("EN", least=0, most=8, source=before.source, agrees_with=before.agrees_with)(before.function)
    assert METRICS["EN"] == before


def test_papers_metrics_come_first_in_its_order_and_variants_last():
    assert tuple(METRICS)[:6] == PAPER
    assert tuple(METRICS)[: len(DEFAULT)] == DEFAULT
