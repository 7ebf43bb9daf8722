"""Rig files: what is written comes back, and what is no rig file is refused in one line."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mfjax import Alignment, MfjaxError
from mfjax.alignment import MODELS, geometry

IR, VIS = (240, 320), (480, 640)

maps = arrays(np.float64, (3, 3), elements=st.floats(-0.2, 0.2)).map(lambda a: np.eye(3) + a * [[1], [1], [0.5]])
plain_json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def turned(degrees, scale=1.0, right=0.0, down=0.0):
    """Returns the map of a visible image that is turned clockwise about the middle, in square pixels of IR and VIS."""
    c, s = (scale * f(math.radians(degrees)) for f in (math.cos, math.sin))
    to_square, height = np.diag([1, 0.75, 1]), 0.75
    turn = np.array([[c, -s, 0.5 + right], [s, c, height / 2 + down], [0, 0, 1]])
    centred = np.array([[1, 0, -0.5], [0, 1, -height / 2], [0, 0, 1]])
    return np.linalg.inv(to_square) @ turn @ centred @ to_square


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("rig") / "rig.json"


@given(
    maps,
    st.floats(0, 1),
    st.floats(0, 100),
    st.sampled_from(MODELS),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30),
)
def test_an_alignment_comes_back_from_its_file_with_the_same_map(path, matrix, confidence, residual, model, found):
    made = Alignment(matrix, IR, VIS, confidence, residual, model=model, found=found)
    made.save(path)
    read = Alignment.load(path)
    np.testing.assert_array_equal(read.matrix, made.matrix)
    assert (read.ir_size, read.vis_size, read.model, read.found) == (IR, VIS, model, found)
    assert (read.confidence, read.residual) == pytest.approx((confidence, residual), abs=1e-4)
    assert read.date == made.date


@given(st.data())
def test_a_damaged_file_is_refused_in_one_line_that_names_it_or_is_a_valid_alignment(path, data):
    Alignment(turned(3, 1.2), IR, VIS).save(path)
    told = json.loads(path.read_text())
    at = data.draw(st.sampled_from(sorted(told)))
    told[at] = data.draw(plain_json)
    path.write_text(json.dumps(told))
    said = ""
    try:
        read = Alignment.load(path)
    except MfjaxError as error:
        said = str(error)
    if said:
        assert said.startswith(f"{path}: ")
        assert "\n" not in said
    else:
        assert np.isfinite(np.linalg.inv(read.matrix)).all()
        assert 0 <= read.confidence <= 1


@given(st.binary(max_size=200))
def test_bytes_that_are_no_rig_file_are_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(MfjaxError, match="rig"):
        Alignment.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"matrix": [[1, 0, 0], [0, 1, 0]]}, "the matrix has not three rows"),
        ({"matrix": [[1, 0, 0], [2, 0, 0], [0, 0, 1]]}, "not invertible"),
        ({"matrix": [[1, 0, 0], [0, 1, 0], [-2, 0, 1]]}, "behind the infrared camera"),
        ({"confidence": 1.5}, "the confidence is 1.5; it is from 0 to 1"),
        ({"version": 2}, "is of version 2; this mfjax reads version 1"),
        ({"kind": "camera"}, "is no rig file"),
        ({"visible_size": [480, 640.5]}, "no whole number"),
        ({"model": "wobble"}, "the model is 'wobble'; it is one of shift, similarity, affine, homography"),
        ({"lens": 1}, "has the unknown key 'lens', which may be misspelt; remove it"),
        ({"meaning": "from infrared to visible"}, "has another meaning than 'from visible to infrared coordinates"),
        ({"matrix": [[0, 0, 0]] * 3}, "the matrix is not invertible"),
        ({"date": 2026}, "date is 2026, no text"),
        ({"infrared_size": [240]}, "infrared_size has not 2 numbers"),
        ({"residual": True}, "residual has 'True' in it, no number of a rig"),
        ({"overlap": 2e9}, "overlap has '2000000000.0' in it, no number of a rig"),
        ({"matrix": [[1, 0, 101], [0, 1, 0], [0, 0, 1]]}, "moves the visible image by more than 100 of its sides"),
        ({"matrix": [[101, 0, 0], [0, 1, 0], [0, 0, 1]]}, "more than 100 times as wide as the other"),
        ({"matrix": [[1, 0, 0], [0, 0, 1], [0, 1, 0]]}, "behind the infrared camera"),
    ],
)
def test_the_error_says_what_is_wrong(path, change, message):
    Alignment(np.eye(3), IR, VIS).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(MfjaxError) as caught:
        Alignment.load(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ir_size": (240, 1)}, "the infrared size is 240x1; sides have 2 to 1,048,576 pixels"),
        ({"vis_size": (2**20 + 1, 640)}, "the visible size is 1048577x640; sides have 2 to 1,048,576 pixels"),
        ({"ir_size": (240.5, 320)}, "the infrared size is (240.5, 320); it is (height, width), two whole numbers"),
        ({"vis_size": (4, 5, 3)}, "the visible size is (4, 5, 3); it is (height, width), two whole numbers"),
        ({"matrix": "abc"}, "the matrix is not of 3x3 numbers (could not convert string to float: 'abc')"),
        ({"residual": -1.0}, "the residual is -1; it is 0 pixels or more"),
        ({"residual": math.inf}, "the residual is inf; it is 0 pixels or more"),
        ({"overlap": 1.1}, "the overlap is 1.1; it is from 0 to 1"),
        ({"matrix": np.eye(2)}, r"the matrix has shape (2, 2); it is 3x3"),
        ({"matrix": np.diag([1, np.nan, 1])}, "the matrix has NaN or infinite elements"),
    ],
)
def test_an_alignment_that_can_not_be_is_refused(fields, message):
    with pytest.raises(MfjaxError) as caught:
        Alignment(**{"matrix": np.eye(3), "ir_size": IR, "vis_size": VIS, **fields})
    assert str(caught.value) == message


def test_sizes_may_be_numpys_integers(path):
    Alignment(np.eye(3), (np.int64(240), 320), np.array([480, 640])).save(path)
    assert (Alignment.load(path).ir_size, Alignment.load(path).vis_size) == (IR, VIS)


def test_a_map_of_huge_numbers_is_refused_without_a_warning():
    with pytest.raises(MfjaxError, match="more than 100 times as wide as the other"):
        Alignment(np.array([[1e308, 1e308, 0], [0, 1, 0], [0, 0, 1]]), IR, VIS)


def test_an_alignment_at_its_limits_is_none_the_less_one():
    made = Alignment(np.eye(3), (2, 2), (2**20, 2**20), confidence=0.0, overlap=1.0)
    assert (made.confidence, made.overlap, made.residual) == (0, 1, 0)
    assert Alignment(np.array([[1, 0, 99.5], [0, 1, 0], [0, 0, 1]]), IR, VIS).overlap == 0
    for scale in (100, -100, 0.01):
        assert Alignment(scale * np.eye(3), IR, VIS).matrix.tolist() == np.eye(3).tolist()


def test_the_map_and_both_sizes_suffice_in_a_rig_file_written_by_hand(path):
    told = {"kind": "mfjax rig", "version": 1, "matrix": [[2, 0, -0.5], [0, 2, -0.5], [0, 0, 1]]}
    text = json.dumps(told | {"infrared_size": [240, 320], "visible_size": [480, 640]})
    path.write_text(text, encoding="utf-8-sig")  # as some editors do
    read = Alignment.load(path)
    assert (read.confidence, read.model, read.found) == (1, "homography", "given")
    assert read.overlap == pytest.approx(0.25)


def test_a_rig_file_without_a_field_or_with_one_twice_or_too_large_is_refused(path):
    Alignment(np.eye(3), IR, VIS).save(path)
    text = path.read_text()
    told = json.loads(text)
    for changed, message in (
        (json.dumps({name: value for name, value in told.items() if name != "matrix"}), "has no matrix"),
        (text.replace('"kind"', '"version": 1, "kind"'), "says something twice"),
        (text + " " * 2**16, "has more than 65,536 bytes, which no rig file has"),
        ("[" * 2000, "is no JSON"),
    ):
        path.write_text(changed)
        with pytest.raises(MfjaxError) as caught:
            Alignment.load(path)
        assert f"{path}: {message}" in str(caught.value)
        assert str(caught.value).endswith("; mfjax align makes rig files")


def test_an_alignment_is_shown_in_words():
    made = Alignment(np.eye(3), IR, VIS, 0.876, model="shift", found="by hand")
    assert repr(made) == f"Alignment({made.words}, confidence 0.88, shift, by hand)"


def test_a_file_with_nan_is_refused_naming_it(path):
    Alignment(np.eye(3), IR, VIS).save(path)
    path.write_text(path.read_text().replace('"residual": 0.0', '"residual": NaN'))
    with pytest.raises(MfjaxError, match="has NaN in it, which is no number"):
        Alignment.load(path)


def test_shift_scale_and_rotation_are_those_of_the_map_in_square_pixels():
    found = Alignment(turned(5, 1.3, right=0.1, down=-0.03), IR, VIS)
    assert (*found.shift, found.scale, found.rotation) == pytest.approx((0.1, -0.03, 1.3, 5))
    assert found.words == (
        "shift +10.0 % right and -3.0 % down (+32.0 and -9.6 of 320 px), scale 1.300, rotation +5.00°"
    )


def test_words_have_no_negative_zero():
    found = Alignment(turned(-1e-3, 1, right=-1e-5, down=-1e-5), IR, VIS)
    assert found.words == "shift +0.0 % right and +0.0 % down (+0.0 and +0.0 of 320 px), scale 1.000, rotation +0.00°"


def test_the_identity_moves_nothing_and_shows_all():
    found = Alignment.identity(IR, VIS)
    assert (*found.shift, found.scale, found.rotation, found.overlap) == (0, 0, 1, 0, 1)


def test_the_share_that_infrared_shows_is_counted_on_a_grid():
    matrix = turned(12, 1.4, right=0.2)
    centres = (np.arange(400) + 0.5) / 400
    points = geometry.mapped(matrix, np.stack(np.meshgrid(centres, centres), axis=-1))
    counted = ((points >= 0) & (points <= 1)).all(axis=-1).mean()
    assert Alignment(matrix, IR, VIS).overlap == pytest.approx(counted, abs=2e-3)


def test_the_map_of_an_alignment_can_not_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Alignment.identity(IR, VIS).matrix[0, 0] = 2
