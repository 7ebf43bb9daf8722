"""Objects in one line, and pictures, as a notebook shows them."""

import dataclasses

import cv2
import numpy as np
import pytest

import mfjax
from mfjax import images, weights
from mfjax.images.picture import LARGEST_SHOWN
from mfjax.inference.composition import Source
from mfjax.inference.request import Request
from mfjax.model import ModelConfig
from mfjax.recipes import small
from mfjax.training import TrainConfig


@pytest.fixture(scope="module")
def fusion():
    return mfjax.Fusion(np.zeros((4, 6, 3), np.uint16), np.zeros((4, 6), np.uint16), np.zeros((4, 6, 3), np.uint16))


def test_a_fuser_is_one_line_that_says_architecture_parameters_and_engine(tiny_weights):
    text = repr(mfjax.load(tiny_weights, engine="xla"))
    assert "\n" not in text
    assert len(text) < 250
    assert text.startswith("Fuser(ModelConfig(blocks=1,")
    assert "XlaBackend" in text


def test_images_are_shown_by_size_and_type(fusion):
    assert repr(fusion) == "Fusion(fused 4x6x3 uint16, ir 4x6 uint16, vis 4x6x3 uint16)"
    source = Source(np.zeros((4, 6), np.float32), np.zeros((4, 6, 8), np.float32))
    assert repr(source) == "Source(image 4x6 float32, features 4x6x8 float32, is_average=False, window=None)"
    request = Request.of(fusion.ir, fusion.vis, ir_range="full")
    assert repr(request) == "Request(ir 4x6 float32, vis 4x6 float32, output 4x6 uint16 in colour)"
    assert repr(images.ImageFile(fusion.ir)) == "ImageFile(4x6 uint16, Metadata())"
    assert repr(images.Thermal(np.zeros((4, 6), np.float32))) == "Thermal(celsius 4x6 float32)"


def test_a_config_shows_only_what_is_not_its_default_as_the_call_that_makes_it():
    assert repr(ModelConfig()) == "ModelConfig()"
    config = TrainConfig(model=ModelConfig(blocks=2), seed=3)
    assert repr(config) == "TrainConfig(model=ModelConfig(blocks=2), seed=3)"
    text = repr(small.config)
    assert "\n" not in text
    from mfjax import training

    assert eval(text, {name: getattr(training, name) for name in training.__all__}) == small.config


def test_an_alignment_is_one_line_with_its_shift_and_confidence():
    found = dataclasses.replace(mfjax.Alignment.identity((4, 6), (8, 12)), confidence=0.5)
    assert repr(found).startswith("Alignment(shift +0.0 % right and +0.0 % down")
    assert "confidence 0.50" in repr(found)
    assert "\n" not in repr(found)


def test_a_weights_file_is_one_line(tiny_weights):
    assert len(repr(weights.load(tiny_weights))) < 200


def test_a_fusion_shows_itself_as_its_fused_image_in_8_bits(fusion):
    fused = np.full((4, 6, 3), (65_535, 0, 257 * 100), np.uint16)
    shown = cv2.imdecode(np.frombuffer(fusion._replace(fused=fused)._repr_png_(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.dtype == np.uint8
    assert shown[..., ::-1].tolist() == np.full((4, 6, 3), (255, 0, 100)).tolist()


def test_a_large_fusion_is_shown_smaller(fusion):
    large = fusion._replace(fused=np.zeros((2 * LARGEST_SHOWN, 400), np.uint8))
    shown = cv2.imdecode(np.frombuffer(large._repr_png_(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.shape == (LARGEST_SHOWN, 200, 3)
