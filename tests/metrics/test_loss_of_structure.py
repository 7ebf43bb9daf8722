"""The share of each source's structure that a fused image lost."""

import importlib.util
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax.metrics import METRICS, PAPER, STRUCTURE_LOST, score

RENDERED = Path(__file__).parents[1] / "data" / "metrics_rendered"
GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "metrics"
REFERENCE = Path(__file__).parents[3] / "shared" / "structure.py"

# Of the reference code, infrared and visible.
VALUES = {
    "r01_scene": (0.07275390625, 0.04986737400530504),
    "r02_odd_scene": (0.02882984737139627, 0.00583196646619282),
    "r03_scene_with_flat_area": (0.0967741935483871, 0.009170208007157236),
}


def read(folder, name):
    return [cv2.imread(str(folder / f"{name}_{part}.png"), cv2.IMREAD_GRAYSCALE) for part in ("ir", "vis", "fused")]


def lost(*images):
    scores = score(*images, names=STRUCTURE_LOST)
    return tuple(scores[name] for name in STRUCTURE_LOST)


@pytest.fixture(scope="module")
def grain():
    """Returns two uncorrelated textures of the same strength."""
    rng = np.random.default_rng(0)
    made = [cv2.GaussianBlur(rng.normal(0, 1, (64, 64)), (0, 0), 1.5) for _ in range(2)]
    return [128 + 40 * (x - x.mean()) / x.std() for x in made]


def levels(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", VALUES)
def test_rendered_images_have_the_values_of_the_reference_code(name):
    assert lost(*read(RENDERED, name)) == pytest.approx(VALUES[name], abs=1e-12)


@pytest.mark.skipif(
    not (REFERENCE.is_file() and GOLDEN.is_dir()), reason="needs shared/structure.py and the images of shared/golden"
)
def test_real_images_have_the_values_of_the_reference_code():
    spec = importlib.util.spec_from_file_location("structure", REFERENCE)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for folder in (RENDERED, GOLDEN):
        for name in json.loads((folder / "values.json").read_text()):
            images = read(folder, name)
            assert lost(*images) == pytest.approx(reference.lost(*images), abs=1e-12, nan_ok=True), name


def test_copy_of_one_source_loses_the_other_ones_structure_and_none_of_its_own(grain):
    ir, vis = (levels(x) for x in grain)
    lost_ir, lost_vis = lost(ir, vis, ir)
    assert lost_ir == 0
    assert lost_vis > 0.8
    assert lost(ir, vis, vis)[1] == 0


def test_structure_that_is_inverted_is_lost_and_one_that_is_only_dimmed_is_not(grain):
    ir, vis = levels(grain[0]), np.full((64, 64), 90, np.uint8)
    assert lost(ir, vis, 255 - ir)[0] == 1
    assert lost(ir, vis, ir // 2)[0] == 0
    assert lost(ir, vis, np.full_like(ir, 128))[0] == 1


def test_sources_that_nowhere_have_the_stronger_structure_leave_it_undefined(grain):
    ir, faint = levels(grain[0]), levels(128 + (grain[1] - 128) / 10)
    scores = score(ir, faint, ir, names=STRUCTURE_LOST)
    assert scores["structure_lost_ir"] == 0
    assert math.isnan(scores["structure_lost_vis"])
    assert scores.reasons == {
        "structure_lost_vis": "visible has the stronger structure nowhere, so none of it can be lost"
    }


def test_less_is_better_and_the_papers_six_stay_six():
    assert {METRICS[name].best for name in STRUCTURE_LOST} == {"lower"}
    assert len(PAPER) == 6
    assert not set(PAPER) & set(STRUCTURE_LOST)
