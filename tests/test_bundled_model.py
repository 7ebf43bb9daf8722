"""The model that comes with the package, on the pair that comes with it."""

import json
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest

import mfjax
from mfjax import images, recipes, weights
from mfjax.data import fingerprints
from mfjax.metrics import STRUCTURE_LOST, score
from mfjax.model import ModelConfig
from mfjax.training.old_recipes import translated
from mfjax.training.targets import Sources, from_json

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def pair():
    """The example pair at a quarter of its area, which is large enough to test."""
    ir, vis = (images.read(EXAMPLES / f"street_{name}.png") for name in ("ir", "vis"))
    return cv2.resize(ir, (160, 120), interpolation=cv2.INTER_AREA), cv2.resize(
        vis, (320, 240), interpolation=cv2.INTER_AREA
    )


@pytest.fixture(scope="module")
def result(pair):
    return mfjax.load("default")(*pair)


def correlation(a, b):
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


@pytest.mark.parametrize("name", ["default", "small", "tiny"])
def test_model_is_the_network_of_its_recipe(name):
    assert weights.load(name).config == recipes.load(name).model


def test_paper_model_is_the_network_and_the_losses_as_printed():
    model = weights.load("paper")
    assert model.config == ModelConfig()
    [entry] = json.loads(model.metadata["recipe"])
    assert from_json(translated(entry["recipe"])["target"]) == Sources(contrast_weight=0.005)
    assert entry["recipe"]["learning_rate"] == 1e-4


@pytest.mark.parametrize("name", ["default", "small", "tiny"])
def test_fusion_branch_was_trained_to_keep_the_structure_of_both_sources(name):
    model = weights.load(name)
    assert model.config.blend > 0
    last = json.loads(model.metadata["recipe"])[-1]
    assert from_json(last["recipe"]["target"]).kind == "structure"


def test_small_model_has_few_parameters():
    small, default = (sum(p.size for p in jax.tree.leaves(weights.load(name).params)) for name in ("small", "default"))
    assert small < default / 10


@pytest.mark.parametrize("name", ["default", "small", "tiny"])
def test_model_lists_the_images_that_it_was_trained_on(name):
    seen = fingerprints.from_metadata(weights.load(name).metadata)
    assert len(seen.images) > 900
    assert not seen.unknown


def test_little_of_either_sources_structure_is_lost(pair, result):
    ir = cv2.resize(pair[0], (320, 240), interpolation=cv2.INTER_CUBIC)
    fused = cv2.cvtColor(result.fused, cv2.COLOR_RGB2GRAY)
    lost = score(ir, cv2.cvtColor(pair[1], cv2.COLOR_RGB2GRAY), fused, names=STRUCTURE_LOST)
    assert max(lost.values()) < 0.1


def test_fused_image_has_the_visible_images_size_and_colour(pair, result):
    assert result.fused.shape == pair[1].shape
    assert result.fused.dtype == np.uint8


def test_fused_image_follows_each_source_where_that_has_its_strongest_detail(pair, result):
    ir = cv2.resize(pair[0], (320, 240), interpolation=cv2.INTER_CUBIC)
    vis = cv2.cvtColor(pair[1], cv2.COLOR_RGB2GRAY)
    fused = cv2.cvtColor(result.fused, cv2.COLOR_RGB2GRAY)

    def detail(image):  # what is finer than a few pixels
        return image - cv2.GaussianBlur(image.astype(np.float32), (0, 0), 3)

    for source in (ir, vis):
        strong = np.abs(detail(source)) > np.quantile(np.abs(detail(source)), 0.95)
        assert correlation(detail(fused)[strong], detail(source)[strong]) > 0.5


def test_super_resolved_sources_are_nearer_to_the_truth_than_bicubic(pair):
    truths = images.read(EXAMPLES / "street_ir.png"), cv2.cvtColor(pair[1], cv2.COLOR_RGB2GRAY)  # both 240×320
    small = [cv2.resize(truth, (160, 120), interpolation=cv2.INTER_LINEAR) for truth in truths]
    result = mfjax.load("default")(*small, size=(240, 320))
    for truth, source, ours in zip(truths, small, result[1:], strict=True):
        bicubic = cv2.resize(source, (320, 240), interpolation=cv2.INTER_CUBIC)
        errors = [np.square(image.astype(np.float64) - truth).mean() for image in (ours, bicubic)]
        assert errors[0] < 0.9 * errors[1]
