"""Images that a call names by their files."""

import logging

import cv2
import numpy as np
import pytest

import mfjax
from mfjax import images
from mfjax.cli import main
from mfjax.images.picture import GAP, LABEL_HEIGHT

SIZE = (24, 32)


@pytest.fixture
def pair(tmp_path):
    """The files of an infrared image, of 16 bits of which few are used, and of a visible one in colour."""
    rng = np.random.default_rng(0)
    images.write(tmp_path / "a_ir.png", rng.integers(7000, 8000, (12, 16)).astype(np.uint16))
    images.write(tmp_path / "a_vis.png", rng.integers(0, 256, (24, 32, 3)).astype(np.uint8))
    return tmp_path / "a_ir.png", tmp_path / "a_vis.png"


@pytest.fixture(scope="module")
def fuser(tiny_weights):
    return mfjax.load(tiny_weights)


def test_files_give_what_the_command_writes_and_are_said_the_same_of(
    fuser, pair, tiny_weights, tmp_path, capsys, caplog
):
    with caplog.at_level(logging.WARNING, "mfjax"):
        made = fuser(*pair).fused
    [said] = [record.getMessage() for record in caplog.records]
    assert main(["fuse", *map(str, pair), "--out", str(tmp_path / "a.png"), "--model", str(tiny_weights)]) == 0
    np.testing.assert_array_equal(made, images.read(tmp_path / "a.png"))
    [line] = capsys.readouterr().err.splitlines()
    assert said == f"a_ir: {line.removeprefix('note: ')}"  # a notebook does not show which call it belongs to


def test_one_file_and_one_array_are_fused_as_two_arrays(fuser, pair):
    ir, vis = (images.read(path) for path in pair)
    expected = fuser(ir, vis).fused
    np.testing.assert_array_equal(fuser(pair[0], vis).fused, expected)
    np.testing.assert_array_equal(fuser(ir, str(pair[1])).fused, expected)


def test_files_of_a_batch_have_one_range_for_all(fuser, pair):
    ir, vis = (images.read(path) for path in pair)
    by_files = fuser.batch([pair[0]] * 2, [pair[1]] * 2, ir_range="auto:all")
    by_arrays = fuser.batch([ir] * 2, [vis] * 2, ir_range="auto:all")
    # From the eighth pair of a size on, a program for that size makes them, which rounds otherwise: 1 of 65,535 levels.
    np.testing.assert_allclose(by_files[1].fused, by_arrays[1].fused, rtol=0, atol=1)
    with pytest.raises(mfjax.MfjaxError, match="some infrared images are files and others arrays"):
        fuser.batch([pair[0], ir], [vis, vis], ir_range="auto:all")


def test_missing_and_equal_files_are_errors_that_name_them(fuser, pair):
    with pytest.raises(FileNotFoundError, match=r"b_ir\.png: no such file"):
        fuser(pair[0].with_name("b_ir.png"), pair[1])
    with pytest.raises(mfjax.MfjaxError, match=r"a_ir\.png is given for both sources"):
        fuser(pair[0], pair[0])


def test_one_call_fuses_by_a_model_of_ones_choice_and_sees_that_its_file_changed(pair, fuser, tiny_weights, tmp_path):
    model = tmp_path / "mine.safetensors"
    model.write_bytes(tiny_weights.read_bytes())
    np.testing.assert_array_equal(mfjax.fuse(*pair, model=model), fuser(*pair).fused)
    model.write_bytes(b"no weights")
    with pytest.raises(mfjax.MfjaxError, match=r"mine\.safetensors"):
        mfjax.fuse(*pair, model=model)
    with pytest.raises(FileNotFoundError, match="smal"):
        mfjax.fuse(*pair, model="smal")


def test_a_panel_shows_both_sources_and_the_fused_image_at_one_height_under_their_labels(pair):
    fused = np.full((400, 500, 3), 200, np.uint8)
    shown = mfjax.show(*pair, fused).pixels
    assert shown.shape == (LABEL_HEIGHT + 360, 480 + 480 + 450 + 2 * GAP, 3)
    assert (shown[LABEL_HEIGHT:, -450:] == 200).all()
    vis = cv2.resize(images.read(pair[1]), (480, 360), interpolation=cv2.INTER_NEAREST)
    np.testing.assert_array_equal(shown[LABEL_HEIGHT:, 480 + GAP : 960 + GAP], vis)
    assert shown[:LABEL_HEIGHT].min() < 50
    assert np.ptp(shown[LABEL_HEIGHT:, :480]) == 255  # few of 16 bits are stretched


def test_a_panel_of_degrees_and_of_all_that_a_fuser_returned_is_drawn_quietly(fuser, pair, caplog):
    vis = images.read(pair[1])
    degrees = np.linspace(20, 40, 12 * 16, dtype=np.float32).reshape(12, 16)
    made = mfjax.Fusion(vis, vis[..., 0], vis)
    assert np.ptp(mfjax.show(degrees, vis, made).pixels[LABEL_HEIGHT:, :266]) == 255
    assert not caplog.records


def test_sources_that_may_be_exchanged_are_named(fuser, caplog):
    colour, gray = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)
    colour[..., 0] = 200
    fuser(colour, gray)
    assert "are they exchanged? Infrared comes first" in caplog.text
    caplog.clear()
    fuser(gray, colour)
    assert "exchanged" not in caplog.text
