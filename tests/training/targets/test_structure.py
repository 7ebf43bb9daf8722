"""The losses of the structure target."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mfjax.model import FusionOutput
from mfjax.training.targets import Structure
from mfjax.training.targets.structure import (
    Window,
    enhanced,
    fidelity_loss,
    grain_loss,
    level_loss,
    seam_loss,
    shown_loss,
    structure_loss,
)


def waves(cols, rows=48, width=64, level=0.5, height=0.2):
    """Returns vertical bars with a period of `cols` columns, `[1, rows, width, 1]`."""
    x = level + height * np.sin(np.arange(width) * 2 * np.pi / cols)
    return jnp.asarray(np.broadcast_to(x, (rows, width)), jnp.float32)[None, ..., None]


FLAT = jnp.full((1, 48, 64, 1), 0.8)


def window(fused, ir, vis):
    return Window.between(fused, ir, vis, enhanced(ir, vis, 1.0), 2)


def of_window(term, *more):
    """Returns a term of the loss as a function of the images, as one program."""
    return jax.jit(lambda fused, ir, vis: term(window(fused, ir, vis), *more))


lost, hidden = of_window(structure_loss), of_window(shown_loss, 1.0)
unfaithful, grainy = of_window(fidelity_loss), of_window(grain_loss)
seam = jax.jit(seam_loss)


@jax.jit
def off_level(fused, ir, vis, contrast):
    return level_loss(fused, enhanced(ir, vis, contrast))


def test_image_that_follows_the_source_with_structure_has_lost_nothing():
    bars = waves(8)
    assert lost(bars, bars, FLAT) == pytest.approx(0, abs=1e-3)
    assert lost(0.3 + bars / 2, FLAT, bars) == pytest.approx(0, abs=1e-3)


def test_brighter_source_loses_the_dark_ones_structure():
    bars = waves(8, level=0.4)
    assert lost(jnp.maximum(bars, FLAT), bars, FLAT) > 0.5


def test_inverted_structure_is_lost_more_than_absent_one():
    bars = waves(8)
    assert lost(1 - bars, bars, FLAT) > lost(FLAT, bars, FLAT) + 0.5


def test_grain_is_no_structure():
    grain = 0.5 + 0.01 * jax.random.normal(jax.random.key(0), FLAT.shape)
    assert lost(FLAT, grain, FLAT) < 0.02


def test_fidelity_falls_with_contrast_and_with_noise():
    bars, noise = waves(8), 0.05 * jax.random.normal(jax.random.key(0), FLAT.shape)
    half = 0.5 + (bars - 0.5) / 2
    of = [float(unfaithful(fused, bars, FLAT)) for fused in (bars, half, half + noise, FLAT)]
    assert of == sorted(of)
    assert of[0] < of[1] - 0.01
    assert of[1] < of[2] - 0.01


def test_grain_may_grow_by_a_tenth_only():
    grain = 0.01 * jax.random.normal(jax.random.key(0), FLAT.shape)
    added = [float(grainy(0.5 + gain * grain, 0.5 + grain, FLAT * 0 + 0.5)) for gain in (1, 1.05, 2, 3)]
    assert added[:2] == pytest.approx([0, 0], abs=1e-5)
    assert 0 < added[2] < added[3]


def test_what_the_brighter_source_hides_counts_without_detail_only_where_it_is_twice_as_strong():
    bright = waves(8, level=0.7, height=0.1)
    assert hidden(bright, waves(16, level=0.2, height=0.15), bright) < 0.05  # stronger, but not by so much
    strong = waves(16, level=0.35, height=0.3)
    assert lost(bright, waves(16, level=0.2, height=0.15), bright) > 0.5
    assert hidden(FLAT, strong, FLAT) > 0.5
    assert hidden(FLAT + 0.1 * (strong - 0.35), strong, FLAT) < 0.1


def test_structure_of_the_brighter_source_counts_without_detail():
    bright = waves(8, level=0.7, height=0.1)
    assert hidden(FLAT, FLAT * 0, bright) > 0.5


def test_level_is_the_brighter_sources_with_more_contrast():
    ir, vis = waves(40, level=0.3, height=0.1), waves(40, level=0.6, height=0.1)
    assert float(off_level(vis, ir, vis, 1.0)) == pytest.approx(0, abs=1e-5)
    assert float(off_level(vis, ir, vis, 1.3)) > 0.01


def test_broad_deviation_is_a_seam_and_fine_detail_is_none():
    fine = jnp.where(jnp.arange(64) % 2, 0.7, 0.9)[None, None, :, None] * jnp.ones((1, 48, 1, 1))
    assert float(seam(fine, FLAT)) == pytest.approx(0, abs=1e-4)
    assert float(seam(waves(32, level=0.8, height=0.15), FLAT)) > 0.05


@pytest.mark.parametrize("detail", [0.0, 0.3, 1.0])
def test_loss_is_the_sum_of_its_terms_by_weight_and_detail_beside_the_sources_own(detail):
    ir, vis = waves(8), waves(20)
    output = FusionOutput(0.7 * ir + 0.3, ir + 0.01, vis)
    target = Structure(contrast=1.2, structure=2.0, fidelity=0.3, level=0.7, grain=5.0, shown=1.5, seams=0.4)
    loss, terms = jax.jit(target.loss)(jax.random.key(0), output, ir, vis, detail=detail)
    shares = {"structure": detail, "fidelity": detail, "level": 1, "grain": 1, "shown": 1 - detail, "seams": 1 - detail}
    expected = sum(share * getattr(target, name) * terms[name] for name, share in shares.items())
    np.testing.assert_allclose(terms["fusion"], expected, rtol=1e-5)
    np.testing.assert_allclose(loss, expected + 0.01, rtol=1e-4)


def test_all_detail_is_asked_for_in_half_of_the_steps_and_none_in_a_quarter():
    details = jax.jit(jax.vmap(Structure().detail))(jax.random.split(jax.random.key(0), 1000))
    assert float((details == 1).mean()) == pytest.approx(0.5, abs=0.05)
    assert float((details == 0).mean()) == pytest.approx(0.25, abs=0.05)
    assert float(details.min()) >= 0


def test_gradient_is_finite_for_flat_images():
    def of(fused):
        return Structure().loss(jax.random.key(0), FusionOutput(fused, FLAT, FLAT), FLAT, FLAT)[0]

    assert jnp.isfinite(jax.jit(jax.grad(of))(FLAT)).all()


@pytest.mark.parametrize(("field", "value"), [("contrast", 0), ("structure", -1), ("fidelity", -0.1), ("grain", -2)])
def test_options_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        Structure(**{field: value})
