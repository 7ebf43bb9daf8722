"""Methods on a folder of pairs, as scores."""

import logging

import cv2
import numpy as np
import pytest

from mfjax import evaluation
from mfjax.errors import MfjaxError
from mfjax.evaluation.scoring import at_size
from mfjax.metrics import score
from mfjax.pairing import Pair, find_pairs


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Returns a folder of two pairs, visible twice as large, and of the results of two methods."""
    root = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for name in ("ir", "vis", "mean", "flat"):
        (root / name).mkdir()
    for i in range(2):
        ir = cv2.GaussianBlur(rng.integers(0, 256, (24, 30), dtype=np.uint8), (3, 3), 0)
        vis = cv2.GaussianBlur(rng.integers(0, 256, (48, 60), dtype=np.uint8), (5, 5), 0)
        cv2.imwrite(str(root / "ir" / f"{i}_ir.png"), ir)
        cv2.imwrite(str(root / "vis" / f"{i}_vis.png"), vis)
        large = cv2.resize(ir, (60, 48), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(root / "mean" / f"{i:03}.png"), ((large.astype(int) + vis) // 2).astype(np.uint8))
        cv2.imwrite(str(root / "flat" / f"{i}_vis.bmp"), np.full((48, 60), 100, np.uint8))
    return root


@pytest.fixture(scope="module")
def pairs(root):
    return find_pairs(root / "ir", root / "vis").pairs


@pytest.fixture(scope="module")
def scored(root, pairs):
    methods = {name: evaluation.folder_of_results(root / name, pairs) for name in ("mean", "flat")}
    return evaluation.evaluate(pairs, methods, ("Q_MI", "Q_STD", "Q_Y"))


def test_scores_are_those_of_the_metrics_on_sources_of_the_fused_images_size(scored, root):
    ir, vis, fused = (
        cv2.imread(str(root / file), cv2.IMREAD_GRAYSCALE) for file in ("ir/1_ir.png", "vis/1_vis.png", "mean/001.png")
    )
    large = cv2.resize(ir, (60, 48), interpolation=cv2.INTER_CUBIC)
    expected = score(large, vis, fused, names=scored.metrics)
    assert dict(zip(scored.metrics, scored.values[0, 1], strict=True)) == pytest.approx(expected)
    np.testing.assert_allclose(scored.means()[0], scored.values[0].mean(axis=0))


def test_undefined_score_is_nan_with_its_reason_and_leaves_the_others_means_alone(scored):
    flat = scored.methods.index("flat")
    assert np.isnan(scored.values[flat, :, 0]).all()
    assert "constant" in scored.reasons["flat", scored.pairs[0], "Q_MI"]
    assert np.isnan(scored.means()[flat, 0])
    assert scored.means()[flat, 1] == 0


def test_every_pair_is_shown_with_what_the_methods_made_of_it(root, pairs):
    seen = []
    methods = {"mean": evaluation.folder_of_results(root / "mean", pairs)}
    evaluation.evaluate(pairs, methods, ("EN",), show=lambda pair, ir, vis, fused: seen.append((pair.name, [*fused])))
    assert seen == [(pair.name, ["mean"]) for pair in pairs]


def test_model_fuses_each_pair_in_gray_at_the_larger_sources_size(pairs):
    def fuser(ir, vis, *, color, **options):
        assert (color, options) == ("gray", {"stretch": True, "ir_range": "auto"})
        return type("Fusion", (), {"fused": np.zeros(vis.shape[:2], np.uint8)})

    scored = evaluation.evaluate(pairs, {"black": evaluation.Model(fuser, stretch=True, ir_range="auto")}, ("Q_STD",))
    np.testing.assert_array_equal(scored.values, 0)


def test_pairs_that_a_method_has_no_result_for_are_named(root, pairs, tmp_path):
    (tmp_path / "0.png").write_bytes((root / "mean" / "000.png").read_bytes())
    with pytest.raises(ValueError, match="has no fused image for 1 of 2 pairs: 1"):
        evaluation.folder_of_results(tmp_path, pairs)
    with pytest.raises(ValueError, match="nowhere is not a folder; results are"):
        evaluation.folder_of_results(tmp_path / "nowhere", pairs)


@pytest.fixture
def results(root, tmp_path):
    """Returns a function that writes copies of a fused image of both pairs, and the folder of these."""
    image = cv2.imread(str(root / "mean" / "000.png"), cv2.IMREAD_GRAYSCALE)

    def write(*names, size=image.shape):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / name), cv2.resize(image, size[::-1]))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ("{}_fused.png", "fused"),
        ("fused_{}.png", "fused"),
        ("fusion{}.jpg", "fusion"),
        ("U2Fusion_{}.png", "U2Fusion"),
        ("{}_ir_SwinFusion_v2.png", "ir_SwinFusion_v2"),
        ("DenseFuse-{}_vis.bmp", "DenseFuse"),
    ],
)
def test_results_with_one_constant_part_more_are_found_and_the_part_said(form, part, pairs, results, caplog):
    folder = results(form.format(0), form.format("001"))
    method = evaluation.folder_of_results(folder, pairs)
    assert caplog.messages == [f"{folder}: fused images are those with {part!r} in their names"]
    for pair in pairs:
        assert method(pair, np.zeros((24, 30)), np.zeros((48, 60))).shape == (48, 60)


def test_results_of_other_names_are_refused_with_those_that_are_there(pairs, results):
    folder = results("x_0.png", "1_y.png")
    with pytest.raises(MfjaxError, match=r"no fused image for 2 of 2 pairs: 0, 1; it has 1_y\.png, x_0\.png\. Names"):
        evaluation.folder_of_results(folder, pairs)


def test_results_in_sub_folders_belong_to_the_pairs_of_these(pairs, results):
    day, night = (pair._replace(name=f"{light}/0") for light, pair in zip(("day", "night"), pairs, strict=True))
    day, night = (pair._replace(ir=pairs[0].ir, vis=pairs[0].vis) for pair in (day, night))
    folder = results("day/0.png", "night/0.png")
    results("night/0.png", size=(24, 30))
    method = evaluation.folder_of_results(folder, [day, night])
    assert [method(pair, None, None).shape for pair in (day, night)] == [(48, 60), (24, 30)]
    (folder / "day/0.png").rename(folder / "0.png")
    with pytest.raises(MfjaxError, match="no fused image for 1 of 2 pairs: day/0"):
        evaluation.folder_of_results(folder, [day, night])


@pytest.mark.parametrize("resize", [False, True])
def test_result_that_has_the_aspect_of_neither_source_is_refused(resize, pairs, results):
    methods = {"half": evaluation.folder_of_results(results("0.png", "1.png", size=(24, 60)), pairs)}
    with pytest.raises(ValueError, match=r"^0: the fused image is .* but infrared is .* can't show the same view$"):
        evaluation.evaluate(pairs, methods, ("EN",), resize=resize)


@pytest.mark.parametrize("size", [(48, 56), (32, 40), (96, 120)])
def test_result_of_another_size_than_the_sources_is_refused_with_both_unless_it_may_be_resampled(size, pairs, results):
    methods = {"cut": evaluation.folder_of_results(results("0.png", "1.png", size=size), pairs)}
    rows, cols = size
    message = rf"^0: the fused image of cut is {rows}x{cols}, but the pair is 24x30 and 48x60: .*--resize .* to 48x60$"
    with pytest.raises(MfjaxError, match=message):
        evaluation.evaluate(pairs, methods, ("EN",))
    scored = evaluation.evaluate(pairs, methods, ("Q_STD",), resize=True)
    assert scored.resampled == {("cut", pair.name): (size, (48, 60)) for pair in pairs}
    ir, vis, fused = (cv2.imread(str(file), 0) for file in (*pairs[0][1:], results() / "0.png"))
    expected = score(at_size(ir, (48, 60)), vis, at_size(fused, (48, 60)), names=["Q_STD"])
    assert scored.values[0, 0, 0] == expected["Q_STD"]


def test_result_of_either_sources_size_is_scored_as_it_is(pairs, results):
    methods = {"small": evaluation.folder_of_results(results("0.png", "1.png", size=(24, 30)), pairs)}
    assert evaluation.evaluate(pairs, methods, ("EN",)).resampled == {}


@pytest.mark.parametrize("twin", ["00.png", "0.bmp"])
def test_two_results_that_may_be_one_pairs_are_named(root, pairs, tmp_path, twin):
    for name in ("0.png", "1.png", twin, "._0.png"):  # the last is no result but a companion that macOS makes
        (tmp_path / name).write_bytes((root / "mean" / "000.png").read_bytes())
    with pytest.raises(ValueError, match=r"several images for the pair 0: (0\.png, 00\.png|0\.bmp, 0\.png); leave"):
        evaluation.folder_of_results(tmp_path, pairs)


def test_two_pairs_of_one_name_are_named(pairs):
    first, second = (Pair("scene", pair.ir, pair.vis) for pair in pairs)
    with pytest.raises(ValueError, match=r"two pairs are called scene, that of .*0_vis\.png and of .*1_vis\.png;"):
        evaluation.evaluate([first, second], {}, ("EN",))


def test_mistake_of_a_methods_code_stays_what_it_is_and_tells_the_pair(pairs):
    def method(pair, ir, vis):
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match=r"^a mistake\nThe pair is 0\.$") as error:
        evaluation.evaluate(pairs, {"method": method}, ["EN"])
    assert not isinstance(error.value, MfjaxError)


@pytest.mark.parametrize("kind", [MfjaxError, MemoryError])
def test_errors_and_warnings_about_a_pair_name_it(pairs, caplog, kind):
    def method(pair, ir, vis):
        logging.getLogger("mfjax").warning("%s is dim", "infrared")
        raise kind("too dark")

    with pytest.raises(kind, match=r"^0: too dark$"):
        evaluation.evaluate(pairs, {"mine": method}, ("EN",))
    logging.getLogger("mfjax").warning("afterwards")
    assert [record.getMessage() for record in caplog.records] == ["0: infrared is dim", "afterwards"]


def test_image_that_has_the_size_is_left_as_it_is_and_a_larger_one_averaged():
    image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert at_size(image, (4, 4)) is image
    np.testing.assert_array_equal(at_size(image * 4, (2, 2)), [[10, 18], [42, 50]])
