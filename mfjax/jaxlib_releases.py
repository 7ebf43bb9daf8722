"""Refuses releases of jaxlib that are known to compute wrong results on CPUs.

pyproject.toml excludes them, but somebody may have pinned one, or installed it later. `tests/test_jax_release.py` holds
the reproducer.
"""

from importlib.metadata import version

import jax

from mfjax.errors import MfjaxError

# By release: the issue at github.com/jax-ml/jax/issues. The first one is silent, the second one may also crash.
MISCOMPILING = {"0.10.2": 39103, "0.11.0": 39257}


def check() -> None:
    """Raises MfjaxError if JAX computes on CPUs by a release of jaxlib that miscompiles there."""
    release = version("jaxlib")
    issue = MISCOMPILING.get(release)
    if issue is not None and jax.default_backend() == "cpu":
        raise MfjaxError(
            f"jaxlib {release} computes wrong results on CPUs (github.com/jax-ml/jax/issues/{issue}); "
            f"install another: pip install 'jax!={release}' 'jaxlib!={release}'"
        )
