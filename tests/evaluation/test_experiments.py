"""The paper's nine settings."""

import json

import cv2
import numpy as np
import pytest

from mfjax.cli import main
from mfjax.evaluation.experiments import reached, report, table_iv, table_iv_as_markdown
from mfjax.evaluation.paper import METHODS, SCALES, SETTINGS, TABLE_IV
from mfjax.evaluation.provenance import provenance
from mfjax.inference.fuser import load
from mfjax.metrics import PAPER, score


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A pair at the three scales, as the paper's test set has it."""
    root = tmp_path_factory.mktemp("tno")
    rng = np.random.default_rng(0)
    for source in ("ir", "vis"):
        image = cv2.GaussianBlur(rng.integers(0, 256, (20, 30), dtype=np.uint8), (3, 3), 0)
        for scale in SCALES:
            (root / f"{source}_{scale}").mkdir()
            small = cv2.resize(image, (int(scale * 30), int(scale * 20)), interpolation=cv2.INTER_LINEAR)
            cv2.imwrite(str(root / f"{source}_{scale}" / "scene.png"), small)
    return root


def test_each_setting_is_what_fusing_its_sources_gives(root, tiny_weights):
    fuser, kept = load(tiny_weights), {}
    means = table_iv(fuser, root, keep=lambda setting, name, image: kept.update({(setting, name): image}))
    read = lambda folder: cv2.imread(str(root / folder / "scene.png"), cv2.IMREAD_GRAYSCALE)
    for setting in (1, 6, 8):
        ir, vis = SETTINGS[setting]
        fused = fuser(read(f"ir_{ir}"), read(f"vis_{vis}"), size=(20, 30)).fused
        assert np.abs(kept[setting, "scene"].astype(int) - fused).max() <= 1
        scores = score(read("ir_1.0"), read("vis_1.0"), kept[setting, "scene"], names=PAPER)
        np.testing.assert_allclose(means[setting], [*scores.values()])
    assert len(kept) == 9


def test_settings_are_those_of_table_i():
    assert [SETTINGS[n] for n in (1, 2, 5, 9)] == [(0.5, 0.5), (0.5, 0.8), (0.8, 0.8), (1.0, 1.0)]
    assert [*TABLE_IV] == [*SETTINGS]
    assert all(tuple(rows) == METHODS for rows in TABLE_IV.values())
    assert {len(row) for rows in TABLE_IV.values() for row in rows.values()} == {len(PAPER)}


def test_cell_is_reached_by_more_or_for_q_sf_by_coming_nearer_to_zero():
    assert reached("Q_TE", 0.4, 0.4)
    assert not reached("Q_TE", 0.39, 0.4)
    assert reached("Q_SF", 0.05, -0.09)
    assert not reached("Q_SF", -0.1, 0.0540)


def test_table_counts_the_cells_that_are_reached():
    means = {setting: np.array(rows["Ours"]) for setting, rows in TABLE_IV.items()}
    means[1] = means[1] - [0.1, 0, 0, 0, 0, 0]
    text = table_iv_as_markdown(means)
    assert text.startswith("53 of 54 cells reach the paper's.")
    assert "| | | mfjax | 0.2971 | **0.6305** |" in text


def test_command_writes_the_table_and_the_images(root, tiny_weights, tmp_path, capsys):
    flags = ["--experiment", "table4", "--model", str(tiny_weights), "--out", str(tmp_path / "out")]
    assert main(["evaluate", str(root), *flags]) == 0
    assert "of 54 cells reach the paper's" in capsys.readouterr().out
    assert (tmp_path / "out" / "results.md").read_text().count("| mfjax |") == 9
    assert len([*(tmp_path / "out").glob("setting_*/scene.png")]) == 9


def test_folder_without_the_settings_sources_is_told_which(root, tmp_path, capsys):
    assert main(["evaluate", str(tmp_path), "--experiment", "table4"]) == 2
    assert "has no folder ir_0.5, ir_0.8, ir_1.0, vis_0.5" in capsys.readouterr().err


def test_report_says_how_the_model_was_trained_from_its_first_run_on():
    data = {"batch": 4, "crop": 64, "roots": ["a", "b"]}
    first = {"phase_one_steps": 50, "learning_rate": 1e-4, "contrast_weight": 0.005, "data": data}
    before = {"steps": "1060", "recipe": json.dumps([{"recipe": first | {"phase_one_steps": 1000}}])}
    metadata = {"steps": "70", "recipe": json.dumps([{"recipe": first, "started_from": before}])}
    lines = provenance(metadata)
    assert [line.split(" on ")[0] for line in lines] == [
        "1,060 steps, 60 of them of phase two,",
        "70 steps, 20 of them of phase two,",
    ]
    assert "a, b; 4 crops of 64×64; learning rate up to 0.0001, λ 0.005" in lines[0]
    assert provenance({"converted_from": "x.pth"}) == []
    page = report({1: np.array(TABLE_IV[1]["Ours"])}, "mine", metadata, "tno20")
    assert page.startswith("# Results\n\n6 of 6 cells reach the paper's.")
    assert f"- {lines[0]}\n- {lines[1]}" in page
