"""That the installed JAX is not one of those that miscompute on CPU (github.com/jax-ml/jax/issues/39103)."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import mfjax
from mfjax import jaxlib_releases


def test_jitted_matrix_vector_products_and_reductions_equal_eager_ones():
    i = jnp.arange(32_769, dtype=jnp.float32)
    x = jnp.stack((i, jnp.zeros_like(i), jnp.zeros_like(i)), axis=1)

    def squares(x):
        return jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2))(x)

    assert jax.jit(squares)(x)[-1] == squares(x)[-1] == 32_768.0**2


def test_a_release_that_miscomputes_is_refused_on_cpus_in_one_line(monkeypatch):
    monkeypatch.setattr(jaxlib_releases, "version", {"jaxlib": "0.10.2"}.get)
    with pytest.raises(mfjax.MfjaxError, match=r"jaxlib 0\.10\.2 computes wrong results on CPUs .*/39103\); install"):
        mfjax.load("tiny")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    jaxlib_releases.check()


def test_the_releases_that_are_refused_are_those_that_are_excluded_from_the_installation():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    for package in ("jax", "jaxlib"):
        [excluded] = re.findall(rf'"{package}(?:>=[\d.]+,)?((?:!=[\d.]+,?)+)"', text)
        assert re.findall(r"!=([\d.]+)", excluded) == [*jaxlib_releases.MISCOMPILING]
