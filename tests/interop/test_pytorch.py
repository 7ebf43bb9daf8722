"""Parity with the authors' network at every stage, and files that the conversion refuses.

golden/make.py tells where the reference values come from.
"""

import json
import runpy
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest

import mfjax
from mfjax.cli import main
from mfjax.interop import convert_state_dict
from mfjax.model import FusionNetwork
from mfjax.model.fusion import select_by_magnitude

LUMA = np.array([0.299, 0.587, 0.114])
MAKE = runpy.run_path(str(Path(__file__).with_name("golden") / "make.py"))


@pytest.fixture(scope="module")
def golden():
    with np.load(MAKE["GOLDEN"]) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def state(golden):
    return MAKE["initial_state"](json.loads(str(golden["shapes"])))


@partial(jax.jit, static_argnums=(0, 4))
def stages(config, params, ir, vis, size):
    """Returns every stage that is stored, by its name in the file."""
    variables = {"params": params}
    output, recorded = FusionNetwork(config).apply(variables, ir, vis, size=size, capture_intermediates=True)
    recorded = recorded["intermediates"]
    fusion = recorded["fusion"]["module"]
    found = {
        "fused_features": fusion["__call__"][0],
        "fused": output.fused,
        "sr_ir": output.ir,
        "sr_vis": output.vis,
    }
    for i, source in enumerate(("ir", "vis")):
        branch = recorded["branch"]["__call__"][i]
        found[f"features_{source}"] = recorded["branch"]["extractor"]["__call__"][i]
        found[f"position_weight_{source}"] = fusion["attention"]["position"]["__call__"][i]
        found[f"upscaled_{source}"] = refined = branch.upscaled
        for k, residual in enumerate(branch.residuals):
            found[f"rcm{k}_{source}"] = refined = refined + residual
    residuals = (branch.residuals for branch in recorded["branch"]["__call__"])
    refined = found["fused_features"]
    for k, pair in enumerate(zip(*residuals, strict=True)):
        found[f"rcm{k}_fused"] = refined = refined + select_by_magnitude(*pair)
    return found


@pytest.mark.parametrize("case", ["r2.5_r2", "r3_r1", "r1_r4"])
def test_every_stage_matches_the_authors_network(golden, state, case):
    stored = {name.removeprefix(f"{case}/"): v for name, v in golden.items() if name.startswith(f"{case}/")}
    config, params = convert_state_dict(state)
    ir, vis = (stored[name][None, ..., None] for name in ("ir", "vis"))
    found = stages(config, params, ir, vis, tuple(int(n) for n in stored["size"]))
    inputs_and_stretched = {name for name in stored if name in ("ir", "vis", "size") or name.startswith("minmax_")}
    assert found.keys() == {name.removesuffix("_rgb") for name in stored.keys() - inputs_and_stretched}
    for name, value in found.items():
        expected = stored[name] if name in stored else (stored[f"{name}_rgb"] @ LUMA)[..., None]
        error = np.abs(value[0, ::2, ::2] - expected).max() / np.abs(expected).max()
        assert error < 1e-5, f"{name} is off by {error:.1e} of its largest value"


def test_number_of_blocks_and_compensations_is_read_from_the_names(state):
    fewer = {k: v for k, v in state.items() if not k.startswith(("f_net.FENet.5.", "f_net.FENet.4.", "RCMs.1."))}
    config, params = convert_state_dict(fewer)
    assert (config.blocks, config.compensations) == (4, 1)
    image = np.zeros((1, 6, 6, 1), np.float32)
    apply = partial(FusionNetwork(config).apply, size=(9, 9))
    assert jax.eval_shape(apply, {"params": params}, image, image).fused.shape == (1, 9, 9, 1)


def test_missing_parameter_is_named(state):
    without = {k: v for k, v in state.items() if k != "PA.PA_module.conv1.0.bias"}
    with pytest.raises(ValueError, match=r"PA\.PA_module\.conv1\.0\.bias is missing"):
        convert_state_dict(without)


def test_unknown_parameter_is_named(state):
    with pytest.raises(ValueError, match=r"1 parameters .* extra\.weight"):
        convert_state_dict(state | {"extra.weight": np.zeros(3)})


def test_state_of_another_network_is_refused():
    with pytest.raises(ValueError, match="not a checkpoint of the released network"):
        convert_state_dict({"layer.weight": np.zeros((3, 3))})


def test_convert_command_makes_a_weights_file_that_fuses_as_the_network_does(golden, state, tmp_path, capsys):
    torch = pytest.importorskip("torch")
    torch.save({name: torch.from_numpy(value) for name, value in state.items()}, tmp_path / "model.pth")
    out = tmp_path / "model.safetensors"
    assert main(["convert", str(tmp_path / "model.pth"), str(out)]) == 0
    assert "6 FEBs, 2 RCMs" in capsys.readouterr().out
    fused = mfjax.load(out).apply(golden["r3_r1/ir"], golden["r3_r1/vis"], size=(60, 72)).fused
    np.testing.assert_allclose(fused[::2, ::2], golden["r3_r1/fused_rgb"] @ LUMA, atol=1e-5)
