"""PSNR and SSIM against independent computations."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax.metrics import psnr, ssim

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "metrics"


@pytest.fixture(scope="module")
def pair():
    """Returns a smooth image and the same with noise, in [0, 1]."""
    row, col = np.mgrid[:40, :52]
    clean = 0.5 + 0.4 * np.sin(row / 3) * np.cos(col / 5)
    return clean, np.clip(clean + np.random.default_rng(0).normal(0, 0.05, clean.shape), 0, 1)


def bytes_of(pair):
    return [np.rint(255 * image).astype(np.uint8) for image in pair]


def test_scores_are_those_of_scikit_image(pair):
    # scikit-image 0.26.0: peak_signal_noise_ratio, and structural_similarity with gaussian_weights=True, sigma=1.5,
    # use_sample_covariance=False; data_range=1, or 255 for the bytes.
    assert psnr(*pair) == pytest.approx(26.028525908476627, abs=1e-9)
    assert ssim(*pair) == pytest.approx(0.8869688344874314, abs=1e-9)
    assert psnr(*bytes_of(pair)) == pytest.approx(26.03547302651129, abs=1e-9)
    assert ssim(*bytes_of(pair)) == pytest.approx(0.8869746481283246, abs=1e-9)


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="needs the reference images and values of shared/golden/metrics")
def test_scores_are_those_of_the_fields_matlab_code():
    for name, values in json.loads((GOLDEN / "values.json").read_text()).items():
        ir, vis, fused = (
            cv2.imread(str(GOLDEN / f"{name}_{part}.png"), cv2.IMREAD_GRAYSCALE) for part in ("ir", "vis", "fused")
        )
        assert ssim(ir, fused) + ssim(vis, fused) == pytest.approx(values["VIFB_Ssim"], abs=1e-9), name
        errors = [10 ** (-psnr(source, fused) / 10) for source in (ir, vis)]
        assert np.mean(errors) == pytest.approx(values["MSE"], rel=1e-9), name


def test_psnr_of_an_error_of_a_tenth_everywhere_is_20_db():
    assert psnr(np.full((4, 4), 0.5), np.full((4, 4), 0.6)) == pytest.approx(20)


def test_equal_images_have_the_best_scores(pair):
    assert psnr(pair[0], pair[0]) == np.inf
    assert ssim(pair[0], pair[0]) == pytest.approx(1)


def test_inverted_structure_has_negative_ssim(pair):
    assert ssim(pair[0], 1 - pair[0]) < 0


@pytest.mark.parametrize("score", [psnr, ssim])
def test_images_of_two_sizes_are_refused_naming_both(score):
    with pytest.raises(ValueError, match=r"\(16, 12\) and image \(12, 16\)"):
        score(np.zeros((16, 12)), np.zeros((12, 16)))
    with pytest.raises(ValueError, match="one size"):
        score(np.zeros((16, 16, 3)), np.zeros((16, 16, 3)))


def test_ssim_of_an_image_smaller_than_its_window_is_refused():
    with pytest.raises(ValueError, match="16x10; SSIM needs 11x11"):
        ssim(np.zeros((16, 10)), np.zeros((16, 10)))
