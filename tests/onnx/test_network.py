"""The network's two statements, in Flax and in ONNX, agree, whatever the architecture."""

import dataclasses
from functools import partial
from typing import get_args, get_type_hints

import cv2
import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfjax.cli import main
from mfjax.inference.pure import branches_of, fuse_any
from mfjax.model import FusionNetwork, ModelConfig
from mfjax.model.network import SuperResolutionBranch

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
network = pytest.importorskip("mfjax.onnx.network")
positions = pytest.importorskip("mfjax.onnx.positions")
onnx_file = pytest.importorskip("mfjax.interop.onnx_file")


def is_possible(values):
    """Returns true if there is an architecture with some values."""
    try:
        ModelConfig(**values)
    except ValueError:
        return False
    return True


def few_values(name, kind):
    """Returns some values of a field of an architecture, small ones if they are numbers, by the field's type."""
    if kind is int:
        return [value for value in range(3) if is_possible({"base": "bicubic", name: value})]
    return [False, True] if kind is bool else list(get_args(kind))  # get_args: of a Literal


SWITCHES = {name: few_values(name, kind) for name, kind in get_type_hints(ModelConfig).items()}
architectures = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in SWITCHES.items() if name in network.SUPPORTED}
)
architectures = architectures.filter(is_possible).map(lambda values: ModelConfig(**values))

each_architecture = partial(
    settings, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def picture(*size):
    """Returns a smooth image: in noise, rounding may decide which source is larger at a pixel."""
    image = cv2.GaussianBlur(np.random.default_rng(size[0] * size[1]).random(size, np.float32), (0, 0), 2)
    return (image - image.min()) / np.ptp(image)


def run(graph, **inputs):
    """Returns the outputs of an ONNX file by ONNX Runtime, after checking the file."""
    onnx.checker.check_model(graph, full_check=True)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {port.name: inputs[port.name] for port in session.get_inputs()})


def in_flax(config, params, ir, vis, size, largest_factor=8):
    fuse = jax.jit(partial(fuse_any, config, size=size, largest_factor=largest_factor))
    return [np.clip(image[..., 0], 0, 1) for image in fuse(params, ir[..., None], vis[..., None])]


def assert_same(made, expected, tolerance=1e-5):
    for ours, theirs in zip(made, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=tolerance)


def test_switches_that_the_graphs_know_have_several_values_each_of_which_architectures_are_made():
    assert all(len(SWITCHES[name]) >= 2 for name in network.SUPPORTED)


def test_architecture_with_a_switch_that_is_not_stated_is_refused(tiny_params):
    config = dataclasses.make_dataclass("Config", [("gates", int, 3)], bases=(ModelConfig,), frozen=True)()
    with pytest.raises(NotImplementedError, match=r"ModelConfig.gates is not stated in ONNX"):
        network.extractor(config, tiny_params["branch"])


@given(config=architectures)
@each_architecture(max_examples=4)
def test_network_of_any_architecture_is_that_of_flax(config, random_params):
    params = random_params(config)
    ir, vis = picture(7, 9)[None], picture(14, 18)[None]
    made = run(onnx_file.export_factors(config, params, (2, 1)), ir=ir, vis=vis)
    assert_same(made, in_flax(config, params, ir, vis, (14, 18)))


@pytest.mark.parametrize("factors", [(1, 1), (1, 3), (3, 2), (8, 4)])
def test_network_of_any_size_is_that_of_flax_at_other_factors(factors, smallest_config, random_params):
    params, size = random_params(smallest_config), (24, 48)
    ir, vis = (picture(*(length // factor for length in size))[None] for factor in factors)
    made = run(onnx_file.export_factors(smallest_config, params, factors, largest_factor=8), ir=ir, vis=vis)
    assert_same(made, in_flax(smallest_config, params, ir, vis, size))


@pytest.mark.parametrize("changes", [{"blend": 3}, {"base": "none", "share_branches": False, "stride": 2}])
def test_extractor_and_composition_are_those_of_flax(changes, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, **changes)
    params = random_params(config)
    pair = [picture(10, 15)[None], picture(20, 30)[None]]
    features = []
    for image, branch in zip(pair, branches_of(config, params), strict=True):
        [found] = run(network.extractor(config, branch), image=image[None])
        extract = jax.jit(partial(SuperResolutionBranch(config).apply, method="extract"))
        expected = extract({"params": branch}, image[..., None])
        np.testing.assert_allclose(found, expected, atol=1e-5)
        features.append(found)
    inputs = {"ir": pair[0][None], "vis": pair[1][None], "ir_features": features[0], "vis_features": features[1]}
    composed = run(network.composition(config, params["fusion"], branches_of(config, params), (2, 1)), **inputs)
    fuse = jax.jit(partial(FusionNetwork(config).apply, size=(20, 30)))
    out = fuse({"params": params}, *(image[..., None] for image in pair))
    assert_same([image[:, 0] for image in composed], [image[..., 0] for image in out])


@pytest.mark.parametrize("size", [(59, 83), (61, 77)])
def test_composition_to_any_size_is_nearly_that_of_flax(size, tiny_config, random_params):
    params = random_params(tiny_config)
    pair = [picture(23, 31)[None], picture(46, 67)[None]]
    inputs = {"ir": pair[0][None], "vis": pair[1][None]}
    for name, image, branch in zip(("ir", "vis"), pair, branches_of(tiny_config, params), strict=True):
        [inputs[f"{name}_features"]] = run(network.extractor(tiny_config, branch), image=image[None])
        inputs |= positions.values(name, image.shape[1:], size)
    branches = branches_of(tiny_config, params)
    composed = run(network.composition(tiny_config, params["fusion"], branches, (None, None)), **inputs)
    out = in_flax(tiny_config, params, *pair, size, largest_factor=3)
    for ours, theirs in zip(composed, out, strict=True):
        np.testing.assert_allclose(np.clip(ours[:, 0], 0, 1), np.clip(theirs, 0, 1), atol=0.05 / 255)


IN_STEPS = (5, 6), (37, 23), (23, 31)  # and averaged
CASES = [  # infrared, visible, output
    ((10, 15), (20, 30), (20, 30)),
    ((12, 16), (16, 20), (20, 25)),  # 5/3, 25/16, 5/4
    ((9, 12), (18, 12), (18, 24)),  # rows and columns apart
    ((23, 31), (29, 37), (29, 41)),  # coprime
    IN_STEPS,
    ((40, 50), (30, 40), (20, 25)),  # averaged along both axes
]


@pytest.mark.parametrize(("ir", "vis", "size"), CASES)
def test_network_of_fixed_sizes_is_that_of_flax(ir, vis, size, tiny_config, random_params):
    config = dataclasses.replace(tiny_config, blend=6, share_branches=(ir, vis, size) != IN_STEPS)
    params = random_params(config)
    pair = {"ir": picture(*ir)[None], "vis": picture(*vis)[None]}
    made = run(onnx_file.export_fixed(config, params, ir, vis, size), **pair)
    assert_same(made, in_flax(config, params, *pair.values(), size, largest_factor=3))


def test_filters_that_are_too_many_for_a_file_are_predicted_row_by_row(tiny_config, tiny_params, monkeypatch):
    config = dataclasses.replace(tiny_config, features=4)
    pair = {"ir": picture(12, 16)[None], "vis": picture(16, 20)[None]}
    sizes = [each.shape[1:] for each in pair.values()]
    held = onnx_file.export_fixed(config, tiny_params, *sizes, (20, 25))
    monkeypatch.setattr("mfjax.onnx.resampling.MOST_NUMBERS", 0)
    predicted = onnx_file.export_fixed(config, tiny_params, *sizes, (20, 25))
    kinds = [{node.op_type for node in onnx.load_from_string(graph).graph.node} for graph in (held, predicted)]
    assert ["Scan" in each for each in kinds] == [False, True]
    assert_same(run(predicted, **pair), run(held, **pair))


def test_network_takes_any_number_of_pairs_and_gives_each_what_it_gives_it_alone(tiny_config, random_params):
    config = dataclasses.replace(tiny_config, blend=6)
    graph = onnx_file.export_factors(config, random_params(config), (2, 1))
    ir, vis = (np.stack([picture(*size), picture(*size)[::-1], picture(*size) ** 2]) for size in ((10, 14), (20, 28)))
    together = run(graph, ir=ir, vis=vis)
    alone = [run(graph, ir=ir[i : i + 1], vis=vis[i : i + 1]) for i in range(3)]
    assert_same(together, [np.concatenate(images) for images in zip(*alone, strict=True)])


def test_extractor_in_float16_is_near_and_takes_little_more_than_half_of_the_file(tiny_config, random_params):
    config = dataclasses.replace(tiny_config, width=32, growth=16)
    params = random_params(config)
    full, half = (onnx_file.export_factors(config, params, (2, 1), precision=each) for each in ("float32", "float16"))
    pair = {"ir": picture(10, 14)[None], "vis": picture(20, 28)[None]}
    assert_same(run(half, **pair), run(full, **pair), tolerance=0.01)
    assert len(half) < 0.65 * len(full)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("sizes", [None, *CASES[1:4]])
def test_openvino_and_onnx_runtime_agree(sizes, precision, tiny_config, random_params):
    openvino = pytest.importorskip("mfjax.inference.backends.openvino")
    config = dataclasses.replace(tiny_config, blend=6, compensations=2)
    params, options = random_params(config), {"precision": precision}
    if sizes:
        graph = onnx_file.export_fixed(config, params, *sizes, **options)
    else:
        graph = onnx_file.export_factors(config, params, (2, 1), **options)
    ir, vis = sizes[:2] if sizes else [(10, 14), (20, 28)]
    pair = {"ir": picture(*ir)[None], "vis": picture(*vis)[None]}
    shapes = {name: x.shape if sizes else (1, -1, -1) for name, x in pair.items()}
    assert_same(openvino.Program(graph, shapes)(pair), run(graph, **pair), 1e-5 if precision == "float32" else 1e-2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--factors", "2", "1"], "outputs 2 times the infrared and 1 times the visible size, in float32"),
        (["--ir", "10x14", "--vis", "20x28", "--precision", "float16"], "10x14 and 20x28 to 20x28, in float16"),
    ],
)
def test_command_writes_an_onnx_file_that_fuses(
    options, said, tiny_config, tiny_params, tiny_weights, tmp_path, capsys
):
    out = tmp_path / "tiny.onnx"
    assert main(["export", str(out), "--model", str(tiny_weights), *options]) == 0
    assert said in capsys.readouterr().out
    ir, vis = picture(10, 14)[None], picture(20, 28)[None]
    expected = in_flax(tiny_config, tiny_params, ir, vis, (20, 28))
    assert_same(run(out.read_bytes(), ir=ir, vis=vis), expected, 1e-2 if "float16" in options else 1e-5)
