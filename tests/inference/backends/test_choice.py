"""The engine is chosen by name, by the installed packages and by JAX's device; all engines extract equal features."""

from functools import partial

import jax
import numpy as np
import pytest

from mfjax.inference import backends, engines
from mfjax.inference.backends import choose
from mfjax.inference.backends.xla import XlaBackend
from mfjax.inference.composition import Source
from mfjax.inference.fuser import Fuser
from mfjax.inference.fusion import Fusion
from mfjax.model.network import SuperResolutionBranch

WITH_OPENVINO = pytest.mark.skipif(bool(engines.missing("openvino")), reason="OpenVINO is not installed")
ENGINES = ["xla", pytest.param("openvino", marks=WITH_OPENVINO)]


@pytest.fixture(scope="module")
def network(tiny_config, tiny_params):
    """Returns the features of an image by the network itself."""
    apply = jax.jit(partial(SuperResolutionBranch(tiny_config).apply, method="extract"))
    return lambda image: np.asarray(apply({"params": tiny_params["branch"]}, image[None, ..., None])[0])


def noise(*size):
    return np.random.default_rng(0).random(size, np.float32)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(3, 2), (33, 47), (64, 48)])
def test_features_of_an_engine_are_the_networks(engine, size, tiny_config, tiny_params, network):
    backend = choose(tiny_config, tiny_params, engine=engine, largest_factor=3)
    np.testing.assert_allclose(backend.extract(noise(*size), "ir").features, network(noise(*size)), atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_bfloat16_is_near_float32(engine, tiny_config, tiny_params, network):
    backend = choose(tiny_config, tiny_params, engine=engine, precision="bfloat16", largest_factor=3)
    features, exact = backend.extract(noise(33, 47), "vis").features, network(noise(33, 47))
    assert features.dtype == np.float32
    assert 0 < np.abs(features - exact).max() < 0.05 * np.abs(exact).max()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"engine": "fast"}, "engine is 'fast'; it is one of auto, openvino, "),
        ({"precision": "half"}, "precision is 'half'; it is one of auto, float32, bfloat16"),
    ],
)
def test_engine_or_precision_that_there_is_not_is_refused_with_those_there_are(words, message):
    with pytest.raises(ValueError, match=message):
        engines.check_engine(**{"engine": "auto", "precision": "auto"} | words)


@pytest.fixture
def without(monkeypatch):
    """Returns a function that makes some packages look as if they were not installed."""
    find = engines.importlib.util.find_spec
    return lambda *names: monkeypatch.setattr(
        engines.importlib.util, "find_spec", lambda name: None if name in names else find(name)
    )


def test_engine_that_is_not_installed_is_refused_with_the_way_out(without):
    without("openvino", "onnx")
    with pytest.raises(ValueError, match=r"openvino and onnx must be installed: pip install 'mfjax\[cpu\]'"):
        engines.check_engine("openvino", "auto")


def test_engine_whose_file_imports_what_is_not_installed_is_refused(tiny_config, tiny_params, monkeypatch):
    def import_module(name):
        raise ModuleNotFoundError(f"No module named 'its_runtime', for {name}", name="its_runtime")

    monkeypatch.setattr(backends.importlib, "import_module", import_module)
    with pytest.raises(ValueError, match="engine is 'xla', for which its_runtime must be installed"):
        choose(tiny_config, tiny_params, engine="xla", largest_factor=3)


def test_auto_is_xla_without_a_word_where_openvino_is_not_installed(without, tiny_config, tiny_params, caplog):
    without("openvino", "onnx")
    assert isinstance(choose(tiny_config, tiny_params, largest_factor=3), XlaBackend)
    assert not caplog.records


@WITH_OPENVINO
def test_openvino_that_lacks_onnx_is_said_not_to_be_used(without, tiny_config, tiny_params, caplog):
    without("onnx")
    assert isinstance(choose(tiny_config, tiny_params, largest_factor=3), XlaBackend)
    assert "OpenVINO is not used, for want of onnx: pip install 'mfjax[cpu]'" in caplog.text


@WITH_OPENVINO
def test_auto_is_openvino_on_cpus_only(tiny_config, tiny_params, monkeypatch):
    make = partial(choose, tiny_config, tiny_params, largest_factor=3)
    assert type(make()).__name__ == "OpenVinoBackend"
    monkeypatch.setattr(backends.jax, "default_backend", lambda: "gpu")
    assert isinstance(make(), XlaBackend)


class Black:
    """A backend of another engine, whose features are all zero."""

    def extract(self, image, which):
        return Source(image, np.zeros((*image.shape, 1), np.float32))

    def compose(self, ir, vis, size, *, dtypes, tile, progress, seen):
        return Fusion(*(np.zeros(size, dtype) for dtype in dtypes))

    def batch_size(self, *shapes):
        return 0


def test_fuser_takes_any_backend_and_asks_it_for_all(tiny_config, tiny_params):
    fuser = Fuser(tiny_config, tiny_params, Black())
    pair = [np.full((6, 8), 99, np.uint8), np.full((12, 16), 99, np.uint8)]
    made = [fuser(*pair), *fuser.batch([pair[0]] * 2, [pair[1]] * 2)]
    assert fuser.batch_size == 1
    assert [image.fused.max() for image in made] == [0, 0, 0]
