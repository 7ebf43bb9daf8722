"""Estimating alignments, on rendered streets seen through known warps."""

import math
import sys

import cv2
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.alignment import edges, fitting, geometry, matching, search, warps
from mfjax.alignment.consensus import estimate_rig
from mfjax.alignment.descriptor import FLOOR, NEAR, equal_contrast
from mfjax.alignment.estimate import Estimate, estimate, looks_misaligned
from mfjax.alignment.random_warps import Views, Warps, known_views, random_map
from mfjax.alignment.rig import Alignment
from mfjax.alignment.views import Descriptions
from mfjax.data.synthetic import scene

SIZE = 240, 320
NO_PERSPECTIVE = Warps(perspective=0)


def rendered(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the luma of a rendered street by both cameras, in [0, 1]."""
    made = scene(seed, *SIZE)
    return made.ir.astype(np.float32), made.vis.mean(axis=-1).astype(np.float32)


@pytest.fixture(scope="module")
def street() -> tuple[np.ndarray, np.ndarray]:
    return rendered(3)


@pytest.fixture(scope="module")
def seen(street: tuple[np.ndarray, np.ndarray]) -> Views:
    return known_views(np.random.default_rng(1), *street, NO_PERSPECTIVE)


def test_a_street_that_two_cameras_see_differently_is_aligned(seen: Views) -> None:
    found = estimate(seen.ir, seen.vis)
    assert warps.corner_error(seen.matrix, np.eye(3), SIZE) > 20
    assert warps.corner_error(found.matrix, seen.matrix, SIZE) < 5
    assert found.confidence > 0.5
    assert found.model == "similarity"


def stretched(seen: Views) -> Views:
    """Returns views whose infrared image was cropped by 4 % at its top and bottom, and stretched to what it was."""
    rows = SIZE[0] // 25
    ir = cv2.resize(seen.ir[rows:-rows], SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    return seen._replace(
        ir=ir, matrix=np.linalg.inv(geometry.cropped(rows, 0, (SIZE[0] - 2 * rows, SIZE[1]), SIZE)) @ seen.matrix
    )


def test_stretched_pictures_get_an_affine_map_unless_a_similarity_is_asked_for(seen: Views) -> None:
    views = stretched(seen)
    found = estimate(views.ir, views.vis)
    assert found.model == "affine"
    assert warps.corner_error(found.matrix, views.matrix, SIZE) < 5
    assert estimate(views.ir, views.vis, model="similarity").model == "similarity"


def test_a_candidate_that_is_off_along_both_axes_settles_where_both_images_agree(
    street: tuple[np.ndarray, np.ndarray],
) -> None:
    describe = Descriptions.load()
    off = np.array([[1, 0, 0.02], [0, 1, -0.02], [0, 0, 1]])
    found = search.settled(describe, search.settling_map(describe, street[0]), SIZE, street[1], off, {}, "shift")
    assert found.parameters == pytest.approx({"x": -0.02, "y": 0.02 * SIZE[0] / SIZE[1]}, abs=0.004)
    assert found.support > 0.1


def test_two_different_scenes_are_not_aligned_with_confidence(seen: Views) -> None:
    noise = np.random.default_rng(0).random(SIZE, np.float32)
    assert estimate(seen.ir, noise).confidence < 0.5


def test_a_start_takes_the_place_of_the_search(seen: Views) -> None:
    nearly = seen.matrix @ np.array([[1, 0, 0.01], [0, 1, -0.01], [0, 0, 1]])
    found = estimate(seen.ir, seen.vis, start=nearly)
    assert warps.corner_error(found.matrix, seen.matrix, SIZE) < 5


def test_a_rig_follows_the_pairs_that_agree(street: tuple[np.ndarray, np.ndarray]) -> None:
    ir, vis = street
    blank = np.full(SIZE, 0.5, np.float32)
    elsewhere = known_views(np.random.default_rng(1), ir, vis, NO_PERSPECTIVE)
    found, each = estimate_rig([blank, elsewhere.ir, ir, ir], [vis, elsewhere.vis, vis, vis])
    assert len(each) == 4
    assert each[1].confidence > 0.5
    assert found.confidence < each[2].confidence
    assert warps.corner_error(found.matrix, np.eye(3), SIZE) < 5


def test_pairs_within_3_percent_of_the_width_are_averaged_by_their_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([(0.0, 0.8, 4.0), (0.02, 0.4, 1.0), (0.055, 0.3, 9.0)])  # shift, confidence, residual

    def estimate(ir: np.ndarray, vis: np.ndarray, *, model: str, start: object) -> Estimate:
        shift, confidence, residual = next(told)
        return Estimate(np.array([[1, 0, shift], [0, 1, 0], [0, 0, 1.0]]), confidence, residual)

    monkeypatch.setattr(sys.modules[estimate_rig.__module__], "estimate", estimate)
    image = np.zeros((96, 128), np.float32)
    found, _ = estimate_rig([image] * 3, [image] * 3)
    assert found.matrix[0, 2] == pytest.approx((0.8 * 0 + 0.4 * 0.02) / 1.2, abs=1e-5)
    middle = 512 * 0.4 * 0.02 / 1.2  # how far the first one lies from it
    squares = 0.8 * (4**2 + middle**2) + 0.4 * (1**2 + (512 * 0.02 - middle) ** 2)
    assert found.residual == pytest.approx((squares / 1.2) ** 0.5, rel=1e-5)
    assert found.confidence == pytest.approx((1 - 0.2 * 0.6) * (1 - 0.3 / 1.5), rel=1e-5)


def test_frames_of_one_scene_are_no_surer_together(street: tuple[np.ndarray, np.ndarray]) -> None:
    ir, vis = street
    noisy = [(ir + np.random.default_rng(i).normal(0, 0.1, SIZE)).astype(np.float32) for i in range(4)]
    found, each = estimate_rig(noisy, [vis] * 4)
    assert found.confidence == pytest.approx(np.mean([one.confidence for one in each]), abs=0.05)


def test_a_rig_is_of_the_kind_that_has_most_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([("affine", 0.8), ("similarity", 0.5), ("affine", 0.9)])
    asked: list[str] = []

    def estimate(ir: np.ndarray, vis: np.ndarray, *, model: str, start: object) -> Estimate:
        asked.append(model)
        kind, confidence = next(told)
        return Estimate(np.eye(3), confidence, 1.0, model=kind)

    monkeypatch.setattr(sys.modules[estimate_rig.__module__], "estimate", estimate)
    image = np.zeros((96, 128), np.float32)
    found, each = estimate_rig([image] * 2, [image] * 2)
    assert asked == ["auto", "auto", "affine"]
    assert [one.confidence for one in each] == [0.8, 0.9]
    assert found.model == "affine"


def test_registered_images_do_not_look_misaligned(street: tuple[np.ndarray, np.ndarray]) -> None:
    assert looks_misaligned(*street) is None


def test_images_without_structure_do_not_look_misaligned() -> None:
    assert looks_misaligned(np.full(SIZE, 0.5, np.float32), np.full(SIZE, 0.2, np.float32)) is None


def test_images_of_different_views_look_misaligned(seen: Views) -> None:
    off = looks_misaligned(seen.ir, seen.vis)
    assert off is not None
    assert off > 0.02


def test_images_too_small_to_tell_do_not_look_misaligned() -> None:
    small = np.random.default_rng(0).random((63, 200), np.float32)
    assert looks_misaligned(small, np.roll(small, 40, axis=1)) is None


@pytest.mark.parametrize("parameters", [{"g": 3.0}, {"x": np.nan}], ids=["behind the camera", "not a number"])
def test_a_map_that_no_two_cameras_have_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, float]
) -> None:
    monkeypatch.setattr(edges, "refine", lambda *args, **options: edges.Refined(parameters, 0.9, 1.0))
    start = np.array([[1, 0, 0.1], [0, 1, 0], [0, 0, 1.0]])
    image = np.random.default_rng(0).random((96, 128), np.float32)
    found = estimate(image, image, start=start)
    assert found.confidence == 0
    np.testing.assert_array_equal(found.matrix, start)


def test_nothing_is_refined_where_the_visible_image_shows_nothing(street: tuple[np.ndarray, np.ndarray]) -> None:
    apart = np.array([[1, 0, 2.0], [0, 1, 0], [0, 0, 1]])
    found = edges.refine(*street, apart, {"x": 0.01}, "similarity", length=64, smooth=2)
    assert found == edges.Refined({"x": 0.01}, 0.0, np.inf)


def test_the_expected_error_of_a_scale_is_that_of_the_views_corners() -> None:
    names, deviation = fitting.PARAMETERS["similarity"], 0.01
    covariance = np.diag([deviation**2 if name == "s" else 0 for name in names])
    from_middle_to_corner = np.hypot(0.5, 0.375)  # in widths, of a view of 4:3
    assert edges._spread(covariance, names, 0.75) == pytest.approx(512 * deviation * from_middle_to_corner)


def test_two_images_of_other_aspects_are_also_searched_with_square_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[np.ndarray] = []

    def candidates(describe: object, ir: object, vis: object, given: list[np.ndarray], model: str) -> list[object]:
        starts.extend(given)
        return [search.Candidate({}, np.eye(3), 0.0)]

    monkeypatch.setattr(search, "candidates", candidates)
    monkeypatch.setattr(edges, "refine", lambda *args, **options: edges.Refined({}, 0.5, 1.0))
    estimate(np.zeros((96, 128), np.float32), np.zeros((90, 160), np.float32))
    whole, square = starts
    np.testing.assert_array_equal(whole, np.eye(3))
    # The visible image is as wide as the infrared one, so 72 of its 96 rows high, in the middle of them.
    top, bottom = 0.125, 0.875
    np.testing.assert_allclose(
        geometry.mapped(square, geometry.CORNERS), [[0, top], [1, top], [1, bottom], [0, bottom]]
    )


def test_edges_of_one_image_twice_are_found_to_a_tenth_of_a_pixel(street: tuple[np.ndarray, np.ndarray]) -> None:
    image = street[1]
    seen = known_views(np.random.default_rng(2), image, image, Warps(0.01, 0.5, (0.99, 1.01), 0))
    found = edges.refine(seen.ir, seen.vis, np.eye(3), {}, "similarity", length=320, smooth=2, steps=12)
    square = warps.to_square(SIZE)
    matrix = np.linalg.inv(square) @ fitting.matrix_of(found.parameters) @ square
    assert warps.corner_error(matrix, seen.matrix, SIZE) < 0.1


def test_a_fit_is_not_misled_by_a_third_of_its_places() -> None:
    rng = np.random.default_rng(0)
    true = {"x": 0.03, "y": -0.02, "s": 0.05, "r": 0.02, "e": 0.01, "f": -0.01, "g": 0.03, "h": -0.02}
    ir = rng.uniform([-0.5, -0.38], [0.5, 0.38], (500, 2))
    vis = geometry.mapped(np.linalg.inv(fitting.matrix_of(true)), ir)
    ir[:150] += rng.normal(0, 0.05, (150, 2))
    places = fitting.Places(ir, vis, np.tile(np.eye(2) / 0.003**2, (500, 1, 1)))
    found, weights = fitting.fit(places, "homography", {})
    assert found == pytest.approx(true, abs=3e-3)
    assert weights[150:].mean() > 2 * weights[:150].mean()


def test_places_that_say_nothing_leave_a_fit_at_what_is_expected_which_is_no_change() -> None:
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (20, 2))
    places = fitting.Places(points, points + 0.1, np.zeros((20, 2, 2)))
    found, _ = fitting.fit(places, "similarity", {"x": 0.1, "s": 0.2})
    assert found == pytest.approx({"x": 0, "y": 0, "s": 0, "r": 0}, abs=1e-9)


@pytest.mark.parametrize("model", ["shift", "similarity", "affine", "homography"])
def test_derivatives_of_residuals_are_those_of_differences(model: str) -> None:
    names = fitting.PARAMETERS[model]
    rng = np.random.default_rng(1)
    theta, points = rng.normal(0, 0.05, len(names)), rng.uniform(-0.4, 0.4, (5, 2))
    _, derivatives = fitting.residuals(theta, names, points, points)
    for k, step in enumerate(1e-6 * np.eye(len(names))):
        ahead, behind = (fitting.residuals(theta + sign * step, names, points, points)[0] for sign in (1, -1))
        np.testing.assert_allclose(derivatives[..., k], (ahead - behind) / 2e-6, atol=1e-7)


def test_contrast_is_made_equal_by_the_gaussian_window_of_opencv() -> None:
    image = np.random.default_rng(0).random((60, 84)).astype(np.float32) ** 3
    reach = int(2.5 * NEAR)
    taps = cv2.getGaussianKernel(2 * reach + 1, NEAR)

    def smooth(x: np.ndarray) -> np.ndarray:
        """Returns means of the pixels in the window that are image."""
        total, weight = (
            cv2.sepFilter2D(each, -1, taps, taps, borderType=cv2.BORDER_CONSTANT) for each in (x, np.ones_like(x))
        )
        return total / weight

    centred = image - smooth(image)
    expected = centred / (np.sqrt(smooth(centred**2)) + FLOOR)
    made = equal_contrast(jnp.asarray(image)[None, ..., None])[0, ..., 0]
    np.testing.assert_allclose(made, expected, atol=1e-5)


@pytest.mark.parametrize(("x", "y"), [(-2, 1), (2, -2)])
def test_neighbourhoods_are_found_where_the_map_was_moved_to(x: int, y: int) -> None:
    rng = np.random.default_rng(0)
    there = rng.normal(size=(24, 32, 8)).astype(np.float32)
    there /= np.linalg.norm(there, axis=-1, keepdims=True)
    here = np.roll(there, (-y, -x), (0, 1))  # what is at i here is at i + (y, x) there
    found = matching.match(here, there, np.ones((24, 32), np.float32), jnp.float32(10), 3)
    inner = np.asarray(found.shift)[3:-3, 3:-3]
    np.testing.assert_allclose(inner, np.broadcast_to([x, y], inner.shape), atol=0.2)


def test_all_shifts_are_sums_of_products() -> None:
    rng = np.random.default_rng(0)
    ir, vis = rng.normal(size=(3, 4, 2)), rng.normal(size=(1, 5, 7, 2))
    shown = (rng.random((1, 5, 7)) > 0.3).astype(np.float32)
    sums, counts = matching.all_shifts(ir, vis, np.ones((3, 4), np.float32), shown)
    part = (slice(1, 4), slice(2, 6))
    assert sums[0, 1, 2] == pytest.approx((ir * (vis * shown[..., None])[0][part]).sum(), abs=1e-4)
    assert counts[0, 1, 2] == pytest.approx(shown[0][part].sum(), abs=1e-4)


def test_known_views_show_the_same_points(street: tuple[np.ndarray, np.ndarray]) -> None:
    rows, cols = np.indices(SIZE)
    for place in (cols / SIZE[1], rows / SIZE[0]):
        seen = known_views(np.random.default_rng(4), place.astype(np.float32), place.astype(np.float32), Warps())
        moved = warps.warp(seen.vis, seen.matrix, seen.ir.shape)
        both = warps.covered(seen.matrix, seen.ir.shape)
        assert np.abs(moved - seen.ir)[both].max() < 0.01


def test_limits_that_no_view_of_a_pair_can_keep_are_an_error_and_no_endless_search() -> None:
    image = np.zeros((8, 8), np.float32)
    with pytest.raises(AssertionError, match="fit at last"):
        known_views(np.random.default_rng(0), image, image, Warps(shift=1000))


def test_a_random_map_keeps_its_limits() -> None:
    rng, limits = np.random.default_rng(0), Warps(shift=0.2, degrees=10, scales=(0.5, 2), perspective=0)
    size = 60, 80
    made = [Alignment(random_map(rng, size, limits), size, size) for _ in range(300)]
    for drawn, most in (
        ([one.shift[0] for one in made], (-0.2, 0.2)),
        ([one.shift[1] for one in made], (-0.2, 0.2)),
        ([one.rotation for one in made], (-10, 10)),
        ([math.log2(one.scale) for one in made], (-1, 1)),
    ):
        low, high = most
        assert low <= min(drawn) < 0.9 * low
        assert 0.9 * high < max(drawn) <= high
        assert abs(np.mean(drawn)) < 0.15 * high
