"""The table of commands, its help, and the options that all commands have."""

import subprocess
import sys
from pathlib import Path

import jax
import pytest

import mfjax
from mfjax import weights
from mfjax.cli import main
from mfjax.cli.table import COMMANDS
from mfjax.data import fingerprints
from mfjax.weights import catalogue

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_has_a_help_that_starts_with_its_synopsis(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: mfjax {name} [-h]")


def test_help_lists_every_command_and_says_how_to_fuse_an_infrared_and_a_visible_image(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "  mfjax fuse IR VIS --out OUT\n" in out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert max(map(len, out.splitlines())) <= 110


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a command, such as mfjax fuse IR VIS --out OUT"),
        (["melt"], "there is no command 'melt'; mfjax --help lists all"),
        (["fus", "a"], "there is no command 'fus'; did you mean fuse?"),
        (["data"], "mfjax data is followed by one of build, show"),
        (["reproduce", "table6"], "mfjax reproduce is followed by one of table2, table3, table4, table5, figures"),
    ],
)
def test_what_is_no_command_is_said_in_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_help_of_a_group_lists_its_commands(capsys):
    assert main(["reproduce", "--help"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[:5]] == [
        "table2",
        "table3",
        "table4",
        "table5",
        "figures",
    ]


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [(["--help"], ["jax", "numpy", "tyro"]), (["--version"], ["jax", "numpy", "tyro"]), (["models"], ["jax"])],
    ids=lambda case: case[0],
)
def test_what_needs_no_jax_does_not_import_it(arguments, absent):
    program = (
        f"import sys; from mfjax.cli import main; main({arguments}); sys.exit(bool({{*{absent}}} & {{*sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version_is_the_packages(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mfjax {mfjax.__version__}\n"


def test_models_are_listed_with_their_size_and_what_they_are_for(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    for name in weights.available():
        leaves = jax.tree.leaves(weights.load(name).params)
        assert f" {sum(leaf.size for leaf in leaves):,} " in lines[name] or f"{name} was trained on" in lines[name]
        assert f"{name} was trained on roadscene, msrs, m3fd" in out
        assert catalogue.PURPOSES[name] in out
    assert "licence" in out


def test_info_says_which_engine_is_chosen_and_why(capsys, monkeypatch):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert f"jax {jax.__version__}" in out
    assert "engine: openvino, since JAX runs on the CPU and OpenVINO, which is faster there, is installed" in out
    monkeypatch.setattr("mfjax.inference.backends.missing", lambda engine: ["openvino"])
    assert main(["info"]) == 0
    assert "engine: xla, since OpenVINO is not installed" in capsys.readouterr().out


def test_info_tells_of_a_model_its_architecture_training_and_images(capsys):
    assert main(["info", "small"]) == 0
    out = capsys.readouterr().out
    model = weights.load("small")
    assert f"architecture: blocks {model.config.blocks}, compensations {model.config.compensations}, " in out
    assert f"parameters: {sum(leaf.size for leaf in jax.tree.leaves(model.params)):,}\n" in out
    assert "trained: 1,600 steps, 1,600 of them of phase two, on roadscene, msrs, m3fd, m3svd" in out.splitlines()[-3]
    assert f"seen: {len(fingerprints.from_metadata(model.metadata).images)} images" in out


def test_info_says_what_a_weights_file_does_not_tell(tiny_weights, capsys):
    assert main(["info", str(tiny_weights)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{tiny_weights}, ")
    assert "trained: its file does not tell how" in out
    assert "may have seen others: its file does not say which images it was trained on" in out


@pytest.mark.parametrize("place", [0, 1, 3])
def test_traceback_is_shown_if_asked_for_anywhere_on_the_line(place, capsys):
    command = ["fuse", "nowhere.png", "neither.png", "--out", "out.png"]
    assert main([*command[:place], "--traceback", *command[place:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.endswith("error: nowhere.png: no such file or folder\n")


def test_reader_that_has_seen_enough_ends_the_command_without_a_word():
    command = [sys.executable, "-m", "mfjax", "models"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
