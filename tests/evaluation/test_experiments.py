"""The paper's nine settings."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mfjax.cli import main
from mfjax.errors import MfjaxError
from mfjax.evaluation import experiments, figures, reproduce, sections, trainings
from mfjax.evaluation.experiments import reached
from mfjax.evaluation.paper import METHODS, SCALES, SETTINGS, TABLE_II, TABLE_III, TABLE_IV, TABLE_V
from mfjax.evaluation.provenance import provenance
from mfjax.evaluation.settings import fused_at, maximum_at, means
from mfjax.inference.loading import load
from mfjax.metrics import PAPER, STRUCTURE_LOST, score
from mfjax.training import Enhanced, Sources, TrainConfig


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Returns a test set of one pair at the three scales, laid out as the paper's."""
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
    fuser = load(tiny_weights)
    made = [*fused_at(fuser, root)]
    assert [each.setting for each in made] == [*SETTINGS]
    read = lambda folder: cv2.imread(str(root / folder / "scene.png"), cv2.IMREAD_GRAYSCALE)
    for number in (1, 6, 8):
        ir, vis = SETTINGS[number]
        fused = fuser(read(f"ir_{ir}"), read(f"vis_{vis}"), size=(20, 30)).fused
        assert np.abs(made[number - 1].image.astype(int) - fused).max() <= 1
        scores = score(read("ir_1.0"), read("vis_1.0"), made[number - 1].image, names=PAPER)
        assert means(made)[number] == pytest.approx(scores)
    [alone] = fused_at(fuser, root, [8])
    assert np.abs(made[7].image.astype(int) - alone.image).max() <= 1


def test_brighter_source_is_the_maximum_of_both_enlarged(root):
    nine, one = maximum_at(root, [9, 1])
    np.testing.assert_array_equal(nine.image, np.maximum(nine.ir, nine.vis))
    assert one.image.shape == nine.image.shape
    assert [*means([nine], lambda setting: ("VIF",))] == [9]


def test_image_that_leaves_a_metric_undefined_is_said_and_not_in_its_mean(root, caplog):
    [made] = maximum_at(root, [9])
    flat = made._replace(name="flat", ir=np.full_like(made.ir, 9))
    names = lambda setting: ("structure_lost_ir", "EN")
    assert means([made, flat], names)[9]["structure_lost_ir"] == means([made], names)[9]["structure_lost_ir"]
    assert "structure_lost_ir of flat at setting 9: infrared has the stronger structure nowhere" in caplog.text
    assert np.isnan(means([flat], names)[9]["structure_lost_ir"])


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


def named(row):
    """Returns means by metric."""
    lost = {f"{name}, {light}": share for name in STRUCTURE_LOST for light, share in (("day", 0.2), ("night", np.nan))}
    return dict(zip(PAPER, map(float, row), strict=True)) | dict.fromkeys(experiments.OTHER_METRICS, 0.25) | lost


def test_table_iv_counts_the_cells_that_each_model_reaches():
    papers = {setting: named(rows["Ours"]) for setting, rows in TABLE_IV.items()}
    worse = papers | {1: papers[1] | {"Q_TE": 0.2971}}
    text = experiments.table_iv({"as good": papers, "worse": worse}, papers, {}, "tno20")
    assert "`as good` reaches 54 of 54 cells; `worse` reaches 53 of 54 cells." in text
    assert "| 1 | 0.5, 0.5 | published | 0.3971 | 0.6305 |" in text
    assert "|  |  | `worse` | 0.2971 | **0.6305** |" in text
    assert "| 5 | brighter source | 0.2500 |" in text
    assert "| 5 | brighter source | 0.250 | 0.200 | – | 0.250 | 0.200 | – |" in text


def test_tables_ii_and_iii_hold_each_row_against_the_published_one():
    ablation = experiments.table_ii({name: named(np.array(row) - 0.1) for name, row in TABLE_II.items()}, {}, "tno20")
    assert "| Baseline+DAM | published | 0.3811 |" in ablation
    assert "|  | mfjax | 0.2811 | 0.4186 | -0.5127 |" in ablation
    sweep = experiments.table_iii({weight: named(row) for weight, row in TABLE_III.items()}, {}, "tno20")
    assert "| 0.005 | published | 0.3911 |" in sweep
    assert "|  | mfjax | **0.3911** |" in sweep


def test_table_v_holds_a_model_against_the_best_of_three_methods():
    text = experiments.table_v({"mine": named([0.3960, 0.7, 0.06, 0.43, 43, 6])}, {}, "tno20")
    assert "| Yin's | published | 0.3950 |" in text
    assert "| `mine` |  | 0.3960 | **0.7000** | 0.0600 | **0.4300** | 43.0000 | **6.0000** |" in text
    assert min(abs(row[2]) for row in TABLE_V.values()) == 0.0540


def test_ablation_varies_attention_and_compensation_only():
    recipe = TrainConfig(seed=3)
    made = trainings.ablation(recipe)
    assert [*made] == [*TABLE_II]
    assert [(each.model.dual_attention, each.model.compensations) for each in made.values()] == [
        (False, 0),
        (True, 0),
        (True, 1),
        (True, 2),
        (True, 3),
    ]
    assert made["Baseline+DAM+2RCMs"] == recipe


def test_ablation_refuses_a_recipe_that_starts_from_a_model():
    with pytest.raises(ValueError, match=r"start_from is 'default', but no model fits .* such as ablation"):
        trainings.ablation(TrainConfig(start_from="default"))


def test_sweep_trains_phase_two_from_one_model_with_the_papers_weights():
    made = trainings.sweep(TrainConfig(warmup_steps=10), "phase_1.safetensors")
    assert [each.target.contrast_weight for each in made.values()] == [0, 0.0001, 0.001, 0.005, 0.01, 0.1]
    assert {(each.phase_one_steps, each.start_from) for each in made.values()} == {(0, "phase_1.safetensors")}


def test_sweep_trains_towards_both_sources_whatever_the_recipe_does():
    for target, pairs in ((Enhanced(), 4096), (Sources(contrast_pairs=9), 9)):
        made = trainings.sweep(TrainConfig(target=target), "phase_1.safetensors")
        assert {(each.target.kind, each.target.contrast_pairs) for each in made.values()} == {("sources", pairs)}


def test_part_of_a_page_is_written_anew_and_the_rest_of_it_left(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n")
    sections.put(page, "a", "old a")
    sections.put(page, "b", "b")
    page.write_text(page.read_text() + "\nProse.\n")
    sections.put(page, "a", "new a")
    text = page.read_text()
    assert "old a" not in text
    assert text.index("# Title") < text.index("new a") < text.index("\nb\n") < text.index("Prose.")
    sections.put(page, "a", "new a")
    assert page.read_text() == text


def test_commands_write_tables_images_and_then_figures(root, tiny_weights, tmp_path, capsys):
    out, page = tmp_path / "out", tmp_path / "results.md"
    flags = ["--model", str(tiny_weights), "--out", str(out)]
    assert main(["reproduce", "table4", str(root), *flags, "--page", str(page)]) == 0
    assert "of 54 cells" in capsys.readouterr().out
    assert main(["reproduce", "table5", str(root), *flags, "--page", str(page)]) == 0
    assert page.read_text().count("| `tiny` |") == (9 + 3 + 3) + (1 + 1)  # of them 3 and 1 in tables of lost structure
    assert len([*(out / "table4" / "tiny").glob("setting_*/scene.png")]) == 9
    assert main(["reproduce", "figures", str(root), "--out", str(out)]) == 0
    assert {path.name for path in (out / "figures").iterdir()} == {"figure_9_scene.png", "figure_11_scene.png"}
    nine = cv2.imread(str(out / "figures" / "figure_9_scene.png"))
    assert nine.shape[0] > 9 * 20
    assert nine.shape[1] > 3 * 30


@pytest.mark.parametrize(("experiment", "published"), [("table2", TABLE_II), ("table3", TABLE_III)])
def test_tables_ii_and_iii_train_a_model_for_each_row_and_score_it(
    experiment, published, root, tiny_weights, tmp_path, capsys, monkeypatch
):
    trained = []

    def train(config, workdir):
        trained.append((config, workdir))
        return tiny_weights

    monkeypatch.setattr("mfjax.training.loop.train", train)
    flags = ["--recipe", "ablation", "--roots", "a", "b"]
    phase_one = ["--model", str(tiny_weights)] if experiment == "table3" else []
    out = tmp_path / "out"
    assert main(["reproduce", experiment, str(root), *flags, *phase_one, "--out", str(out)]) == 0
    assert {config.data.roots for config, _ in trained} == {("a", "b")}
    assert len({workdir for _, workdir in trained}) == len(trained) == len(published)
    assert capsys.readouterr().out.count("|  | mfjax |") == len(published)
    assert len([*(out / experiment).glob("*/setting_2/scene.png")]) == len(published)


@pytest.mark.parametrize("experiment", ["table2", "table3"])
def test_nothing_is_trained_for_a_test_set_that_is_incomplete(experiment, tiny_weights, tmp_path, capsys, monkeypatch):
    trained = []
    monkeypatch.setattr("mfjax.training.loop.train", lambda *arguments: trained.append(arguments) or tiny_weights)
    flags = ["--recipe", "ablation", "--out", str(tmp_path / "out")]
    phase_one = ["--model", str(tiny_weights)] if experiment == "table3" else []
    assert main(["reproduce", experiment, str(tmp_path), *flags, *phase_one]) == 2
    assert "has no folder ir_0.5" in capsys.readouterr().err
    assert not trained


@pytest.mark.parametrize(
    ("experiment", "flags", "message"),
    [
        ("table2", ["--out", "x"], "--recipe"),
        ("table2", ["--recipe", "ablation"], "--out"),
        ("table2", ["--recipe", "mine", "--out", "x"], "recipe 'mine' not found; available: ablation, default"),
        ("table3", ["--recipe", "ablation", "--out", "x"], "--model"),
        ("figures", [], "--out"),
        ("figures", ["--out", "x"], "x has no images to draw"),
        ("table4", ["--model", "default", "--model", "default"], "are called default"),
    ],
)
def test_experiment_that_lacks_something_says_what(root, experiment, flags, message, capsys):
    assert main(["reproduce", experiment, str(root), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not Path("x").exists()


def test_function_reproduces_a_table_as_the_command_does(root, tiny_weights, tmp_path, capsys):
    text = reproduce("table5", root, models={"tiny": tiny_weights}, out=tmp_path, page=tmp_path / "page.md")
    assert (tmp_path / "table5.md").read_text() == text
    assert text.strip() in (tmp_path / "page.md").read_text()
    assert main(["reproduce", "table5", str(root), "--model", str(tiny_weights)]) == 0
    assert capsys.readouterr().out == text + "\n"


def test_function_refuses_what_it_does_not_know(root):
    with pytest.raises(MfjaxError, match="there is no experiment 'table6' to reproduce; there are table2, table3,"):
        reproduce("table6", root)
    with pytest.raises(TypeError, match="recipe"):
        reproduce("table4", root, recipe="ablation")


def test_close_ups_show_what_stands_out_in_infrared_and_the_richest_visible_detail_elsewhere():
    ir, vis = np.zeros((2, 50, 60), np.uint8)
    ir[5:15, 10:20] = 255
    vis[30:45:2, 40:55] = 255
    vis[0:20:2, 0:25] = 90
    hot, rich = figures.close_ups(ir, vis)
    assert ir[hot].mean() > 200
    assert vis[rich].mean() > 100
    assert hot[0].stop - hot[0].start == 10
    assert hot[1].stop - hot[1].start == 12


def test_place_of_an_image_that_is_missing_in_a_panel_is_white():
    dark, boxes = np.zeros((60, 80), np.uint8), figures.close_ups(*np.zeros((2, 60, 80), np.uint8))
    rows = [("1", {"infrared": dark, "b": dark}), ("2", {"infrared": dark, "a": dark, "b": dark})]
    made = figures.panel(rows, ["infrared", "a", "b", "c"], boxes)
    # Labels, 26 pixels, are at the left and on top.
    places = [slice(left, left + 80) for left in 26 + np.arange(3) * (80 + figures.GAP)]
    half = (made.shape[0] + 26 + figures.GAP) // 2
    assert [made[26:half, place].min() for place in places] == [0, 255, 0]
    assert [made[half:, place].min() for place in places] == [0, 0, 0]
    assert made.shape[1] == places[-1].stop


def test_figures_show_one_pair_for_each_of_the_papers_examples(root, tmp_path):
    for folder in root.iterdir():
        (tmp_path / folder.name).mkdir()
        for name in ("Kaptein_1654", "a1828", "b1828", "other"):
            (tmp_path / folder.name / f"{name}.png").write_bytes((folder / "scene.png").read_bytes())
            fused = tmp_path / "out" / "table4" / "mine" / "setting_9" / f"{name}.png"
            fused.parent.mkdir(parents=True, exist_ok=True)
            fused.write_bytes((root / "vis_1.0" / "scene.png").read_bytes())
    written = figures.draw(tmp_path, tmp_path / "out")
    assert [path.name for path in written] == ["figure_9_a1828.png", "figure_10_Kaptein_1654.png"]


def test_folder_without_the_settings_sources_is_told_which(root, tmp_path, capsys):
    assert main(["reproduce", "table4", str(tmp_path)]) == 2
    assert "has no folder ir_0.5, ir_0.8, ir_1.0, vis_0.5" in capsys.readouterr().err


def test_page_says_how_the_model_was_trained_from_its_first_run_on():
    data = {"batch": 4, "crop": 64, "roots": ["a", "b"]}
    first = {"phase_one_steps": 50, "learning_rate": 1e-4, "contrast_weight": 0.005, "data": data}
    before = {"steps": "1060", "recipe": json.dumps([{"recipe": first | {"phase_one_steps": 1000}}])}
    metadata = {"steps": "70", "recipe": json.dumps([{"recipe": first, "started_from": before}])}
    lines = provenance(metadata)
    assert [line.split(" on ")[0] for line in lines] == [
        "1,060 steps, 60 of them of phase two,",
        "70 steps, 20 of them of phase two,",
    ]
    assert "a, b; 4 crops of 64×64; learning rate up to 0.0001; fusion target: both sources, λ 0.005" in lines[0]
    enhanced = first | {"fusion_target": "enhanced", "contrast_gain": 1.3}
    assert (
        "the brighter source enhanced by 1.3"
        in provenance({"steps": "60", "recipe": json.dumps([{"recipe": enhanced}])})[0]
    )
    taught = first | {"fusion_target": "teacher", "teacher": "default"}
    line = provenance({"steps": "60", "recipe": json.dumps([{"recipe": taught}])})[0]
    assert line.endswith("fusion target: what default makes")
    today = {name: value for name, value in first.items() if name != "contrast_weight"}
    for target, said in (
        ({"kind": "sources", "contrast_weight": 0.01}, "both sources, λ 0.01"),
        ({"kind": "of a later version", "strength": 2}, "of a later version, strength 2"),
    ):
        line = provenance({"steps": "60", "recipe": json.dumps([{"recipe": today | {"target": target}}])})[0]
        assert line.endswith(f"fusion target: {said}")
    only_phase_one = provenance({"steps": "50", "recipe": json.dumps([{"recipe": first}])})
    assert only_phase_one[0].endswith("learning rate up to 0.0001")
    page = experiments.table_v({}, {"mine": metadata, "other": {}}, "tno20")
    assert f"- `mine`, from random parameters on:\n  1. {lines[0]}\n  2. {lines[1]}" in page


def test_page_needs_none_of_the_packages_of_training():
    absent = "import sys; sys.modules |= dict.fromkeys(('grain', 'optax', 'orbax', 'tensorboardX'))"
    said = """from mfjax import weights; from mfjax.evaluation.experiments import provenance
print(*provenance(weights.load('small').metadata))"""
    done = subprocess.run([sys.executable, "-c", f"{absent}; {said}"], capture_output=True, text=True)
    assert "fusion target: the structure of both sources" in done.stdout, done.stderr


def test_page_says_of_a_model_of_unknown_history_that_it_is_unknown():
    page = experiments.table_v({}, {"x": {}, "y": {"converted_from": "y.pth"}}, "tno20")
    lines = [f"- `{name}`: its file does not say how it was trained" for name in "xy"]
    assert page.rstrip().endswith("\n\n" + "\n".join(lines))


def test_run_that_started_from_a_model_of_unknown_history_did_not_start_from_random_parameters():
    data = {"batch": 4, "crop": 64, "roots": ["a"]}
    recipe = {"phase_one_steps": 50, "learning_rate": 1e-4, "contrast_weight": 0.005, "data": data}
    entry = {"recipe": recipe, "started_from": {"converted_from": "x.pth"}}
    lines = provenance({"steps": "50", "recipe": json.dumps([entry])})
    assert lines[0] == "training that the start model's file does not tell of"
    assert len(lines) == 2


@pytest.mark.parametrize("recipe", ["random", "[]", "{}", "3", "null", '"text"', "[1]", "[{}]"])
def test_metadata_that_is_no_history_has_none(recipe):
    assert provenance({"steps": "5", "recipe": recipe}) == []


def test_page_says_if_phase_two_had_a_learning_rate_of_its_own_and_how_many_recipes_a_run_had():
    data = {"batch": 4, "crop": 64, "roots": ["a"]}
    recipe = {"phase_one_steps": 50, "learning_rate": 3e-4, "contrast_weight": 0.005, "data": data}
    of = lambda *changes: provenance({"steps": "60", "recipe": json.dumps([{"recipe": recipe | c} for c in changes])})
    assert "learning rate up to 0.0003, in phase two 0.01; fusion" in of({"phase_two_learning_rate": 1e-2})[0]
    for same in (None, 3e-4):
        assert "learning rate up to 0.0003; fusion" in of({"phase_two_learning_rate": same})[0]
    assert of({}, {"contrast_weight": 0.01})[0].endswith("λ 0.01; the last of 2 recipes")
    assert "recipes" not in of({})[0]


def test_page_names_the_scales_of_the_setting_that_a_table_has():
    papers = {setting: named(rows["Ours"]) for setting, rows in TABLE_IV.items()}
    assert "Infrared is 0.5 and visible 0.8 of the output's size;" in experiments.table_ii({}, {}, "tno20")
    assert "Infrared is 0.5 and visible 0.8 of the output's size;" in experiments.table_iii({}, {}, "tno20")
    assert "The sources are 0.5, 0.8 or 1 of the output's size;" in experiments.table_iv({}, papers, {}, "tno20")
    assert "Infrared is 0.5 and visible 0.5 of the output's size;" in experiments.table_v({}, {}, "tno20")


def test_page_says_once_what_all_models_have_in_common():
    data = {"batch": 4, "crop": 64, "roots": ["a"]}
    recipe = {"phase_one_steps": 50, "learning_rate": 1e-4, "contrast_weight": 0.005, "data": data}
    before = {"steps": "50", "recipe": json.dumps([{"recipe": recipe}])}
    after = lambda weight: {
        "steps": "60",
        "recipe": json.dumps([{"recipe": recipe | {"contrast_weight": weight}, "started_from": before}]),
    }
    first, second = provenance(after(0.01))
    swept = experiments.table_v({}, {"0.01": after(0.01), "0": after(0)}, "tno20")
    assert f"- all of them, from random parameters on:\n  1. {first}\n- `0.01`, after that:\n  2. {second}\n" in swept
    same = experiments.table_v({}, {"x": before, "y": before}, "tno20")
    assert same.rstrip().endswith(f"- all of them, from random parameters on:\n  1. {first}")
