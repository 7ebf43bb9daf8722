"""An exported program gives the network's results, and needs JAX only."""

import itertools
import subprocess
import sys

import jax
import numpy as np
import pytest

from mfjax.cli import main
from mfjax.inference.pure import fuse_luma

pytest.importorskip("flatbuffers")

LOAD = """
import sys, numpy, jax
program = jax.export.deserialize(bytearray(open(sys.argv[1], "rb").read()))
for pair, made in zip(sys.argv[2::2], sys.argv[3::2]):
    numpy.savez(made, *jax.jit(program.call)(*numpy.load(pair).values()))
assert not [name for name in sys.modules if name.startswith(("mfjax", "flax"))]
"""


@pytest.fixture
def run(tiny_config, tiny_params, tiny_weights, tmp_path):
    """Exports with some options, fuses pairs of some sizes in a process that has JAX only, and checks each."""

    def exported(options, cases):
        out = tmp_path / "program.jaxexport"
        assert main(["export", str(out), "--model", str(tiny_weights), *options]) == 0
        rng = np.random.default_rng(0)
        pairs = [[rng.random((n, *each), np.float32) for each in (ir, vis)] for n, ir, vis, _ in cases]
        files = [(str(tmp_path / f"pair{i}.npz"), str(tmp_path / f"made{i}.npz")) for i in range(len(cases))]
        for (there, _), pair in zip(files, pairs, strict=True):
            np.savez(there, *pair)
        subprocess.run([sys.executable, "-c", LOAD, str(out), *itertools.chain(*files)], check=True, timeout=120)
        live = jax.jit(fuse_luma, static_argnums=0, static_argnames="size")
        for (_, made), pair, (*_, size) in zip(files, pairs, cases, strict=True):
            expected = live(tiny_config, tiny_params, *pair, size=size)
            for ours, theirs in zip(np.load(made).values(), expected, strict=True):
                np.testing.assert_allclose(ours, np.clip(theirs, 0, 1), atol=1e-5)

    return exported


def test_program_of_factors_takes_sources_of_any_size_and_number(run):
    sizes = [(1, (10, 14), (20, 28), (20, 28)), (3, (24, 32), (48, 64), (48, 64))]
    run(["--factors", "2", "1", "--platforms", "cpu", "cuda"], sizes)


def test_program_of_fixed_sizes_takes_any_ratio_and_number(run):
    run(["--ir", "11x13", "--vis", "17x23", "--size", "21x30"], [(2, (11, 13), (17, 23), (21, 30))])


def test_program_of_fixed_sizes_averages_and_takes_steps(run):
    run(["--ir", "5x6", "--vis", "37x23", "--size", "23x31"], [(2, (5, 6), (37, 23), (23, 31))])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give either --factors, or --ir and --vis"),
        (["--ir", "10x10"], "give either --factors, or --ir and --vis"),
        (["--factors", "2", "1", "--size", "10x10"], "give either --factors, or --ir and --vis"),
        (["--factors", "0", "1"], "a factor is 0; it is a whole number from 1 to 3"),
        (
            ["--factors", "1", "4"],
            "a factor is 4; it is a whole number from 1 to 3, up to which this model was trained",
        ),
        (["--ir", "10", "--vis", "9x9"], "--ir is '10'; it is height and width, such as 240x320"),
        (["--ir", "0x5", "--vis", "9x9"], "infrared is 0x5"),
        (["--factors", "2", "1", "--precision", "float16"], "--precision float16 is for .onnx"),
    ],
)
def test_export_of_nothing_that_can_be_is_refused(options, message, tiny_weights, tmp_path, capsys):
    assert main(["export", str(tmp_path / "out.jaxexport"), "--model", str(tiny_weights), *options]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_export_into_a_folder_that_is_not_there_is_refused(tiny_weights, tmp_path, capsys):
    out = tmp_path / "no" / "out.jaxexport"
    assert main(["export", str(out), "--model", str(tiny_weights), "--factors", "2", "1"]) == 2
    assert "make it first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("out", [], "has the suffix '', which chooses the format: .onnx or .jaxexport"),
        ("out.onnx", ["--platforms", "cuda"], "--platforms is for .jaxexport"),
    ],
)
def test_export_to_a_file_that_is_not_what_its_options_ask_for_is_refused(
    name, options, message, tiny_weights, tmp_path, capsys
):
    out = str(tmp_path / name)
    assert main(["export", out, "--model", str(tiny_weights), "--factors", "2", "1", *options]) == 2
    assert message in capsys.readouterr().err
