"""Rendered scenes: registered, repeatable, different for each seed, and lifelike where it can be measured."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax import images
from mfjax.data import synthetic
from mfjax.data.synthetic import layout, stage

SIZE = (72, 96)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def pair():
    return synthetic.scene(34, *SIZE)


def shrunk(image, size):
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def test_a_pair_is_gray_infrared_and_colour_visible_in_the_unit_range(pair):
    assert pair.ir.shape == SIZE
    assert pair.vis.shape == (*SIZE, 3)
    for image in pair:
        assert image.dtype == np.float32
        assert image.min() >= 0
        assert image.max() <= 1
    assert images.is_colour(pair.vis)


def test_without_colour_visible_is_the_luma_of_the_colour_one(pair):
    gray = synthetic.scene(34, *SIZE, colour=False).vis
    np.testing.assert_allclose(gray, pair.vis @ [0.299, 0.587, 0.114], atol=1e-6)


def test_a_seed_gives_the_same_scene_every_time(pair):
    again = synthetic.scene(34, *SIZE)
    np.testing.assert_array_equal(again.ir, pair.ir)
    np.testing.assert_array_equal(again.vis, pair.vis)


def test_other_seeds_give_other_scenes():
    small = [synthetic.scene(seed, 24, 32).ir.ravel() for seed in range(4)]
    alike = np.corrcoef(small) - np.eye(4)
    assert alike.max() < 0.95


def test_another_size_shows_the_same_scene(pair):
    large = synthetic.scene(34, 2 * SIZE[0], 2 * SIZE[1])
    for name in ("ir", "vis"):
        difference = shrunk(getattr(large, name), SIZE) - getattr(pair, name)
        assert np.abs(difference).mean() < 0.02, name


def test_another_shape_shows_the_same_field_of_view(pair):
    square = synthetic.scene(34, 144, 144)
    assert np.abs(shrunk(square.ir, SIZE) - pair.ir).mean() < 0.02


def test_the_two_modalities_say_different_things(pair):
    luma = pair.vis @ np.array([0.299, 0.587, 0.114], np.float32)
    assert np.corrcoef(pair.ir.ravel(), luma.ravel())[0, 1] < 0.9
    assert pair.ir.std() > 0.05
    assert luma.std() > 0.05


def test_infrared_is_softer_than_visible():
    ir, vis = synthetic.scene(29, 240, 320, colour=False)

    def sharpness(image):
        return np.abs(np.diff(image / image.std(), 2, axis=1)).mean()

    assert sharpness(ir) < sharpness(vis)


def test_a_person_is_brighter_in_infrared_than_the_pavement_around():
    street = layout.draw(np.random.default_rng(34))
    nearest = min(street.people, key=lambda who: who.z)
    (u, v), (_, foot) = street.camera.project(
        [(nearest.x, 0.75 * nearest.height, nearest.z), (nearest.x, 0.0, nearest.z)]
    )
    ir = synthetic.scene(34, 240, 320).ir
    col = int((u / stage.ASPECT + 0.5) * 320)
    rows = [int((0.5 - value) * 240) for value in (v, foot)]
    assert 0 <= col < 320
    assert 0 <= rows[0] < 240
    chest = ir[rows[0], col]
    assert chest > np.median(ir) + 0.2


def test_what_is_near_hides_what_is_far_in_any_order():
    camera = stage.Camera(x=0, height=2, focal=1, vanish_u=0, vanish_v=0)

    def flat(celsius):
        def shade(s, t, depth):
            return stage.Surface(np.ones_like(s, bool), np.zeros((*s.shape, 3)), np.full_like(s, celsius))

        return shade

    half_width = {5: 1, 9: 3}
    pictures = []
    for order in ([5, 9], [9, 5]):
        picture = stage.Stage(camera, 30, 40)
        for z in order:
            extent = (-half_width[z], half_width[z], -1, 1)
            picture.add((0, 2, z), (1, 0, 0), (0, 1, 0), extent, flat(z))
        pictures.append(picture.celsius)
    np.testing.assert_array_equal(*pictures)
    assert set(np.unique(pictures[0])) == {0, 5, 9}
    assert pictures[0][15, 20] == 5


def test_a_point_is_drawn_where_the_camera_projects_it():
    camera = stage.Camera(x=1, height=2, focal=1.2, vanish_u=0.1, vanish_v=-0.05)
    origin, along, up = np.array([0.5, 0, 6.0]), np.array([0.2, 0, 1]), np.array([0, 1, 0.1])
    s, t = 2.0, 1.5
    ((u, v),) = camera.project([origin + s * along + t * up])
    found = camera.ray_matrix(origin, along, up) @ (u, v, 1)
    np.testing.assert_allclose(found[:2] / found[2], (s, t))


def test_nothing_can_stand_in_the_camera():
    camera = stage.Camera(x=0, height=2, focal=1, vanish_u=0, vanish_v=0)
    with pytest.raises(ValueError, match=r"closer than 0\.4 m"):
        stage.Stage(camera, 8, 8).add((0, 0, 0.1), (1, 0, 0), (0, 1, 0), (0, 1, 0, 1), lambda *_: None)


def test_every_street_can_be_rendered():
    for seed in range(100, 105):
        ir, vis = synthetic.scene(seed, 12, 16)
        assert np.isfinite(ir).all()
        assert np.isfinite(vis).all()


def test_streets_differ_in_hour_and_layout():
    streets = [layout.draw(np.random.default_rng(seed)) for seed in range(60)]
    hours = [street.hour for street in streets]
    assert min(hours) < 0.25
    assert max(hours) > 0.75
    assert {len({house.side for house in street.buildings}) for street in streets} == {1, 2}
    assert len({len(street.people) for street in streets}) > 3
    assert replace(streets[0], hour=0.0) != streets[1]


@pytest.mark.parametrize("size", [(0, 8), (8, -1)])
def test_a_scene_without_pixels_is_refused(size):
    with pytest.raises(ValueError, match="at least 1x1"):
        synthetic.scene(0, *size)


def test_a_folder_holds_pairs_of_the_same_names(tmp_path):
    synthetic.write_folder(tmp_path, 2, 7, ir_size=(24, 32))
    names = [sorted(path.name for path in (tmp_path / kind).iterdir()) for kind in ("ir", "vis")]
    assert names[0] == names[1] == ["00007.png", "00008.png"]
    assert images.read(tmp_path / "ir/00007.png").shape == (24, 32)
    assert images.read(tmp_path / "vis/00007.png").shape == (24, 32, 3)


def test_a_folder_may_hold_gray_pairs_of_two_sizes(tmp_path):
    synthetic.write_folder(tmp_path, 1, 0, ir_size=(24, 32), vis_size=(36, 48), colour=False)
    assert images.read(tmp_path / "ir/00000.png").shape == (24, 32)
    assert images.read(tmp_path / "vis/00000.png").shape == (36, 48)


def test_the_example_files_are_what_the_script_renders(tmp_path):
    spec = importlib.util.spec_from_file_location("render", EXAMPLES / "render.py")
    render = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(render)
    render.main(tmp_path)
    for name, shape in (("street_ir.png", (240, 320)), ("street_vis.png", (480, 640, 3))):
        rendered, shipped = images.read(tmp_path / name), images.read(EXAMPLES / name)
        assert shipped.shape == shape
        # Another processor or OpenCV may round an edge otherwise, never much of the picture.
        assert np.mean(np.abs(rendered.astype(int) - shipped) > 2) < 0.02


def test_boxes_hold_people_who_are_warm_and_all_that_is_seen_of_them():
    ir = synthetic.scene(34, 240, 320).ir
    people = [each for each in synthetic.objects(34, 240, 320, least=12) if each.kind == "person"]
    assert people
    for each in people:
        rows = slice(round(240 * each.top), round(240 * each.bottom))
        cols = slice(round(320 * each.left), round(320 * each.right))
        inside = ir[rows, cols]
        around = ir[max(0, rows.start - 3) : rows.stop + 3, max(0, cols.start - 3) : cols.stop + 3]
        assert inside.mean() > np.median(ir)
        assert inside.mean() >= around.mean()


def test_box_of_somebody_in_the_open_is_where_the_camera_projects_them():
    street = layout.draw(np.random.default_rng(34))
    nearest = min(street.people, key=lambda who: who.z)
    (u, head), (_, foot) = street.camera.project([(nearest.x, nearest.height, nearest.z), (nearest.x, 0, nearest.z)])
    middle, top, bottom = u / stage.ASPECT + 0.5, 0.5 - head, min(0.5 - foot, 1)  # cut by the picture's edge
    people = [each for each in synthetic.objects(34, 240, 320) if each.kind == "person"]
    apart = [abs((p.left + p.right) / 2 - middle) + abs(p.top - top) + abs(p.bottom - bottom) for p in people]
    assert min(apart) < 0.02


def test_boxes_are_the_same_in_pictures_of_any_size_but_for_those_too_small():
    small, large = (synthetic.objects(34, size, size * 4 // 3, least=8) for size in (96, 192))
    assert len(small) < len(large)
    for each in small:
        assert min(np.abs(np.subtract(each[1:], other[1:])).max() for other in large if other.kind == each.kind) < 0.02


def test_labels_of_a_folder_are_boxes_in_yolos_format(tmp_path):
    synthetic.write_folder(tmp_path, 1, 34, ir_size=(24, 32), vis_size=(96, 128), labels=True)
    lines = (tmp_path / "labels" / "00034.txt").read_text().splitlines()
    assert (tmp_path / "labels" / "classes.txt").read_text() == "person\ncar\n"
    found = synthetic.objects(34, 96, 128)
    assert len(lines) == len(found)
    kind, x, y, width, height = map(float, lines[0].split())
    assert synthetic.KINDS[int(kind)] == found[0].kind
    corners = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    np.testing.assert_allclose(corners, found[0][1:], atol=2e-6)
