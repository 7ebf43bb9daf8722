"""A complete run, as a user starts it."""

import functools
import json
import math
import re
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import chex
import cv2
import filelock
import jax
import numpy as np
import pytest

from mfjax import weights
from mfjax.cli import main
from mfjax.data import fingerprints
from mfjax.evaluation.provenance import provenance
from mfjax.training import (
    DataConfig,
    Enhanced,
    Sources,
    Structure,
    Teacher,
    TrainConfig,
    ValidationConfig,
    devices,
    step,
    train,
)
from mfjax.training.config import read_config
from mfjax.training.stopping import StopRequestedError
from mfjax.training.targets import TARGETS

CONFIGS = Path(__file__).parents[2] / "configs"
STRUCTURE = "small"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for modality in ("ir", "vis"):
        (folder / modality).mkdir()
        for i in range(2):
            cv2.imwrite(str(folder / modality / f"{i}.png"), rng.integers(0, 256, (32, 40), dtype=np.uint8))
    return folder


@pytest.fixture(scope="module")
def config(root, smallest_config):
    data = DataConfig(roots=(str(root),), crop=8, batch=8, scales=(20, 20))  # one scale, so one program a phase
    return TrainConfig(
        model=smallest_config,
        data=data,
        target=Sources(contrast_pairs=16),
        phase_one_steps=3,
        phase_two_steps=2,
        checkpoint_every=1,
    )


@pytest.fixture(scope="module", autouse=True)
def programs():
    """Compiles a step, and what draws initial parameters, once for all runs here that take the same ones."""
    made, parallel_step, random_params = {}, devices.parallel_step, step._random_params

    @functools.cache
    def drawn(model, seed):
        return random_params(TrainConfig(model=model, seed=seed))

    def copied(config):  # a step takes the memory of its arguments
        return jax.tree.map(np.array, drawn(config.model, config.seed))

    def once(config, phase, mesh):
        data = replace(config.data, roots=(), min_detail=0.0)
        same = replace(config, data=data, phase_one_steps=0, phase_two_steps=0, checkpoint_every=1, start_from=None)
        key = repr((replace(same, validation=ValidationConfig()), phase))
        if key not in made:
            made[key] = parallel_step(config, phase, mesh)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "parallel_step", once)
        patch.setattr(step, "_random_params", copied)
        yield


@pytest.fixture(scope="module")
def compiled():
    """Seconds that each program took that was compiled, or read from the cache, since the module's first test."""
    times = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: times.append(seconds) if event.endswith("/backend_compile_duration") else None
    )
    yield times
    jax.monitoring.clear_event_listeners()


@pytest.fixture(scope="module")
def run(config, compiled, tmp_path_factory):
    """An unbroken run: its folder, its weights file, and how many programs it compiled."""
    workdir, before = tmp_path_factory.mktemp("run"), len(compiled)
    return workdir, train(config, workdir), len(compiled) - before


def test_run_ends_with_a_weights_file_that_says_how_it_was_made(config, run):
    model = weights.load(run[1])
    assert model.config == config.model
    [entry] = json.loads(model.metadata["recipe"])
    assert model.metadata["steps"] == "5"
    assert entry["from_step"] == 0
    assert entry["recipe"]["target"] == {"kind": "sources", "contrast_weight": 0.005, "contrast_pairs": 16}
    assert str(Path(config.data.roots[0]).parent) not in model.metadata["recipe"]  # no paths of one's own machine


def test_weights_file_lists_the_images_that_the_run_was_trained_on(config, run):
    [root] = map(Path, config.data.roots)
    files = [file for side in ("ir", "vis") for file in (root / side).iterdir()]
    of_files = {fingerprints.fingerprint(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)) for file in files}
    assert fingerprints.from_metadata(weights.load(run[1]).metadata) == fingerprints.Seen(frozenset(of_files))
    assert len(of_files) == 4


def test_run_compiles_a_program_a_phase_one_for_initial_parameters_and_nothing_else(run):
    assert run[2] == 3


def test_log_has_the_losses_of_both_phases(run):
    lines = [json.loads(line) for line in (run[0] / "log.jsonl").read_text().splitlines()]
    assert [(line["step"], line["phase"]) for line in lines] == [(3, 1), (5, 2)]
    assert all(np.isfinite(line["loss"]) for line in lines)


def test_weights_after_phase_one_have_the_same_sr_branches_as_at_the_end(run):
    before, after = (weights.load(path).params for path in (run[0] / "phase_1.safetensors", run[1]))
    jax.tree.map(np.testing.assert_array_equal, before["branch"], after["branch"])
    kernel = ("module", "merge", "linear", "dense", "kernel")
    a, b = before["fusion"], after["fusion"]
    for name in kernel:
        a, b = a[name], b[name]
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("stop", [2, 3, 4], ids=["in phase one", "at its end", "in phase two"])
def test_interrupted_run_ends_bit_identical_to_an_unbroken_one(config, run, tmp_path, monkeypatch, stop):
    from mfjax.training import loop

    class StopHereError(Exception):
        pass

    show = loop.Watch.show

    def interrupt(self, step, metrics, state):
        show(self, step, metrics, state)
        if step == stop + 1:
            raise StopHereError

    with monkeypatch.context() as patch:
        patch.setattr(loop.Watch, "show", interrupt)
        with pytest.raises(StopHereError):
            train(config, tmp_path)
    resumed = weights.load(train(config, tmp_path)).params
    jax.tree.map(np.testing.assert_array_equal, resumed, weights.load(run[1]).params)


def test_weights_after_phase_one_are_written_by_a_run_that_resumes_at_its_end(config, run, tmp_path):
    train(replace(config, phase_two_steps=0), tmp_path)
    (tmp_path / "phase_1.safetensors").unlink()
    train(config, tmp_path, accept_changes=True)
    here, there = (weights.load(folder / "phase_1.safetensors").params for folder in (tmp_path, run[0]))
    jax.tree.map(np.testing.assert_array_equal, here, there)


def test_finished_run_is_not_trained_again(config, run):
    log = (run[0] / "log.jsonl").read_text()
    before = weights.load(run[1]).params
    chex.assert_trees_all_equal(weights.load(train(config, run[0])).params, before)
    assert (run[0] / "log.jsonl").read_text() == log


def test_checkpoint_of_another_network_is_refused(config, run):
    other = replace(config, model=replace(config.model, features=5))
    with pytest.raises(ValueError, match=r"another recipe: model\.features 4 there, 5 here; choose another workdir$"):
        train(other, run[0])


@pytest.mark.parametrize("change", [{"ema_decay": 0.9}, {"phase_one_steps": 4, "accumulate": 2}])
def test_recipe_whose_state_has_another_shape_is_refused_even_if_changes_are_accepted(config, run, change):
    with pytest.raises(ValueError, match=r"another recipe: (ema_decay|accumulate) .* here; choose another workdir$"):
        train(replace(config, **change), run[0], accept_changes=True)


def test_run_on_other_pairs_is_refused_though_their_folder_is_called_the_same(config, run, root, tmp_path):
    other = tmp_path / root.name
    shutil.copytree(root, other)
    for modality in ("ir", "vis"):
        (other / modality / "1.png").rename(other / modality / "other.png")
    with pytest.raises(ValueError, match=r"another recipe: data\.names \w+ there, \w+ here"):
        train(replace(config, data=replace(config.data, roots=(str(other),))), run[0])


DAMAGED = "[{", "[1]", "5", '{"a": 1}', "[" * 10_000, '[{"recipe": 1}]', "9" * 5000, "\xff"


@pytest.mark.parametrize(
    ("text", "message"), [(None, "but no recipe.json"), *((text, r"recipe\.json is damaged") for text in DAMAGED)]
)
def test_recipe_that_is_gone_or_damaged_is_no_recipe_that_agrees(config, run, tmp_path, text, message):
    shutil.copytree(run[0], tmp_path / "run")
    recipe = tmp_path / "run" / "recipe.json"
    recipe.unlink()
    if text:
        recipe.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=message):
        train(config, tmp_path / "run")


@pytest.fixture
def old_run(run, tmp_path):
    """The unbroken run as an earlier version left it: the target's options beside its name, and no `model.stride`."""
    workdir = tmp_path / "run"
    shutil.copytree(run[0], workdir)
    [entry] = json.loads((workdir / "recipe.json").read_text())
    target, phase_one = entry["recipe"].pop("target"), entry["recipe"].pop("phase_one")
    assert (target.pop("kind"), phase_one) == ("sources", "paper")
    others = {"teacher": "default", "contrast_gain": 1.3, "sharpness": 1.0, "fusion_trains_branches": True}
    entry["recipe"] |= {"fusion_target": "sources", **target, **others}
    del entry["recipe"]["model"]["stride"]
    (workdir / "recipe.json").write_text(json.dumps([entry]))
    return workdir


def test_run_of_an_earlier_version_goes_on_and_its_model_has_the_history_in_todays_fields(config, run, old_run):
    shutil.rmtree(old_run / "checkpoints" / "5")
    (old_run / "model.safetensors").unlink()
    model, whole = (weights.load(path) for path in (train(config, old_run), run[1]))
    jax.tree.map(np.testing.assert_array_equal, model.params, whole.params)
    assert json.loads(model.metadata["recipe"]) == json.loads(whole.metadata["recipe"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": Sources(0.01, 16)}, r"recipe: target\.contrast_weight 0\.005 there, 0\.01 here; choose .*--accept"),
        ({"target": Enhanced()}, r"target\.gain None there, 1\.3 here; target\.kind sources there, enhanced here"),
        ({"phase_one": "apart"}, "recipe: phase_one paper there, apart here; choose .*--accept"),
    ],
)
def test_run_of_an_earlier_version_is_not_gone_on_with_by_another_recipe(config, old_run, change, message):
    with pytest.raises(ValueError, match=message):
        train(replace(config, **change), old_run)


def test_run_can_go_on_with_super_resolution_alone_and_with_the_fusion_branch_again(config, run, tmp_path):
    def until(step, phase_one):
        recipe = replace(config, phase_one=phase_one, phase_one_steps=step, phase_two_steps=0)
        return weights.load(train(recipe, tmp_path, accept_changes=True)).params

    joint, alone, again = until(1, "paper"), until(2, "super-resolution"), until(3, "paper")
    jax.tree.map(np.testing.assert_array_equal, joint["fusion"], alone["fusion"])
    for a, b in ((joint, alone), (alone, again)):
        assert any(not np.array_equal(*pair) for pair in zip(*map(jax.tree.leaves, (a, b)), strict=True))


def test_teacher_that_is_not_there_is_said_before_phase_one(config, tmp_path):
    with pytest.raises(FileNotFoundError, match="model 'nobody' not found"):
        train(replace(config, target=Teacher("nobody")), tmp_path)
    assert not (tmp_path / "checkpoints").exists()


def test_second_run_in_a_folder_is_refused(config, run):
    with filelock.FileLock(run[0] / ".lock"), pytest.raises(ValueError, match="another run works in"):
        train(config, run[0])


def test_run_that_nobody_watches_prints_lines(config, tmp_path, capsys):
    train(replace(config, phase_two_steps=0), tmp_path)
    assert re.search(r"^phase 1, step 3 of 3: loss 0\.\d+, [\d.]+ images/s$", capsys.readouterr().out, re.MULTILINE)


def test_length_of_phase_one_can_not_change_once_phase_two_has_begun(config, run):
    with pytest.raises(ValueError, match="phase one has 3 steps, not 9; to train its model further, start"):
        train(replace(config, phase_one_steps=9), run[0], accept_changes=True)


def test_run_that_found_no_data_claims_nothing(config, tmp_path):
    with pytest.raises(ValueError, match="no training data"):
        train(replace(config, data=replace(config.data, roots=())), tmp_path)
    assert not (tmp_path / "recipe.json").exists()


def test_run_can_start_from_another_model_and_says_so(config, run, tmp_path):
    start = replace(config, start_from=str(run[1]), phase_one_steps=1, phase_two_steps=0)
    model, other = weights.load(train(start, tmp_path)), weights.load(run[1])
    # Adam's first step moves a parameter by the learning rate.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1.1e-4), model.params, other.params)
    assert json.loads(model.metadata["recipe"])[0]["started_from"]["steps"] == "5"


def test_run_that_started_from_a_model_lists_what_that_was_trained_on_too(config, run, tmp_path):
    for side in ("ir", "vis"):
        (tmp_path / "more" / side).mkdir(parents=True)
        image = np.random.default_rng(len(side)).integers(0, 256, (32, 40), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "more" / side / "new.png"), image)
    data = replace(config.data, roots=(str(tmp_path / "more"),))
    start = replace(config, data=data, start_from=str(run[1]), phase_one_steps=1, phase_two_steps=0)
    model = weights.load(train(start, tmp_path / "run"))
    seen, before = (fingerprints.from_metadata(each.metadata) for each in (model, weights.load(run[1])))
    assert before.images < seen.images
    assert len(seen.images) == len(before.images) + 2
    assert not seen.unknown
    assert fingerprints.KEY not in json.loads(model.metadata["recipe"])[0]["started_from"]


@pytest.fixture(scope="module")
def started(config, run, tmp_path_factory):
    """A run that started from another run's model: its configuration and folder."""
    start, workdir = replace(config, start_from=str(run[1]), phase_one_steps=0), tmp_path_factory.mktemp("started")
    train(start, workdir)
    return start, workdir


def test_run_goes_on_though_the_model_it_started_from_has_moved_or_is_gone(started, tmp_path):
    config, workdir = started
    shutil.copy(config.start_from, tmp_path / "moved.safetensors")
    train(replace(config, start_from=str(tmp_path / "moved.safetensors")), workdir)
    train(replace(config, start_from=str(tmp_path / "gone" / "model.safetensors")), workdir)


@pytest.mark.parametrize("accept_changes", [False, True])
def test_run_that_started_from_another_model_of_the_same_name_is_refused(started, tmp_path, accept_changes):
    config, workdir = started
    other = weights.load(config.start_from)
    changed = jax.tree.map(lambda leaf: leaf + 1, other.params)
    weights.save(tmp_path / "model.safetensors", other.config, changed, other.metadata)
    with pytest.raises(
        ValueError, match=r"start_from model\.safetensors \(\w{8}\) there, model\.safetensors \(\w{8}\)"
    ):
        train(replace(config, start_from=str(tmp_path / "model.safetensors")), workdir, accept_changes=accept_changes)


def test_run_that_started_from_a_model_is_not_one_from_random_parameters(config, run, started):
    start, workdir = started
    with pytest.raises(ValueError, match=r"start_from model\.safetensors there, None here"):
        train(replace(start, start_from=None), workdir)
    with pytest.raises(ValueError, match=r"start_from None there, model\.safetensors here"):
        train(replace(config, start_from=str(run[1])), run[0])


def test_start_model_of_a_run_from_before_its_hash_was_noted_is_taken_for_the_same(started, tmp_path):
    config, workdir = started
    shutil.copytree(workdir, tmp_path / "run")
    [entry] = json.loads((workdir / "recipe.json").read_text())
    del entry["start_sha256"]
    (tmp_path / "run" / "recipe.json").write_text(json.dumps([entry]))
    train(replace(config, start_from="default"), tmp_path / "run")


def test_changed_recipe_is_added_to_the_history_of_the_model(config, tmp_path):
    train(replace(config, phase_two_steps=0), tmp_path)
    changed = replace(config, data=replace(config.data, min_detail=0.01))
    with pytest.raises(ValueError, match=r"another recipe: data\.min_detail 0\.0 there, 0\.01 here; phase_two_steps 0"):
        train(changed, tmp_path)
    model = weights.load(train(changed, tmp_path, accept_changes=True))
    entries = json.loads(model.metadata["recipe"])
    assert [(e["from_step"], e["recipe"]["data"]["min_detail"]) for e in entries] == [(0, 0.0), (3, 0.01)]


def test_loss_that_is_not_a_number_stops_the_run_before_it_is_saved(config, tmp_path, monkeypatch):
    parallel_step = devices.parallel_step

    def diverging(config, phase, mesh):
        update = parallel_step(config, phase, mesh)

        def step(state, batch, canvases):
            if int(state.step) == 2:
                state = state._replace(params=jax.tree.map(lambda p: p * np.nan, state.params))
            return update(state, batch, canvases)

        return step

    monkeypatch.setattr(devices, "parallel_step", diverging)
    said = r"loss is nan at step 3 of phase 1, on batch 2 \((.*[01]\.png,? ?){8}\); checkpoints before it are whole"
    for _ in range(2):  # the second time it goes on from the newest, and meets the same
        with pytest.raises(FloatingPointError, match=said):
            train(config, tmp_path)
        assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["1", "2", "hashes.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_saves_the_state_and_the_run_goes_on_from_there(config, run, tmp_path, monkeypatch, number):
    from mfjax.training import loop

    show = loop.Watch.show

    def send(self, step, metrics, state):
        show(self, step, metrics, state)
        if step == 2:
            signal.raise_signal(number)

    rare = replace(config, checkpoint_every=1000)
    with monkeypatch.context() as patch:
        patch.setattr(loop.Watch, "show", send)
        with pytest.raises(StopRequestedError, match="stopped after step 2; the same command goes on") as stop:
            train(rare, tmp_path)
    assert stop.value.number == number
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["2", "hashes.json"]
    resumed = weights.load(train(rare, tmp_path)).params
    jax.tree.map(np.testing.assert_array_equal, resumed, weights.load(run[1]).params)


def test_averaged_run_exports_the_average_and_resumes_with_it(config, tmp_path):
    plain = replace(config, phase_one_steps=0, phase_two_steps=3)  # phase two's programs compile in half the time
    averaged = replace(plain, ema_decay=0.5)
    whole = weights.load(train(averaged, tmp_path / "whole")).params
    train(replace(averaged, phase_two_steps=2), tmp_path / "part")
    resumed = weights.load(train(averaged, tmp_path / "part", accept_changes=True)).params
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)
    last = weights.load(train(plain, tmp_path / "plain")).params
    assert any(not np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (last, whole)), strict=True))


def test_log_of_an_interrupted_run_has_every_step_once(config, root, tmp_path):
    validated = replace(config, validation=ValidationConfig(roots=(str(root),), every=1, pairs=1, scales=(20,), grid=1))
    train(replace(validated, phase_one_steps=2, phase_two_steps=0), tmp_path)
    train(validated, tmp_path, accept_changes=True)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "psnr_ir_x2" in line] == [1, 2, 3, 4, 5]
    assert {"images_per_second", "sr", "fusion", "gradient_norm"} <= set(lines[-2])


def test_training_without_its_packages_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mfjax.training.config", None)
    monkeypatch.setattr("mfjax.cli.TRAINING_PACKAGES", {"mfjax.training.config"})
    assert main(["train"]) == 2
    assert "pip install 'mfjax[train]'" in capsys.readouterr().err


def test_train_command_reads_the_recipe_and_its_flags(root, config, tmp_path, capsys):
    recipe = tmp_path / "recipe.py"
    recipe.write_text(
        "from mfjax.training import DataConfig, ModelConfig, TrainConfig\n"
        f"config = TrainConfig(model={config.model!r}, data=DataConfig(crop=8, batch=8, scales=(20, 20)),\n"
        "    phase_one_steps=9, phase_two_steps=0)\n"
    )
    flags = ["--phase-one-steps", "1", "--data.roots", str(root), "--workdir", str(tmp_path / "run")]
    assert main(["train", "--config", str(recipe), *flags]) == 0
    assert weights.load(tmp_path / "run" / "model.safetensors").metadata["steps"] == "1"
    assert "model.safetensors" in capsys.readouterr().out


OWN_TARGET = """
from dataclasses import dataclass

import jax.numpy as jnp

from mfjax.training import DataConfig, ModelConfig, TrainConfig
from mfjax.training.targets import Target, register


@register("dim")
@dataclass(frozen=True)
class Dim(Target):
    factor: float = 0.5

    def loss(self, key, output, ir, vis, *, taught=None, axis_name=None, detail=1.0):
        distance = jnp.abs(output.fused - self.factor * jnp.minimum(ir, vis)).mean()
        return distance, {{"distance": distance}}

    def describe(self):
        return f"the darker source, {{self.factor:g}} times"


config = TrainConfig(
    model={model!r},
    data=DataConfig(roots=({root!r},), crop=8, batch=8, scales=(20, 20)),
    target=Dim(),
    phase_one_steps=0,
    phase_two_steps=2,
)
"""


def test_recipe_can_bring_a_target_of_its_own(config, root, tmp_path, monkeypatch):
    monkeypatch.setattr("mfjax.training.targets.base.TARGETS", dict(TARGETS))
    (tmp_path / "own.py").write_text(OWN_TARGET.format(model=config.model, root=str(root)))
    flags = ["--target.factor", "0.25", "--workdir", str(tmp_path / "run")]
    assert main(["train", "--config", str(tmp_path / "own.py"), *flags]) == 0
    model = weights.load(tmp_path / "run" / "model.safetensors")
    assert json.loads(model.metadata["recipe"])[0]["recipe"]["target"] == {"kind": "dim", "factor": 0.25}
    assert provenance(model.metadata)[0].endswith("; fusion target: the darker source, 0.25 times")
    line = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert {"sr", "distance", "loss"} <= set(line)


@pytest.mark.parametrize(
    ("flags", "target"),
    [
        ([], Sources()),
        (["--target.contrast-weight", "0.01"], Sources(contrast_weight=0.01)),
        (["--target", "enhanced", "--target.gain", "1.4"], Enhanced(gain=1.4)),
        (["--target=teacher", "--target.model=small"], Teacher("small")),
        (["--recipe", STRUCTURE, "--target.contrast", "1.4"], Structure(contrast=1.4)),
        (["--recipe", STRUCTURE, "--target", "structure"], Structure()),
        (["--recipe", STRUCTURE, "--target", "sources"], Sources()),
    ],
    ids=lambda case: " ".join(Path(flag).name for flag in case) if isinstance(case, list) else "",
)
def test_flags_change_single_options_of_a_recipes_target_or_choose_another(flags, target, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr("mfjax.training.loop.train", lambda recipe, *_, **__: trained.append(recipe))
    assert main(["train", *flags, "--workdir", str(tmp_path)]) == 0
    assert [recipe.target for recipe in trained] == [target]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--target", "maximum"], "target is 'maximum'; it must be one of enhanced, sources, structure, teacher"),
        (["--target.gain", "1.4"], "--target.gain is no option of the target 'sources'; add --target enhanced, or"),
        (["--config", "nowhere.py"], "nowhere.py is not a file"),
        (["--recipe", "nowhere"], "recipe 'nowhere' not found; available: ablation, default, paper,"),
        ([], "no training data"),
        (["--target", "structure", "--target.grain", "nan"], "target.grain is nan; it must be finite"),
        (["--data.roots", "nowhere"], "nowhere is not a folder"),
        (["--phase-one-steps", "-1"], "steps are -1"),
    ],
)
def test_what_can_not_be_trained_is_said_in_one_line(flags, message, tmp_path, capsys):
    assert main(["train", *flags, "--workdir", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


def test_papers_config_has_the_papers_numbers():
    config = read_config(CONFIGS / "paper.py")
    assert (config.model.blocks, config.model.compensations, config.model.base) == (6, 2, "none")
    assert (config.data.crop, config.data.batch, config.data.scales) == (128, 4, (10, 30))
    assert (config.phase_one_steps, config.phase_two_steps) == (60_000, 9_000)
    assert (config.learning_rate, config.target, config.schedule) == (1e-4, Sources(0.005), "constant")
    assert (config.warmup_steps, config.clip_norm) == (0, None)
    assert (config.accumulate, config.ema_decay, config.dtype) == (1, None, "float32")


@pytest.mark.parametrize(
    "wrong",
    [
        {"schedule": "Cosine"},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"clip_norm": math.inf},
        {"phase_two_learning_rate": -1e-4},
        {"clip_norm": 0},
        {"target": "maximum"},
        {"phase_one": "joint"},
        {"seed": -1},
        {"checkpoint_every": 0},
        {"accumulate": 0},
        {"ema_decay": 1.0},
        {"dtype": "float16"},
        {"warmup_steps": 70_000},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_value_that_a_recipe_can_not_have_is_named(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(ValueError, match=f"{name} is {value!r}"):
        TrainConfig(**wrong)


@pytest.mark.parametrize(
    "text", ["config = ", "config = TrainConfig()", "from mfjax.training import *; TrainConfig(lr=1)"]
)
def test_config_that_can_not_be_run_is_one_error(text, tmp_path):
    (tmp_path / "wrong.py").write_text(text)
    with pytest.raises(ValueError, match=r"wrong\.py: (SyntaxError|NameError|TypeError): "):
        read_config(tmp_path / "wrong.py")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_every_config_can_be_read(path):
    assert isinstance(read_config(path), TrainConfig)
