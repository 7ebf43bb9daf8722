"""Data sets from small trees in each one's published layout: finding, building, leaving out and reading back."""

import functools
import json
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mfjax import images
from mfjax.data.config import DataConfig
from mfjax.data.pipeline import batches
from mfjax.data.selection import Subset
from mfjax.data.sets.builders import build
from mfjax.data.sets.built import BuiltPairs
from mfjax.data.sets.layouts import LAYOUTS
from mfjax.data.sets.layouts.flir_adas import CROPS
from mfjax.data.synthetic import Scene, scene


@functools.cache
def shot(seed, height, width, colour=True):
    """Returns a rendered scene; large ones are enlarged from smaller ones, which is faster."""
    small = scene(seed, min(height, 128), min(width, 160), colour=colour)
    return Scene(*(cv2.resize(image, (width, height)) for image in small))


def put(root, path, image):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    images.write(root / path, images.from_float(image))


def put_pair(root, ir, vis, seed=0, ir_size=(60, 80), vis_size=(60, 80)):
    put(root, ir, shot(seed, *ir_size).ir)
    put(root, vis, shot(seed, *vis_size).vis)


def reasons(result):
    return {pair.name: (pair.kind, pair.reason) for pair in result.left_out}


@pytest.fixture(scope="module")
def flir(tmp_path_factory):
    """Release 1 with a visible camera that sees more: 0 is registered by the crop, 1 is another street."""
    root = tmp_path_factory.mktemp("flir") / "FLIR_ADAS_1_3"
    left, top, width, height = CROPS[1600, 1800]
    for number, seed in enumerate((3, 8)):
        put(root, f"train/thermal_8_bit/FLIR_0000{number}.jpeg", shot(3, 512, 640).ir)
        vis = np.zeros((1600, 1800, 3), np.float32)
        seen = cv2.resize(shot(seed, 512, 640).vis, (int(width), int(height)))
        vis[int(top) : int(top + height), int(left) : int(left + width)] = seen
        put(root, f"train/RGB/FLIR_0000{number}.jpg", vis)
    put(root, "train/thermal_8_bit/FLIR_00002.jpeg", shot(3, 60, 80).ir)
    put_pair(root, "val/thermal_8_bit/FLIR_08863.jpeg", "val/RGB/FLIR_08863.jpg")
    return root.parent


def test_kaist_has_the_authors_split_and_names_by_set_video_and_frame(tmp_path):
    for video, frame in (("set00/V000", 0), ("set00/V001", 7), ("set05/V000", 1), ("set06/V000", 2)):
        put_pair(tmp_path, f"{video}/lwir/I{frame:05d}.jpg", f"{video}/visible/I{frame:05d}.jpg")
    build("kaist", tmp_path, tmp_path / "built")
    train, test = (BuiltPairs(tmp_path / "built/kaist", split) for split in ("train", "test"))
    assert train.names == ["set00/V000/I00000", "set00/V001/I00007", "set05/V000/I00001"]
    assert test.names == ["set06/V000/I00002"]
    assert BuiltPairs(tmp_path / "built/kaist").split == "train"


def test_built_pairs_are_a_sequence_in_the_order_of_their_names(own, tmp_path):
    build("pair_folder", own, tmp_path)
    built = BuiltPairs(tmp_path / "pair_folder")
    assert [pair.name for pair in built] == built.names == ["good", "good too", "small"]
    assert built[-1].name == "small"
    assert [pair.ir.shape for pair in built] == built.sizes


def test_road_scene_is_read_at_the_size_of_its_smaller_infrared(tmp_path):
    put_pair(tmp_path, "cropinfrared/FLIR_1.jpg", "crop_HR_visible/FLIR_1.jpg", 1, (60, 80), (180, 232))
    build("road_scene", tmp_path, tmp_path / "built")
    pair = BuiltPairs(tmp_path / "built/road_scene")[0]
    visible = cv2.imread(str(tmp_path / "crop_HR_visible/FLIR_1.jpg"))
    expected = cv2.resize(cv2.cvtColor(visible, cv2.COLOR_BGR2GRAY), (80, 60), interpolation=cv2.INTER_AREA)
    assert pair.ir.shape == pair.vis.shape == (60, 80)
    assert np.abs(pair.vis.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(pair.ir, cv2.imread(str(tmp_path / "cropinfrared/FLIR_1.jpg"), cv2.IMREAD_GRAYSCALE))


def test_built_pair_as_it_is_stored_is_neither_cut_nor_averaged(tmp_path):
    put_pair(tmp_path, "cropinfrared/FLIR_1.jpg", "crop_HR_visible/FLIR_1.jpg", 1, (60, 80), (180, 232))
    build("road_scene", tmp_path, tmp_path / "built")
    stored = Subset(BuiltPairs(tmp_path / "built/road_scene"), [0]).stored(0)
    assert (stored.ir.shape, stored.vis.shape) == ((60, 80), (180, 232))


TNO_SCENES = {
    "Athena_images/2_men_in_front_of_house": ("IR_meting003_g.bmp", "VIS_meting003_r.bmp"),
    "Athena_images/APC_1/view_1": ("IR_fk_06_005.bmp", "VIS_fk_06_005.bmp"),
    "Athena_images/airplane_in_trees": ("ir.bmp", "vis.bmp"),
    "Athena_images/bunker": ("IR_Bunker.bmp", "EO_Bunker.bmp"),
    "DHV_images/bench": ("IR_37rad.bmp", "VIS_37dhvR.bmp"),
    "FEL_images/Nato_camp_sequence": ("thermal/1819i.bmp", "visual/1819v.bmp"),
    "Triclobs_images/Kaptein_01": ("IR01.bmp", "Vis01.bmp"),
    "Triclobs_images/Marne_01": ("Marne_01_IR.bmp", "Marne_01_Vis.bmp"),
    "tank": ("LWIR.tif", "Vis.tif"),
}


def test_tno_pairs_are_found_in_all_its_ways_of_naming(tmp_path):
    root = tmp_path / "TNO_Image_Fusion_Dataset"
    for seed, (folder, (ir, vis)) in enumerate(TNO_SCENES.items()):
        put_pair(root, f"{folder}/{ir}", f"{folder}/{vis}", seed)
    put(root, "Triclobs_images/Kaptein_01/NIR01.bmp", shot(9, 60, 80).ir)
    result = build("tno", root, tmp_path / "built")
    assert result.left_out == []
    built = BuiltPairs(tmp_path / "built/tno")
    assert {*built.names} == {*TNO_SCENES}
    for index, name in enumerate(built.names):
        ir, _ = TNO_SCENES[name]
        expected = cv2.imread(str(root / name / ir), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(built[index].ir, expected, name)


def test_frames_of_a_tno_sequence_pair_by_number(tmp_path):
    for number in (10, 11):
        part = "DHV_images/Fire_sequence/part_1"
        put_pair(tmp_path, f"{part}/thermal/RAD{number}.bmp", f"{part}/dhv/DHV{number}.bmp")
    put(tmp_path, "DHV_images/Fire_sequence/part_1/dhv/DHV12.bmp", shot(9, 60, 80).vis)
    result = build("tno", tmp_path, tmp_path / "built")
    part = "DHV_images/Fire_sequence/part_1"
    assert BuiltPairs(tmp_path / "built/tno").names == [f"{part}/10", f"{part}/11"]
    assert reasons(result)[f"{part}/12"][0] == "incomplete"


def test_flir_visible_images_are_stored_whole_and_read_as_infrared_sees_them(flir, tmp_path):
    build("flir_adas", flir, tmp_path)
    built = BuiltPairs(tmp_path / "flir_adas")
    assert built.names == ["FLIR_00000"]
    pair = built[0]
    assert pair.ir.shape == pair.vis.shape == (512, 640)
    expected = images.from_float(shot(3, 512, 640, colour=False).vis)
    assert np.abs(pair.vis.astype(int) - expected)[4:-4, 4:-4].mean() < 3


def test_flir_lists_what_it_left_out_and_why(flir, tmp_path):
    result = build("flir_adas", flir, tmp_path)
    found = reasons(result)
    assert found["FLIR_00001"][0] == "alignment"
    assert "FLIR_00002.jpeg has no visible partner" in found["FLIR_00002"][1]
    assert found["FLIR_08863"] == ("view", "which part of 60x80 infrared sees is not known; give a homography for it")
    assert result.summary == "kept 1 of 4; left out 3: 1 alignment, 1 incomplete, 1 view"
    listed = json.loads((result.folder / "left_out.json").read_text())
    assert {split: [pair["name"] for pair in pairs] for split, pairs in listed.items()} == {
        "train": ["FLIR_00001", "FLIR_00002"],
        "val": ["FLIR_08863"],
    }


def test_a_homography_of_ones_own_replaces_the_crop(tmp_path):
    source = tmp_path / "source"
    own = shot(5, 120, 160)
    wide = np.zeros((200, 260, 3), np.float32)
    wide[30:150, 50:210] = own.vis
    put(source, "train/thermal_8_bit/FLIR_1.jpeg", own.ir)
    put(source, "train/RGB/FLIR_1.jpg", wide)
    (tmp_path / "h.json").write_text('{"200x260": [[1, 0, 50], [0, 1, 30], [0, 0, 1]]}')
    build("flir_adas", source, tmp_path / "built", homographies=tmp_path / "h.json")
    stored = cv2.cvtColor(cv2.imread(str(source / "train/RGB/FLIR_1.jpg")), cv2.COLOR_BGR2GRAY)
    seen = BuiltPairs(tmp_path / "built/flir_adas")[0].vis
    assert np.abs(seen.astype(int) - stored[30:150, 50:210]).max() <= 1


@pytest.mark.parametrize("text", ["[]", '{"200": [[1]]}', '{"2x3": [[0,0,0],[0,0,0],[0,0,0]]}', "no json"])
def test_wrong_homography_file_is_refused(flir, tmp_path, text):
    (tmp_path / "h.json").write_text(text)
    with pytest.raises(ValueError, match=r"h\.json"):
        build("flir_adas", flir, tmp_path, homographies=tmp_path / "h.json")


def test_flir_release_two_pairs_by_its_map(tmp_path):
    root = tmp_path / "FLIR_ADAS_v2"
    thermal, rgb = "video-A-frame-000001-abc.jpg", "video-B-frame-000001-xyz.jpg"
    for folder, kind in (("video_{}_test", "video"), ("images_{}_train", "train")):
        put(root, f"{folder.format('thermal')}/data/{kind}-{thermal}", shot(1, 102, 128).ir)
        put(root, f"{folder.format('rgb')}/data/{kind}-{rgb}", shot(1, 1024, 1224).vis)
    (root / "rgb_to_thermal_vid_map.json").write_text(json.dumps({f"video-{rgb}": f"video-{thermal}"}))
    result = build("flir_adas", root, tmp_path / "built", min_alignment=0)
    assert BuiltPairs(tmp_path / "built/flir_adas", "video").names == ["video-video-A-frame-000001-abc"]
    assert [pair.kind for pair in result.left_out] == ["incomplete"]


def test_a_split_without_pairs_is_not_there(flir, tmp_path):
    build("flir_adas", flir, tmp_path)
    with pytest.raises(ValueError, match=r"flir_adas has no split val; name one of its own: .*flir_adas@train$"):
        BuiltPairs(tmp_path / "flir_adas", "val")


@pytest.mark.parametrize("name", LAYOUTS)
def test_folder_without_the_files_says_which_are_wanted_and_from_where(name, tmp_path):
    layout = LAYOUTS[name]
    with pytest.raises(ValueError, match="has none of its files") as error:
        build(name, tmp_path, tmp_path / "built")
    assert layout.home in str(error.value)
    assert layout.files in str(error.value)
    assert not (tmp_path / "built").exists()


@pytest.fixture
def own(tmp_path):
    """A user's folder with five pairs, of which one is damaged, one of another aspect, one small, and a lone image."""
    root = tmp_path / "own"
    put_pair(root, "ir/good.png", "vis/good.jpg", 1, (60, 80), (120, 160))
    put_pair(root, "ir/good too.png", "vis/good too.jpg", 2)
    put_pair(root, "ir/wide.png", "vis/wide.png", 1, (60, 80), (60, 120))
    put_pair(root, "ir/small.png", "vis/small.png", 1, (30, 40), (120, 160))
    put_pair(root, "ir/broken.png", "vis/broken.png")
    (root / "vis/broken.png").write_bytes((root / "vis/broken.png").read_bytes()[:2000])
    put(root, "ir/lone.png", shot(1, 60, 80).ir)
    return root


def test_pairs_that_are_not_fit_are_left_out_with_reasons(own, tmp_path):
    result = build("pair_folder", own, tmp_path, min_side=50)
    found = reasons(result)
    assert {name: kind for name, (kind, _) in found.items()} == {
        "broken": "unreadable",
        "lone": "incomplete",
        "small": "size",
        "wide": "aspect",
    }
    assert found["wide"][1] == "infrared is 60x80 but visible, as infrared sees it, 60x120"
    assert "cut short or damaged" in found["broken"][1]
    assert result.summary.startswith("kept 2 of 6; left out 4:")


def test_stored_files_are_those_of_the_source_byte_for_byte(own, tmp_path):
    import tensorflow_datasets as tfds

    folder = build("pair_folder", own, tmp_path).folder
    first = tfds.builder_from_directory(folder).as_data_source(split="pairs")[0]
    assert first["name"] == b"good"
    assert first["ir"] == (own / "ir/good.png").read_bytes()
    assert first["vis"] == (own / "vis/good.jpg").read_bytes()
    assert first["alignment"] > 0.9


def test_a_set_of_which_nothing_is_fit_is_an_error_that_leaves_nothing_behind(tmp_path):
    put_pair(tmp_path, "own/ir/wide.png", "own/vis/wide.png", 1, (60, 80), (60, 120))
    with pytest.raises(ValueError, match=r"kept 0 of 1; left out 1: 1 aspect, such as wide: infrared is 60x80"):
        build("pair_folder", tmp_path / "own", tmp_path / "built")
    with pytest.raises(ValueError, match="holds no built data set"):
        BuiltPairs(tmp_path / "built/pair_folder")


def test_a_set_is_not_built_over_another(own, tmp_path):
    build("pair_folder", own, tmp_path)
    with pytest.raises(ValueError, match=r"1\.0\.0 is built already; remove it"):
        build("pair_folder", own, tmp_path)


def test_training_takes_built_sets_beside_folders(own, tmp_path):
    put_pair(tmp_path / "plain", "ir/a.png", "vis/a.png", 4)
    build("pair_folder", own, tmp_path / "data", min_side=50)
    config = DataConfig(roots=(str(tmp_path / "data/pair_folder"), str(tmp_path / "plain")), crop=16, batch=8)
    reader = batches(config, 0)
    first, second = next(reader), next(reader)
    assert first.ir.shape == first.vis.shape == (8, 24, 24, 1)
    assert not np.array_equal(first.ir, second.ir)
    again = next(batches(config, 0, start=1))
    np.testing.assert_array_equal(again.vis, second.vis)


def test_training_on_another_split_is_asked_for_by_name(tmp_path):
    put_pair(tmp_path, "set00/V000/lwir/I00000.jpg", "set00/V000/visible/I00000.jpg", 1)
    put_pair(tmp_path, "set06/V000/lwir/I00000.jpg", "set06/V000/visible/I00000.jpg", 2)
    build("kaist", tmp_path, tmp_path)
    crops = {
        split: next(batches(DataConfig(roots=(f"{tmp_path}/kaist{split}",), crop=16), 0)).ir
        for split in ("", "@train", "@test")
    }
    np.testing.assert_array_equal(crops[""], crops["@train"])
    assert not np.array_equal(crops[""], crops["@test"])
    with pytest.raises(ValueError, match=r"has no split val; name one of its own: .*kaist@train, .*kaist@test"):
        batches(DataConfig(roots=(f"{tmp_path}/kaist@val",)), 0)


def test_built_images_too_small_for_a_crop_are_found_before_training(own, tmp_path):
    build("pair_folder", own, tmp_path)
    config = DataConfig(roots=(str(tmp_path / "pair_folder"),), crop=40)
    with pytest.raises(ValueError, match=r"1 of 3 pairs of pair_folder are too small, such as small of 30x40"):
        batches(replace(config, scales=(10, 10)), 0)


def test_neither_pairs_nor_pipeline_import_tfds_and_builders_no_tensorflow():
    code = (
        "import sys, mfjax.data.pipeline; assert 'tensorflow_datasets' not in sys.modules;"
        "import mfjax.data.sets.builders; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
