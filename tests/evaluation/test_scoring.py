"""Methods on a folder of pairs, as scores."""

import logging

import cv2
import numpy as np
import pytest

from mfjax import evaluation
from mfjax.errors import MfjaxError
from mfjax.evaluation.scoring import at_size
from mfjax.inference.pairs import Pair, match_folders
from mfjax.metrics import score


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
    return match_folders(root / "ir", root / "vis").pairs


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


def test_result_that_has_the_aspect_of_neither_source_is_refused(root, pairs, tmp_path):
    for name in ("0", "1"):
        image = cv2.imread(str(root / "mean" / "000.png"), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(tmp_path / f"{name}.png"), image[: len(image) // 2])
    methods = {"half": evaluation.folder_of_results(tmp_path, pairs)}
    with pytest.raises(ValueError, match=r"^0: the fused image is .* but infrared is .* can't show the same view$"):
        evaluation.evaluate(pairs, methods, ("EN",))


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
