"""Checkpoint files of PyTorch, and the command that converts them."""

import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mfjax.cli import main
from mfjax.errors import MfjaxError
from mfjax.interop import read_state_dict


def test_without_pytorch_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match="pip install torch"):
        read_state_dict(tmp_path / "model.pth")


def test_pytorch_whose_reading_is_not_safe_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2.5.1+cpu"))
    with pytest.raises(ValueError, match=r"needs 2\.6 or newer"):
        read_state_dict(tmp_path / "model.pth")


def test_missing_checkpoint_is_named(tmp_path, capsys):
    pytest.importorskip("torch")
    assert main(["convert", str(tmp_path / "nowhere.pth"), str(tmp_path / "out.safetensors")]) == 2
    assert "nowhere.pth: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s}, lambda s: {"model": s, "epoch": 3}])
def test_tensors_are_read_by_name_wherever_the_checkpoint_keeps_them(tmp_path, wrap):
    torch = pytest.importorskip("torch")
    values = {"a.weight": torch.arange(6.0).reshape(2, 3), "module.b": torch.nn.Parameter(torch.ones(2))}
    torch.save(wrap(values), tmp_path / "model.pth")
    state = read_state_dict(tmp_path / "model.pth")
    np.testing.assert_array_equal(state["a.weight"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(state["b"], [1, 1])


def test_checkpoint_that_would_run_code_is_refused_and_runs_none(tmp_path):
    torch = pytest.importorskip("torch")
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match="not a PyTorch file of tensors only"):
        read_state_dict(tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"a": Evil()}, protocol=2))
    with pytest.raises(ValueError, match="not a PyTorch file of tensors only"):
        read_state_dict(tmp_path / "plain.pth")
    assert not ran.exists()


def sparse(torch):
    return torch.zeros(3).to_sparse()


def huge(torch):
    return torch.zeros(1).expand(2**20, 2**20)


def strange(torch):
    return torch.zeros(2, dtype=torch.complex64).to_sparse()


@pytest.mark.parametrize("make", [sparse, huge, strange])
def test_tensors_that_are_no_plain_arrays_are_refused_with_the_files_name(make, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"a": make(torch)}, tmp_path / "model.pth")
    with pytest.raises(MfjaxError, match=r"model\.pth (declares|has tensors that are no plain arrays)"):
        read_state_dict(tmp_path / "model.pth")


def test_a_checkpoint_of_another_network_is_refused_with_the_files_name(tmp_path, capsys):
    torch = pytest.importorskip("torch")
    torch.save({"f_net.conv0.0.weight": torch.zeros(2)}, tmp_path / "model.pth")
    assert main(["convert", str(tmp_path / "model.pth"), str(tmp_path / "out.safetensors")]) == 2
    assert f"error: {tmp_path}/model.pth: f_net.FENet is missing" in capsys.readouterr().err
