"""Measurements and pictures of a model while it is trained."""

import cv2
import jax
import numpy as np
import pytest

from mfjax.data.config import DataConfig
from mfjax.data.pipeline import validation_pairs
from mfjax.data.selection import open_sources
from mfjax.inference.pure import fuse_luma
from mfjax.metrics import psnr, ssim
from mfjax.training import TrainConfig, validation
from mfjax.training.validation import Validation, ValidationConfig
from mfjax.training.watch import Watch

compiled = jax.jit(fuse_luma, static_argnums=0, static_argnames="size")

SIZES = [(40, 50), (32, 64), (64, 33), (50, 50)]  # the largest square with sides of whole sixes in all of them is 30


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for modality in ("ir", "vis"):
        (folder / modality).mkdir()
        for i, size in enumerate(SIZES):
            smooth = cv2.GaussianBlur(rng.random(size), (5, 5), 1.5)
            image = np.rint(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)).astype(np.uint8)
            cv2.imwrite(str(folder / modality / f"{i}.png"), image)
    return folder


@pytest.fixture(scope="module")
def measured(root, tiny_config):
    """A validation of all pairs."""
    return Validation(ValidationConfig(pairs=0, grid=2), tiny_config, open_sources([str(root)]))


def validate(root, model, **options):
    return Validation(ValidationConfig(**options), model, open_sources([str(root)]))


def known_scale(config, params, pair, numerator):
    """Returns fused and super-resolved images of a degraded pair by the network compiled for one scale, 8 bits."""
    side = pair[0].shape[0]
    low = (side * 10 // numerator,) * 2
    small = [cv2.resize(image, low, interpolation=cv2.INTER_LINEAR) for image in pair]
    out = compiled(config, params, *(np.float32(image) / 255 for image in small), size=(side, side))
    return [np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8) for image in jax.device_get(out)]


def test_pairs_are_cut_at_their_centre_to_the_largest_square_that_scales_divide(measured, root):
    assert [pair.ir.shape for pair in measured.pairs] == [(30, 30)] * 4
    first = cv2.imread(str(root / "vis" / "0.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(measured.pairs[0].vis, first[5:35, 10:40])


def test_scores_are_those_of_networks_compiled_for_each_scale(measured, tiny_config, tiny_params):
    scores = measured.measure(tiny_params)
    expected = {}
    for numerator, name in ((15, "x1.5"), (20, "x2"), (30, "x3")):
        for index, source in ((1, "ir"), (2, "vis")):
            truths = [pair[index - 1] for pair in measured.pairs]
            results = [known_scale(tiny_config, tiny_params, pair, numerator)[index] for pair in measured.pairs]
            for metric, compare in (("psnr", psnr), ("ssim", ssim)):
                values = [compare(*images) for images in zip(truths, results, strict=True)]
                expected[f"{metric}_{source}_{name}"] = np.mean(values)
        fused = [known_scale(tiny_config, tiny_params, pair, numerator)[0] for pair in measured.pairs]
        expected[f"Q_STD_{name}"] = np.mean([image.std() for image in fused])
    assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=2e-3)  # a level here and there


def test_lost_structure_is_a_mean_over_the_pairs_that_have_some(measured, tiny_params, monkeypatch):
    flat = [pair._replace(ir=np.full_like(pair.ir, 9)) for pair in measured.pairs]
    monkeypatch.setattr(measured, "pairs", flat)
    assert np.isnan(measured.measure(tiny_params)["structure_lost_ir_x2"])
    monkeypatch.setattr(measured, "pairs", [*flat[1:], measured.pairs[0]._replace(ir=255 - flat[0].vis)])
    scores = measured.measure(tiny_params)
    assert 0 <= scores["structure_lost_ir_x2"] <= 1
    assert 0 <= scores["structure_lost_vis_x2"] <= 1


def test_gain_is_what_psnr_is_above_that_of_bicubic(measured, tiny_params):
    scores = measured.measure(tiny_params)
    cubic = []
    for pair in measured.pairs:
        small = cv2.resize(pair.ir, (15, 15), interpolation=cv2.INTER_LINEAR)
        cubic.append(psnr(pair.ir, cv2.resize(small, (30, 30), interpolation=cv2.INTER_CUBIC)))
    assert scores["gain_ir_x2"] == pytest.approx(scores["psnr_ir_x2"] - np.mean(cubic))


def test_all_scales_and_the_grid_are_one_program(root, tiny_config, tiny_params, monkeypatch):
    traced = []
    apply = validation.FusionNetwork.apply

    def counting(self, *args, **kwargs):
        traced.append(self)
        return apply(self, *args, **kwargs)

    monkeypatch.setattr(validation.FusionNetwork, "apply", counting)
    fresh = validate(root, tiny_config)
    fresh.measure(tiny_params)
    fresh.grid(tiny_params)
    fresh.measure(jax.tree.map(lambda leaf: leaf + 1e-3, tiny_params))
    assert len(traced) == 1


def test_measured_pairs_are_spread_over_all(root, tiny_config, measured):
    two = validate(root, tiny_config, pairs=2)
    side = two.side
    assert side == 36  # of 40x50 and 50x50
    for pair, index in zip(two.pairs, (0, 3), strict=True):
        np.testing.assert_array_equal(pair.ir[3:-3, 3:-3], measured.pairs[index].ir)
    assert len(validate(root, tiny_config, pairs=9).pairs) == 4


def test_grid_shows_coarse_sources_super_resolved_ones_and_the_fused_image(measured, tiny_config, tiny_params):
    grid = measured.grid(tiny_params)
    assert grid.dtype == np.uint8
    pair = measured.pairs[1]
    small = [cv2.resize(image, (15, 15), interpolation=cv2.INTER_LINEAR) for image in pair]
    fused, *super_resolved = known_scale(tiny_config, tiny_params, pair, 20)
    row = grid[-32:-2]
    columns = [row[:, left + 2 : left + 32] for left in range(0, grid.shape[1], 34)]
    for shown, expected in zip(columns[:2], small, strict=True):
        np.testing.assert_array_equal(shown, np.kron(expected, np.ones((2, 2), np.uint8)))
    for shown, expected in zip(columns[2:], [*super_resolved, fused], strict=True):
        np.testing.assert_allclose(np.int32(shown), expected, atol=1)


def test_model_that_diverged_is_measured_and_shown_all_the_same(measured, tiny_params):
    diverged = jax.tree.map(lambda leaf: leaf * np.nan, tiny_params)
    scores = measured.measure(diverged)
    assert all(np.isfinite(value) for name, value in scores.items() if name.startswith(("psnr", "ssim", "gain")))
    assert scores["Q_MI_x2"] == pytest.approx(0, abs=1e-9)  # of black images
    measured.grid(diverged)


def test_sizes_that_a_scale_does_not_divide_are_not_used(root, tiny_config):
    assert validate(root, tiny_config, scales=(10, 12, 25), pairs=1).side == 30  # whole thirties: 5/2, 6/5 and 2
    with pytest.raises(ValueError, match=r"40x50; validating at scales of \(17, 30\) tenths needs a multiple of 102"):
        validate(root, tiny_config, scales=(17, 30))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"every": -1}, "every is -1"),
        ({"pairs": -1}, "pairs is -1"),
        ({"grid": -1}, "grid is -1"),
        ({"scales": ()}, r"scales is \(\)"),
        ({"scales": (5, 20)}, r"scales is \(5, 20\)"),
        ({"roots": "folder"}, "roots is 'folder'"),
    ],
    ids=lambda case: str(case)[:20],
)
def test_value_that_a_validation_can_not_have_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        ValidationConfig(**wrong)


def test_without_pairs_nothing_can_be_validated(tiny_config):
    with pytest.raises(ValueError, match="there are no pairs to validate on"):
        Validation(ValidationConfig(), tiny_config, [])


def test_pairs_held_out_from_training_are_validated_on_where_no_folder_is_named(root, tiny_config, tmp_path):
    data = DataConfig(roots=(str(root),), held_out=2, crop=8)
    config = TrainConfig(model=tiny_config, data=data, validation=ValidationConfig(every=1, pairs=0))
    held_out = [pair for source in validation_pairs(data) for pair in source]
    with Watch(config, tmp_path, 0) as watch:
        side = watch.validation.side
        assert len(held_out) == len(watch.validation.pairs) == 2
        for pair, whole in zip(watch.validation.pairs, held_out, strict=True):
            np.testing.assert_array_equal(pair.vis, validation._centre(whole.vis, side))


def test_recipe_that_validates_on_nothing_is_refused():
    with pytest.raises(ValueError, match=r"validation\.every is 100, but there is nothing to validate on"):
        TrainConfig(validation=ValidationConfig(every=100))
