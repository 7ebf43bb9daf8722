"""Finding pairs by the names of their files, and the messages about files without a partner."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfjax.errors import MfjaxError
from mfjax.pairing import find_pairs
from mfjax.pairing.folders import File
from mfjax.pairing.search import _of_one, _of_two


@pytest.fixture
def folders(tmp_path):
    """Returns a function that makes two folders with empty files of the given names."""

    def make(ir, vis):
        for folder, names in (("ir", ir), ("vis", vis)):
            (tmp_path / folder).mkdir(exist_ok=True)
            for name in names:
                (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / folder / name).touch()
        return tmp_path / "ir", tmp_path / "vis"

    return make


@pytest.fixture
def folder(folders):
    """Returns a function that makes one folder with empty files of the given names."""
    return lambda *names: folders(names, [])[0]


def names(found):
    return [(pair.name, pair.ir.name, pair.vis.name) for pair in found.pairs]


def test_equal_names_are_paired_whatever_their_extension(folders):
    found = find_pairs(*folders(["a.png", "b.tif"], ["b.JPG", "a.png"]))
    assert names(found) == [("a", "a.png", "a.png"), ("b", "b.tif", "b.JPG")]
    assert not found.problems
    assert not found.notes


@pytest.mark.parametrize(
    ("ir", "vis", "name"),
    [
        ("IR_01.png", "VIS_01.png", "01"),
        ("01-thermal.tif", "01-rgb.png", "01"),
        ("IR7.bmp", "VIS7.bmp", "7"),
        ("set1_lwir_0042.png", "set1_visible_0042.png", "set1_0042"),
        ("house_infrared.png", "house.png", "house"),
        ("house.png", "house_color.png", "house"),
        ("ir_7.png", "vis_007.png", "007"),
        ("ir.png", "vis.png", "fused"),
        ("FLIR_3.png", "FLIR_3_vis.png", "FLIR_3"),
        ("scene 1 (thermal).png", "scene 1 (visible).png", "scene 1"),
        ("HouseIR01.png", "HouseVIS01.png", "House01"),
        ("1ir2.png", "1vis2.png", "1_2"),
        ("红外_1.png", "可见光_1.png", "1"),
        ("街道红外1.png", "街道可见光1.png", "街道1"),
    ],
)
def test_names_that_differ_by_a_modality_tag_are_paired(ir, vis, name, folders):
    found = find_pairs(*folders([ir], [vis]))
    assert names(found) == [(name, ir, vis)]
    assert not found.problems
    assert not found.notes


REAL = [
    ("FLIR_{}_PreviewData.jpeg", "FLIR_{}_RGB.jpg", "PreviewData", "RGB"),
    ("{}i.png", "{}v.png", "i", "v"),
    ("i{}.png", "v{}.png", "i", "v"),
    ("DJI_20230101120000_{}_T.JPG", "DJI_20230101120000_{}_W.JPG", "T", "W"),
    ("DJI_{}_T.JPG", "DJI_{}_V.JPG", "T", "V"),
    ("{}_THRM.png", "{}_WIDE.png", "THRM", "WIDE"),
    ("{}_ir.png", "{}_co.png", "ir", "co"),
    ("{}_th.png", "{}_rgb.png", "th", "rgb"),
    ("fl_ir_aligned_{}.png", "fl_rgb_{}.png", "ir_aligned", "rgb"),
]


@pytest.mark.parametrize("numbers", [["0001"], ["0001", "0002", "0010"]])
@pytest.mark.parametrize(("ir", "vis", "ir_tag", "vis_tag"), REAL)
def test_names_of_real_cameras_and_data_sets_are_paired_and_their_tags_said(
    ir, vis, ir_tag, vis_tag, numbers, folders, folder
):
    files = [[form.format(number) for number in numbers] for form in (ir, vis)]
    for found in (find_pairs(*folders(*files)), find_pairs(folder(*files[0], *files[1]))):
        assert [each[1:] for each in names(found)] == list(zip(*files, strict=True))
        assert not found.problems
        said = f"infrared images are those with {ir_tag!r} in their names, visible ones those with {vis_tag!r}"
        assert found.notes == [said]


def test_unknown_tags_are_inferred_from_two_folders_and_said(folders):
    found = find_pairs(*folders(["x_1.png", "x_2.png", "x_3.png"], ["y_2.png", "y_3.png", "y_4.png"]))
    assert names(found) == [("2", "x_2.png", "y_2.png"), ("3", "x_3.png", "y_3.png")]
    assert found.problems == ["no visible image for x_1.png", "no infrared image for y_4.png"]
    assert found.notes == ["infrared images are those with 'x' in their names, visible ones those with 'y'"]


@pytest.mark.parametrize(("ir", "vis"), [("{}_x", "{}"), ("{}", "{}_x")])
def test_tag_that_only_one_kind_has_is_inferred(ir, vis, folders):
    found = find_pairs(*folders(*([f"{form.format(name)}.png" for name in "ab"] for form in (ir, vis))))
    assert [pair.name for pair in found.pairs] == ["a", "b"]
    assert "those with 'x' in their names" in found.notes[0]


@pytest.mark.parametrize(
    ("ir", "vis"),
    [
        (["first.png"], ["fst.png"]),  # a tag inside a word is none
        (["dog.png"], ["cat.png"]),
        (["dog_1.png"], ["cat_1.png"]),  # one pair is no evidence
        (["ir_dog_1.png", "ir_dog_2.png"], ["rgb_cat_1.png", "rgb_cat_2.png"]),  # another scene
        (["x_dog_1.png", "x_dog_2.png"], ["y_cat_1.png", "y_cat_2.png"]),
        (["cam1_x.png", "cam1_y.png"], ["cam2_x.png", "cam2_y.png"]),  # numbers are no tags
        (["DJI_20230101120000_0001_T.JPG"], ["DJI_20230101120001_0001_W.JPG"]),  # another second
        (["a_T.png", "b_x.png"], ["a_W.png", "b_y.png"]),  # no tag is constant
    ],
)
def test_files_whose_names_are_not_equal_without_a_constant_tag_are_never_paired(ir, vis, folders):
    with pytest.raises(MfjaxError, match="no pairs in"):
        find_pairs(*folders(ir, vis))


@pytest.mark.parametrize(("ir", "vis"), [("{}_rgb", "{}_ir"), ("{}_W", "{}_T"), ("{} (visible)", "{} (thermal)")])
def test_folders_in_the_wrong_order_are_refused(ir, vis, folders):
    with pytest.raises(MfjaxError, match="give the folders in the other order, infrared first"):
        find_pairs(*folders([f"{ir.format(1)}.png"], [f"{vis.format(1)}.png"]))


def test_equal_names_go_before_names_without_tags(folders):
    found = find_pairs(*folders(["a.png", "a_ir.png"], ["a.png", "a_vis.png"]))
    assert names(found) == [("a", "a.png", "a.png"), ("a", "a_ir.png", "a_vis.png")]
    assert not found.problems


def test_word_of_a_name_that_could_be_a_tag_pairs_no_other_scene(folders):
    found = find_pairs(*folders(["a_ir.png", "scene_ir.png", "scene_vi_ir.png"], ["a.png", "scene_vi.png"]))
    assert names(found) == [("a", "a_ir.png", "a.png")]
    assert found.problems == ["several files of one name: scene_ir.png, scene_vi_ir.png, scene_vi.png"]


def test_pairs_come_in_the_order_of_their_numbers(folders):
    files = [f"s{number}.png" for number in (10, 9, 1, 100, 2)]
    found = find_pairs(*folders(files, files))
    assert [pair.name for pair in found.pairs] == ["s1", "s2", "s9", "s10", "s100"]


def test_files_without_a_partner_are_listed(folders):
    found = find_pairs(*folders(["a.png", "b.png"], ["a.png", "d.png", "c.png"]))
    assert len(found.pairs) == 1
    assert found.problems == ["no visible image for b.png", "no infrared image for c.png, d.png"]
    assert [path.name for path in found.lone_ir] == ["b.png"]


def test_a_long_list_is_cut_with_a_count(folders):
    files = ["a.png", *(f"{number}.png" for number in range(20))]
    assert find_pairs(*folders(files, ["a.png"])).problems == [
        "no visible image for 0.png, 1.png, 2.png, 3.png, 4.png and 15 more"
    ]


def test_several_files_of_one_name_are_a_problem_and_no_pair(folders):
    found = find_pairs(*folders(["a.png", "a.tif", "b.png"], ["a.png", "b.png"]))
    assert [pair.name for pair in found.pairs] == ["b"]
    assert found.problems == ["several files of one name: a.png, a.png, a.tif"]


def test_ignored_files_and_folders_are_said_in_a_line_but_not_hidden_ones(folders):
    ir, vis = folders(["a.png", ".a.png", ".DS_Store", "b.heic", "README.md"], ["a.png", "Thumbs.db"])
    (ir / "more").mkdir()
    found = find_pairs(ir, vis, flags=True)
    assert [pair.name for pair in found.pairs] == ["a"]
    assert found.notes == [
        f"{ir}: ignored 2 files of other formats (b.heic, README.md) and 1 folder (more; --recursive reads them)"
    ]


def test_what_lies_beside_the_two_folders_of_one_folder_is_said_in_a_line(folders, tmp_path):
    folders(["a.png"], ["a.png"])
    assert find_pairs(tmp_path).notes == []
    for name in ("depth", "radar", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "pairs.csv").touch()
    assert find_pairs(tmp_path).notes == [f"{tmp_path}: pairs are those of ir and vis, not of depth, pairs.csv, radar"]


def test_no_pair_at_all_is_refused_with_the_names_and_the_way_out(folders):
    with pytest.raises(ValueError, match=r"no visible image for a\.png; no infrared image for b\.png; .*--pattern"):
        find_pairs(*folders(["a.png"], ["b.png"]), flags=True)


def test_a_folder_without_images_is_refused_with_what_is_there(folders):
    with pytest.raises(ValueError, match=r"vis has no images \(.*\), only 1 file of other formats \(a\.txt\)"):
        find_pairs(*folders(["a.png"], ["a.txt"]))
    with pytest.raises(ValueError, match="nowhere is not a folder"):
        find_pairs(folders([], [])[0] / "nowhere")


def test_one_folder_with_both_kinds_is_paired_by_words(folder):
    ir = folder("a_ir.png", "a_rgb.png", "b_thermal.png", "b_visible.png", "c_ir.png", "notes.png")
    for found in (find_pairs(ir), find_pairs(ir, ir)):
        assert names(found) == [("a", "a_ir.png", "a_rgb.png"), ("b", "b_thermal.png", "b_visible.png")]
        assert found.problems == [
            "no visible image for c_ir.png",
            "their names don't tell infrared from visible: notes.png",
        ]


def test_one_folder_may_have_a_tag_for_one_kind_only(folder):
    assert names(find_pairs(folder("house.png", "house_infrared.png"))) == [
        ("house", "house_infrared.png", "house.png")
    ]


def test_hint_in_a_name_does_not_hide_the_tag(folder):
    found = find_pairs(folder("T_junction_1_T.png", "T_junction_1_W.png", "T_junction_2_T.png", "T_junction_2_W.png"))
    assert [pair.name for pair in found.pairs] == ["T_junction_1", "T_junction_2"]


@pytest.mark.parametrize(
    "files", [["x_1.png", "y_1.png", "x_2.png", "y_2.png"], ["a.png", "a_x.png", "b.png", "b_x.png"]]
)
def test_two_kinds_in_one_folder_of_which_nothing_tells_the_infrared_one_are_refused(files, folder):
    with pytest.raises(
        MfjaxError, match=r"two kinds of images, such as .*, but nothing tells which is infrared; say how.*--pattern"
    ):
        find_pairs(folder(*files), flags=True)


def test_three_kinds_in_one_folder_are_refused(folder):
    with pytest.raises(MfjaxError, match=r"no pairs in .*: their names don't tell infrared from visible"):
        find_pairs(folder(*(f"DJI_{number}_{kind}.JPG" for number in (1, 2) for kind in "TWZ")))


@pytest.mark.parametrize(("ir", "vis"), [("ir", "vis"), ("thermal", "rgb"), ("LWIR_8bit", "visible_8bit")])
def test_folder_with_a_folder_for_each_kind_is_taken_as_these_two(ir, vis, folder):
    found = find_pairs(folder(f"{ir}/1.png", f"{vis}/1.png"))
    assert [(pair.ir.parent.name, pair.vis.parent.name) for pair in found.pairs] == [(ir, vis)]


def test_several_folders_of_a_kind_are_refused(folder):
    with pytest.raises(MfjaxError, match=r"several folders of one kind of images \(ir_1, ir_2, vis\); name two"):
        find_pairs(folder("ir_1/1.png", "ir_2/1.png", "vis/1.png"))


def test_sub_folders_are_a_part_of_the_names(folders):
    files = ["day/1.png", "day/2.png", "night/1.png"]
    found = find_pairs(*folders(files, files[::-1]), recursive=True)
    assert [pair.name for pair in found.pairs] == ["day/1", "day/2", "night/1"]
    assert all(pair.ir.parent.name == pair.vis.parent.name for pair in found.pairs)


def test_sub_folders_may_be_the_tags(folder):
    root = folder(*(f"set{i}/{kind}/I0.png" for i in (1, 2) for kind in ("lwir", "visible")))
    with pytest.raises(MfjaxError, match=r"only 2 folders \(set1, set2; --recursive reads them\)"):
        find_pairs(root, flags=True)
    found = find_pairs(root, recursive=True)
    assert [pair.name for pair in found.pairs] == ["set1/I0", "set2/I0"]
    assert all(pair.ir.parents[1] == pair.vis.parents[1] for pair in found.pairs)


def test_folders_and_names_are_not_confused(folders):
    with pytest.raises(MfjaxError, match="no pairs"):
        find_pairs(*folders(["a/b_1.png"], ["a_b/1.png"]), recursive=True)


def test_patterns_pair_what_they_have_in_common(folder):
    root = folder(
        "DJI_100_0001_T.JPG", "DJI_101_0001_W.JPG", "DJI_102_0002_T.jpg", "DJI_102_2_W.JPG", "DJI_102_0002_Z.JPG"
    )
    found = find_pairs(root, pattern=("DJI_*_{name}_T.JPG", "DJI_*_{name}_W.JPG"))
    assert names(found) == [
        ("0001", "DJI_100_0001_T.JPG", "DJI_101_0001_W.JPG"),
        ("2", "DJI_102_0002_T.jpg", "DJI_102_2_W.JPG"),
    ]
    assert found.notes == ["ignored images that are named like neither pattern: DJI_102_0002_Z.JPG"]


def test_patterns_with_one_common_part_for_several_files_pair_none_of_them(folder):
    root = folder("a_1_T.png", "b_1_T.png", "a_1_W.png", "2_T.png", "2_W.png", "c_2_T.png", "c_2_W.png")
    found = find_pairs(root, pattern=("*_{name}_T.png", "*_{name}_W.png"))
    assert [pair.name for pair in found.pairs] == ["2"]
    assert found.problems == ["several files of one name: a_1_T.png, a_1_W.png, b_1_T.png"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (("{name}_T.png", "W.png"), r"--pattern 'W\.png' must have \{name\} once"),
        (("{name}_{name}.png", "{name}.png"), r"must have \{name\} once"),
        (("{name}_X.png", "{name}_W.png"), r"no image is named like '\{name\}_X\.png', such as 1_T\.png"),
        (("{name}_T.png", "{name}.png"), r"1_T\.png is named like '\{name\}_T\.png' and like '\{name\}\.png'"),
    ],
)
def test_patterns_that_tell_nothing_are_refused(pattern, message, folder):
    with pytest.raises(MfjaxError, match=message):
        find_pairs(folder("1_T.png", "1_W.png"), pattern=pattern)


SCENES = st.sampled_from(["house", "barn", "road", "north", "frame", "Car", "0", "1", "07", "12", "103"])
SCENE = st.lists(SCENES, min_size=1, max_size=3).map("_".join)
TAGS = st.sampled_from(
    [
        ("ir", "vis"),
        ("T", "W"),
        ("thermal", "rgb"),
        ("x", "y"),
        ("infra", ""),
        ("", "photo"),
        ("LWIR", "EO"),
        ("th", "co"),
    ]
)


def value(name):
    """Returns a name with its numbers by value, as a person would read it."""
    return tuple(int(word) if word.isdecimal() else word.lower() for word in name.split("_"))


def tagged(scene, tag, place):
    """Returns a scene's name with a tag before it, behind it, or behind its first word."""
    first, *others = scene.split("_")
    parts = {"start": [tag, scene], "end": [scene, tag], "inside": [first, tag, *others]}[place]
    return "_".join(part for part in parts if part)


@settings(max_examples=300, deadline=None)
@given(
    common=st.lists(SCENE, min_size=1, max_size=6, unique_by=value),
    only_ir=st.lists(SCENE, max_size=3, unique_by=value),
    only_vis=st.lists(SCENE, max_size=3, unique_by=value),
    tags=TAGS,
    place=st.sampled_from(["start", "end", "inside"]),
    together=st.booleans(),
)
def test_files_with_tags_are_paired_rightly_or_refused_but_never_paired_wrongly(
    common, only_ir, only_vis, tags, place, together, tmp_path_factory
):
    scenes = [{value(scene): scene for scene in (*some, *common)} for some in (only_ir, only_vis)]
    base = tmp_path_factory.getbasetemp()
    truth = {}
    files = []
    for tag, kind in zip(tags, scenes, strict=True):
        files.append([])
        for key, scene in kind.items():
            name = tagged(scene, tag, place)
            path = base / f"{len(files)}" / f"{name}.png"
            truth[path] = key
            files[-1].append(File(name, path))
    try:
        found = _of_one(base, files[0] + files[1], "") if together else _of_two(*files)
    except MfjaxError:
        return
    for pair in found.pairs:
        assert truth[pair.ir] == truth[pair.vis]
        assert (pair.ir.parent.name, pair.vis.parent.name) == ("1", "2")


@settings(max_examples=200, deadline=None)
@given(
    scenes=st.lists(SCENE, min_size=2, max_size=8, unique_by=value),
    tags=st.tuples(*(st.text("abcdefgxyz", min_size=1, max_size=6),) * 2).filter(lambda tags: tags[0] != tags[1]),
    place=st.sampled_from(["start", "end"]),
)
def test_any_constant_tag_of_complete_folders_is_found(scenes, tags, place, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    files = [[File(tagged(scene, tag, place), base / tag / scene) for scene in scenes] for tag in tags]
    found = _of_two(*files)
    assert {pair.ir.name: pair.vis.name for pair in found.pairs} == {scene: scene for scene in scenes}
