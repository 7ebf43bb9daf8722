"""The interface of all fusion targets, and adding a new one."""

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model import FusionOutput
from mfjax.training.targets import TARGETS, Enhanced, Sources, Target, Teacher, base, describe_json, from_json, register

EXAMPLES = [Sources(contrast_weight=0.01, contrast_pairs=64), Enhanced(gain=1.2, sharpness=1.06), Teacher("small")]


@pytest.fixture
def registry(monkeypatch):
    """A registry whose additions end with the test."""
    monkeypatch.setattr(base, "TARGETS", dict(TARGETS))
    return base.TARGETS


@pytest.fixture(scope="module")
def images():
    """The network's output, and both sources at full resolution."""
    rng = np.random.default_rng(0)
    fused, sr_ir, sr_vis, ir, vis = jnp.asarray(rng.random((5, 2, 8, 9, 1), np.float32))
    return FusionOutput(fused, sr_ir, sr_vis), ir, vis


def dim():
    @dataclass(frozen=True)
    class Dim(Target):
        factor: float = 0.5

        def loss(self, key, output, ir, vis, *, taught=None, axis_name=None, detail=1.0):
            distance = jnp.abs(output.fused - self.factor * jnp.minimum(ir, vis)).mean()
            return distance, {"distance": distance}

        def describe(self):
            return f"the darker source, {self.factor:g} times"

    return Dim


@pytest.mark.parametrize("target", EXAMPLES, ids=lambda target: target.kind)
def test_target_comes_back_from_json(target):
    fields = json.loads(json.dumps(target.to_json()))
    assert fields["kind"] == target.kind
    assert from_json(fields) == target
    assert from_json({"kind": target.kind}) == type(target)()


@pytest.mark.parametrize("target", EXAMPLES, ids=lambda target: target.kind)
def test_loss_of_a_target_is_a_function_that_gives_scalars_and_a_gradient_of_the_fused_image(target, images):
    output, ir, vis = images
    taught = None if target.taught_by() is None else jnp.minimum(ir, vis)

    def loss(fused):
        return target.loss(jax.random.key(0), output._replace(fused=fused), ir, vis, taught=taught)

    gradient, terms = jax.jit(jax.grad(loss, has_aux=True))(output.fused)
    assert {jnp.shape(term) for term in terms.values()} == {()}
    assert (jnp.abs(gradient).sum(axis=(1, 2, 3)) > 0).all()
    np.testing.assert_allclose(loss(output.fused)[1]["fusion"], terms["fusion"], rtol=1e-6)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (EXAMPLES[0], "both sources, λ 0.01"),
        (EXAMPLES[1], "the brighter source enhanced by 1.2"),
        (EXAMPLES[2], "what small makes"),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)
def test_target_says_what_it_is(target, said):
    assert target.describe() == describe_json(target.to_json()) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "later", "strength": 2, "name": "x"}, "later, strength 2, name x"),
        ({"kind": "later"}, "later"),
        ({"kind": "enhanced", "gain": 1.2, "knee": True}, "enhanced, gain 1.2, knee True"),
        ({"kind": "enhanced", "gain": "much"}, "enhanced, gain much"),
    ],
)
def test_target_of_a_file_from_elsewhere_is_described_by_what_stands_there(fields, said):
    assert describe_json(fields) == said


def test_teachers_place_on_ones_own_machine_is_not_written_down():
    assert Teacher("/home/me/runs/x/model.safetensors").to_json() == {"kind": "teacher", "model": "model.safetensors"}


def test_teacher_without_its_image_says_that_it_needs_it(images):
    with pytest.raises(ValueError, match="what default makes, so its loss needs that image as `taught`"):
        Teacher().loss(jax.random.key(0), *images)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "maximum"}, "target is 'maximum'; it must be one of enhanced, sources, structure, teacher"),
        ({"gain": 1.3}, "target is None; it must be one of"),
        ({"kind": "enhanced", "contrast_weight": 1}, "enhanced has no option contrast_weight; it has gain, sharpness"),
        ({"kind": "sources", "contrast_weight": -1}, "contrast_weight is -1; it must be 0 or more"),
        ({"kind": "sources", "contrast_pairs": 0}, "contrast_pairs is 0; it must be at least 1"),
        ({"kind": "enhanced", "gain": 0}, "gain is 0; it must be positive"),
        ({"kind": "enhanced", "sharpness": -1}, "sharpness is -1; it must be positive"),
        ({"kind": "teacher", "model": ""}, "model is ''; it must be a bundled model"),
    ],
)
def test_target_that_there_can_not_be_is_named(fields, message):
    with pytest.raises(ValueError, match=message):
        from_json(fields)


def test_target_of_ones_own_is_known_once_it_is_registered(registry):
    own = register("dim")(dim())
    assert registry["dim"] is own
    assert describe_json({"kind": "dim", "factor": 0.25}) == "the darker source, 0.25 times"
    assert own().to_json() == {"kind": "dim", "factor": 0.5}


def test_name_of_a_target_is_taken_once_but_its_file_can_be_read_again(registry):
    register("dim")(dim())
    again = register("dim")(dim())
    assert registry["dim"] is again
    with pytest.raises(ValueError, match="can't be the target 'sources', which Sources is"):
        register("sources")(dim())
