"""Matching the files of two folders, and the messages about files without a partner."""

import pytest

from mfjax.inference.pairs import match_folders, natural_key


@pytest.fixture
def folders(tmp_path):
    """Returns a function that makes two folders with empty files of the given names."""

    def make(ir, vis):
        for folder, names in (("ir", ir), ("vis", vis)):
            (tmp_path / folder).mkdir()
            for name in names:
                (tmp_path / folder / name).touch()
        return tmp_path / "ir", tmp_path / "vis"

    return make


def names(pairs):
    return [(pair.name, pair.ir.name, pair.vis.name) for pair in pairs]


def test_equal_names_are_paired_whatever_their_extension(folders):
    pairs, problems = match_folders(*folders(["a.png", "b.tif"], ["b.JPG", "a.png"]))
    assert names(pairs) == [("a", "a.png", "a.png"), ("b", "b.tif", "b.JPG")]
    assert not problems


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
    ],
)
def test_names_that_differ_by_a_modality_tag_are_paired(ir, vis, name, folders):
    pairs, problems = match_folders(*folders([ir], [vis]))
    assert names(pairs) == [(name, ir, vis)]
    assert not problems


def test_a_tag_inside_a_word_is_none(folders):
    with pytest.raises(ValueError, match="no pairs"):
        match_folders(*folders(["first.png"], ["fst.png"]))


def test_equal_names_go_before_names_without_tags(folders):
    pairs, problems = match_folders(*folders(["a.png", "a_ir.png"], ["a.png", "a_vis.png"]))
    assert names(pairs) == [("a", "a.png", "a.png"), ("a", "a_ir.png", "a_vis.png")]
    assert not problems


def test_pairs_come_in_the_order_of_their_numbers(folders):
    files = [f"s{number}.png" for number in (10, 9, 1, 100, 2)]
    assert [pair.name for pair in match_folders(*folders(files, files)).pairs] == [
        "s1",
        "s2",
        "s9",
        "s10",
        "s100",
    ]


def test_files_without_a_partner_are_listed(folders):
    pairs, problems = match_folders(*folders(["a.png", "b.png"], ["a.png", "d.png", "c.png"]))
    assert len(pairs) == 1
    assert problems == ["no visible image for b.png", "no infrared image for c.png, d.png"]


def test_a_long_list_is_cut_with_a_count(folders):
    files = ["a.png", *(f"{number}.png" for number in range(20))]
    assert match_folders(*folders(files, ["a.png"])).problems == [
        "no visible image for 0.png, 1.png, 2.png, 3.png, 4.png and 15 more"
    ]


def test_several_files_of_one_name_are_a_problem_and_no_pair(folders):
    pairs, problems = match_folders(*folders(["a.png", "a.tif", "b.png"], ["a.png", "b.png"]))
    assert [pair.name for pair in pairs] == ["b"]
    assert problems == ["several files of one name: a.png, a.png, a.tif"]


def test_other_files_hidden_files_and_folders_are_passed_over(folders):
    ir, vis = folders(["a.png", ".a.png", "README.md"], ["a.png", "Thumbs.db"])
    (ir / "b.png").mkdir()
    pairs, problems = match_folders(ir, vis)
    assert [pair.name for pair in pairs] == ["a"]
    assert not problems


def test_no_pair_at_all_is_refused_with_the_names(folders):
    with pytest.raises(ValueError, match=r"no visible image for a\.png; no infrared image for b\.png"):
        match_folders(*folders(["a.png"], ["b.png"]))


def test_a_folder_without_images_is_refused(folders):
    with pytest.raises(ValueError, match="vis has no images"):
        match_folders(*folders(["a.png"], ["a.txt"]))


def test_one_folder_for_both_is_refused(folders):
    ir, _ = folders(["a_ir.png", "a_vis.png"], [])
    with pytest.raises(ValueError, match="for infrared and for visible"):
        match_folders(ir, ir)


def test_natural_order_counts_numbers_by_value_and_ignores_case():
    assert sorted(["Scene 10", "scene 2", "scene"], key=natural_key) == ["scene", "scene 2", "Scene 10"]
