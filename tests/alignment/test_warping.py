"""Resampling a source to a frame: exact on smooth images, not at all where pixels need not move."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax import MfjaxError
from mfjax.alignment import geometry
from mfjax.alignment.warping import resampled, resampled_purely, seen_through
from mfjax.alignment.windows import Window, placed

TURNED = np.array([[0.9, -0.06, 0.08], [0.08, 0.9, 0.01], [0.02, 0.01, 1.0]])


def waves(points):
    """Returns a smooth function of unit coordinates (x, y)."""
    x, y = points[..., 0], points[..., 1]
    return (0.5 + 0.2 * np.sin(9 * x + 2 * y) + 0.2 * np.cos(7 * y)).astype(np.float32)


def centres(size):
    y, x = np.meshgrid(*((np.arange(side) + 0.5) / side for side in size), indexing="ij")
    return np.stack([x, y], axis=-1)


def test_a_smooth_image_is_resampled_to_what_it_is_there():
    made = resampled(waves(centres((60, 80))), TURNED, (90, 110))
    np.testing.assert_allclose(made, waves(geometry.mapped(TURNED, centres((90, 110)))), atol=4e-3)


def test_a_finer_source_is_averaged_before_it_is_resampled():
    noise = np.random.default_rng(0).random((300, 400)).astype(np.float32)
    made = resampled(noise, TURNED, (30, 40))
    assert made.std() < 0.4 * noise.std()


def test_a_source_that_need_not_move_is_left_as_it_is():
    image = waves(centres((6, 8)))
    assert seen_through(image, np.eye(3), (60, 80))[0] is image


def test_whole_pixels_of_a_source_are_cut_out_of_it():
    image = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    made, window = seen_through(image, geometry.cropped(3, 5, (20, 30), (40, 50)), (20, 30))
    np.testing.assert_array_equal(made, image[3:23, 5:35])
    assert window is None


def test_a_scaled_and_shifted_source_keeps_its_pixels_and_covers_the_output():
    image = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    matrix = np.array([[1.31, 0, -0.2], [0, 0.7, 0.21], [0, 0, 1]])
    made, (corner, sides) = placed(image, matrix, (80, 100))
    top, left = 8, 10  # rows from 8.4 to 36.4 and columns from -10 to 55.5 lie under the output
    assert made.shape == (37 - 8, 56 + 10)
    np.testing.assert_array_equal(made[:, left:60], image[top:37])
    np.testing.assert_array_equal(made[:, :left], np.repeat(image[top:37, :1], left, axis=1))
    assert max(corner) <= 0
    assert min(np.add(corner, sides)) >= 1 - 1e-9
    # A pixel's middle lies where the map puts it: of column 20 of the source, which is column 30 of what is placed.
    in_output = corner[1] + sides[1] * 30.5 / made.shape[1]
    assert matrix[0, 0] * in_output + matrix[0, 2] == pytest.approx(20.5 / 50)


def test_a_source_that_is_neither_is_resampled():
    image = waves(centres((40, 50)))
    made, window = seen_through(image, TURNED, (20, 30))
    np.testing.assert_array_equal(made, resampled(image, TURNED, (20, 30)))
    assert window is None


def test_a_scaled_source_is_seen_through_its_window():
    image = waves(centres((40, 50)))
    matrix = np.array([[0.503, 0, 0.2], [0, 0.507, 0.2], [0, 0, 1]])
    made, window = seen_through(image, matrix, (80, 100))
    expected = placed(image, matrix, (80, 100))
    np.testing.assert_array_equal(made, expected.image)
    assert window == expected.window


def test_an_output_that_is_too_large_to_be_resampled_is_refused_with_both_sizes():
    with pytest.raises(MfjaxError, match="aligning 40x50 to 32767x4: sides have at most 32,766 pixels"):
        resampled(np.zeros((40, 50), np.float32), TURNED, (32767, 4))


def test_a_source_that_lies_on_its_side_is_averaged_along_its_own_axes():
    fine_rows = np.tile(waves(centres((20, 1))), (1, 400))  # [20, 400]: all columns are alike
    on_its_side = np.array([[0, 1, 0], [-1, 0, 1], [0, 0, 1.0]])
    made = resampled(fine_rows, on_its_side, (40, 20))
    expected = waves(geometry.mapped(on_its_side, centres((40, 20))) * [0, 1] + [0.5, 0])
    np.testing.assert_allclose(made, expected, atol=0.01)


def test_a_window_in_pixels_of_an_output_and_of_its_source():
    window = Window((-0.25, -0.1), (1.5, 1.2))
    assert window.on((8, 10)) == ([-2, -1], [12, 12])
    assert window.cover((8, 10)) == (12, 12)
    assert window.cover((1, 1)) == (2, 2)
    assert window.under((30, 36)) == (20, 30)
    assert window.under((1, 1)) == (1, 1)


@pytest.mark.parametrize(
    "matrix",
    [TURNED, np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1.0]])],
    ids=["turned", "mirrored"],
)
def test_other_maps_are_not_placed(matrix):
    assert placed(np.zeros((40, 50), np.float32), matrix, (80, 100)) is None


def test_a_turn_of_less_than_a_tenth_of_a_pixel_is_placed():
    matrix = np.array([[1.3, 1e-3, -0.1], [-1e-3, 1.3, -0.2], [0, 0, 1]])
    assert placed(np.zeros((40, 50), np.float32), matrix, (80, 100)) is not None
    assert placed(np.zeros((400, 500), np.float32), matrix, (800, 1000)) is None


class PureResampling(chex.TestCase):
    @chex.variants(with_jit=True, without_jit=True, with_device=True, without_device=True)
    def test_the_pure_function_does_what_opencv_does(self):
        image = np.random.default_rng(0).random((30, 40)).astype(np.float32)
        smooth = resampled(image, np.eye(3) * 1.0, (60, 80))
        made = self.variant(lambda x, m: resampled_purely(x, m, (70, 90)))(smooth[None, ..., None], jnp.array(TURNED))
        assert made.shape == (1, 70, 90, 1)
        np.testing.assert_allclose(
            np.clip(made[0, ..., 0], 0, 1), resampled(smooth, TURNED, (70, 90)), atol=0.03
        )  # OpenCV rounds places to 1/32 pixel


def test_a_flat_image_stays_as_flat_as_it_is():
    made = resampled_purely(jnp.full((1, 30, 40, 1), 0.5), jnp.array(TURNED), (70, 90))
    np.testing.assert_allclose(made, 0.5, atol=1e-6)


def test_the_gradient_of_the_map_is_that_of_finite_differences():
    image = jnp.asarray(waves(centres((30, 40))))[None, ..., None]
    wanted = jnp.asarray(waves(centres((24, 32))))

    def error(matrix):
        return ((resampled_purely(image, matrix, (24, 32))[0, ..., 0] - wanted) ** 2).mean()

    gradient = jax.jit(jax.grad(error))(jnp.array(TURNED))
    for at in ((0, 0), (0, 2), (1, 1), (1, 2), (2, 0)):
        step = np.zeros((3, 3))
        step[at] = 2e-3
        slope = (error(jnp.array(TURNED + step)) - error(jnp.array(TURNED - step))) / 4e-3
        np.testing.assert_allclose(gradient[at], slope, rtol=0.03, atol=1e-4)
